//! A task that a test controls.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rootward::{ChildSpec, Exit};
use tokio::sync::{Mutex, mpsc};

/// A task that ends as the test wants it, and stops when its supervisor wants it.
///
/// An order is obeyed by whichever incarnation runs then.
pub(crate) struct Puppet {
    id: String,
    strings: mpsc::UnboundedSender<Order>,
    orders: Arc<Mutex<mpsc::UnboundedReceiver<Order>>>,
    alive: Arc<AtomicUsize>,
}

enum Order {
    End(Exit),
    Panic,
}

impl Puppet {
    pub(crate) fn new(id: &str) -> Self {
        let (strings, orders) = mpsc::unbounded_channel();
        Self { id: id.to_owned(), strings, orders: Arc::new(Mutex::new(orders)), alive: Arc::default() }
    }

    /// The child that this puppet is.
    pub(crate) fn spec(&self) -> ChildSpec {
        let (orders, alive) = (Arc::clone(&self.orders), Arc::clone(&self.alive));
        ChildSpec::task(&self.id, move |cx| {
            let (orders, alive) = (Arc::clone(&orders), Arc::clone(&alive));
            async move {
                let _alive = Alive::new(alive);
                tokio::select! {
                    () = cx.stopping() => Exit::Normal,
                    order = async { orders.lock().await.recv().await } => match order {
                        Some(Order::End(exit)) => exit,
                        Some(Order::Panic) => panic!("the puppet panics"),
                        None => unreachable!("the strings are held by the puppet"),
                    },
                }
            }
        })
    }

    /// Ends normally.
    pub(crate) fn ends(&self) {
        self.ends_with(Exit::Normal);
    }

    /// Ends with an error.
    pub(crate) fn fails(&self) {
        self.ends_with(Exit::failed(&io::Error::other("the puppet fails")));
    }

    pub(crate) fn ends_with(&self, exit: Exit) {
        self.pull(Order::End(exit));
    }

    pub(crate) fn panics(&self) {
        self.pull(Order::Panic);
    }

    fn pull(&self, order: Order) {
        self.strings.send(order).unwrap_or_else(|_| unreachable!("the puppet holds the other end"));
    }
}

/// Panics if there are two of them at once.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: Arc<AtomicUsize>) -> Self {
        let others = count.fetch_add(1, Ordering::SeqCst);
        assert_eq!(others, 0, "no child runs twice at the same time");
        Self(count)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
