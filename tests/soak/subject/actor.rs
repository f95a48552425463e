//! An actor that fails when it is told to.

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use super::worker::ORDERED;

/// Counts.
pub(super) struct Counter;

pub(super) enum Message {
    Count,
    Total(RpcReplyPort<u64>),
    Fail,
    Panic,
}

impl Actor for Counter {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        total: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Count => *total += 1,
            // The caller that asked may have gone.
            Message::Total(reply) => drop(reply.send(*total)),
            Message::Fail => return Err("it was told to".into()),
            Message::Panic => std::panic::panic_any(ORDERED),
        }
        Ok(())
    }
}
