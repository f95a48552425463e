//! Lesson 7: an actor under supervision, and an address that outlives it.
//!
//! - `ChildSpec::actor_at` makes a ractor actor a child like any other. The function makes it anew for every
//!   incarnation.
//! - An `ActorRef` leads to one incarnation. An `Address` is made before it, and leads to whichever is there.
//! - An actor that is asked to stop runs its `post_stop`, and its state has been dropped when the stop is acknowledged.
//!
//! The till here cannot cope with a negative price. It fails, is started again with nothing in it, and a task that
//! holds its address need not know.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use rootward::ractor::{self, Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use rootward::{Address, ChildSpec, Supervisor};

struct Till;

enum Request {
    Take(i64),
    Total(RpcReplyPort<i64>),
}

impl Actor for Till {
    type Msg = Request;
    type State = i64;
    type Arguments = i64;

    async fn pre_start(&self, _: ActorRef<Request>, change: i64) -> Result<i64, ActorProcessingErr> {
        println!("the till opens with {change}");
        Ok(change)
    }

    async fn handle(
        &self,
        _: ActorRef<Request>,
        request: Request,
        total: &mut i64,
    ) -> Result<(), ActorProcessingErr> {
        match request {
            Request::Take(price) if price < 0 => return Err("the price is negative".into()),
            Request::Take(price) => *total += price,
            // The caller may have gone. That is no reason to fail.
            Request::Total(reply) => drop(reply.send(*total)),
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Request>, total: &mut i64) -> Result<(), ActorProcessingErr> {
        println!("the till closes with {total}");
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let till = Address::new();
    let child = ChildSpec::actor_at("till", &till, || (Till, 50));
    let tree = Supervisor::new("shop").child(child).start().await?;

    let first = till.wait().await?;
    till.send(Request::Take(7)).await?;
    println!("there is {} in it", ractor::call!(first, Request::Total)?);

    till.send(Request::Take(-1)).await?;
    // This incarnation is at its end. The call fails instead of waiting for an answer that will never come.
    let answer = ractor::call!(first, Request::Total);
    println!("the first till answers: {}", answer.is_ok());

    let second = till.wait().await?;
    println!("the same address, another till: {}", second.get_id() != first.get_id());
    println!("there is {} in it", ractor::call!(second, Request::Total)?);

    let report = tree.stop().await;
    println!("closed, and everything is gone: {}", report.clean);
    Ok(())
}
