//! A bank on tonic. What a code generator would write stands at the bottom.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use rootward::http::EndsWithStop;
use rootward::{ChildSpec, Supervisor, TaskContext};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, BoxStream, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::text::Text;

#[derive(Clone)]
pub(super) struct Teller {
    at: watch::Sender<Option<SocketAddr>>,
    pub(super) begun: Arc<Notify>,
    pub(super) done: Arc<Notify>,
    /// How many transfers and endless streams there are.
    pub(super) alive: Arc<AtomicUsize>,
}

pub(super) fn bank(teller: Teller, grace: Duration) -> Supervisor {
    Supervisor::new("bank").child(ChildSpec::service_with("server", teller, serve).shutdown(grace))
}

async fn serve(cx: TaskContext, teller: Teller) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    teller.at.send_replace(Some(listener.local_addr()?));
    cx.ready();
    rootward::http::serve(cx, listener, Routes::new(teller)).await
}

impl Teller {
    async fn balance(self, name: Request<String>) -> Result<Response<String>, Status> {
        Ok(Response::new(format!("{} has 0", name.get_ref())))
    }

    /// Takes its time.
    async fn transfer(self, name: Request<String>) -> Result<Response<String>, Status> {
        let _alive = Alive::new(&self);
        self.begun.notify_one();
        self.done.notified().await;
        Ok(Response::new(format!("done for {}", name.get_ref())))
    }

    /// Has no end of its own, and ends when the server's task is asked to stop.
    async fn rates(self, of: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
        let cx = of.extensions().get::<TaskContext>().expect("the server is a task").clone();
        let first = stream::once(async move { Ok(format!("{} 1", of.get_ref())) });
        let rates = cx.until_stopping(first.chain(stream::pending()));
        Ok(Response::new(Box::pin(rates)))
    }

    /// Has no end of its own, says so, and need not hear of the stop.
    async fn prices(self, _: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
        let first = stream::once(async { Ok("first".to_owned()) });
        let mut response = Response::new(Box::pin(first.chain(stream::pending())) as BoxStream<String>);
        response.extensions_mut().insert(EndsWithStop);
        Ok(response)
    }

    /// Has no end of its own, says so, and sends more than a client takes that does not read.
    async fn flood(self, _: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
        let begun = Arc::clone(&self.begun);
        let much = stream::repeat_with(move || {
            begun.notify_one();
            // More than the windows and buffers of both sides.
            Ok("much".repeat(4 << 20))
        });
        let mut response = Response::new(Box::pin(much) as BoxStream<String>);
        response.extensions_mut().insert(EndsWithStop);
        Ok(response)
    }

    /// Has no end of its own, and hears of no stop.
    async fn news(self, _: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
        let alive = Alive::new(&self);
        let rest = stream::pending().map(move |text| {
            let _alive = &alive;
            text
        });
        Ok(Response::new(Box::pin(stream::once(async { Ok("first".to_owned()) }).chain(rest))))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.at.borrow().expect("a service has started when it is ready")
    }
}

impl Default for Teller {
    fn default() -> Self {
        Self {
            at: watch::channel(None).0,
            begun: Arc::default(),
            done: Arc::default(),
            alive: Arc::default(),
        }
    }
}

/// Counts as long as it is there.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(teller: &Teller) -> Self {
        teller.alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&teller.alive))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

// --- what would be generated ---

impl NamedService for Teller {
    const NAME: &'static str = "bank.Teller";
}

impl Service<http::Request<Body>> for Teller {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (teller, mut grpc) = (self.clone(), Grpc::new(Text));
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/bank.Teller/balance" => grpc.unary(Call(teller, Teller::balance), request).await,
                "/bank.Teller/transfer" => grpc.unary(Call(teller, Teller::transfer), request).await,
                "/bank.Teller/rates" => grpc.server_streaming(Call(teller, Teller::rates), request).await,
                "/bank.Teller/prices" => grpc.server_streaming(Call(teller, Teller::prices), request).await,
                "/bank.Teller/flood" => grpc.server_streaming(Call(teller, Teller::flood), request).await,
                "/bank.Teller/news" => grpc.server_streaming(Call(teller, Teller::news), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// A method, and the teller that it belongs to.
struct Call<M>(Teller, M);

impl<M, F> UnaryService<String> for Call<M>
where
    M: Fn(Teller, Request<String>) -> F,
    F: Future<Output = Result<Response<String>, Status>> + Send + 'static,
{
    type Response = String;
    type Future = BoxFuture<Response<String>, Status>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        Box::pin((self.1)(self.0.clone(), request))
    }
}

impl<M, F> ServerStreamingService<String> for Call<M>
where
    M: Fn(Teller, Request<String>) -> F,
    F: Future<Output = Result<Response<BoxStream<String>>, Status>> + Send + 'static,
{
    type Response = String;
    type ResponseStream = BoxStream<String>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        Box::pin((self.1)(self.0.clone(), request))
    }
}
