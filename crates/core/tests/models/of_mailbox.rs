//! The actor hears everything that is in its mailbox before it decides.

use std::collections::VecDeque;
use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread;

use crate::mailbox_counter::MailboxCounter;
use crate::sync::{locked, model};

/// What stands for the mailbox of ractor.
struct Mailbox {
    counter: MailboxCounter,
    queue: Mutex<VecDeque<&'static str>>,
}

/// What the actor learned with one message.
struct TakenMessage {
    has_more: bool,
    were_others_there: bool,
}

impl Mailbox {
    fn send(&self, message: &'static str) {
        self.counter.sends();
        locked(&self.queue).push_back(message);
    }

    fn take(&self) -> Option<TakenMessage> {
        let were_others_there = {
            let mut queue = locked(&self.queue);
            queue.pop_front()?;
            !queue.is_empty()
        };
        Some(TakenMessage { has_more: self.counter.took_one(), were_others_there })
    }
}

#[test]
fn the_actor_decides_when_everything_is_heard_that_was_there() {
    model(|| {
        let mailbox = Arc::new(Mailbox { counter: MailboxCounter::new(), queue: Mutex::default() });
        let senders = ["a", "b"].map(|message| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || mailbox.send(message))
        });

        let mut last = None;
        for _ in 0..2 {
            let taken = loop {
                match mailbox.take() {
                    Some(taken) => break taken,
                    None => thread::yield_now(),
                }
            };
            assert!(
                taken.has_more || !taken.were_others_there,
                "a message is decided upon before it is heard"
            );
            last = Some(taken.has_more);
        }

        assert_eq!(last, Some(false), "with the last message there are no more");
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}
