//! A wish that is handed in is obeyed after that, also if an equal one waits; and an answer is not lost.

use std::sync::Arc;

use loom::thread;

use crate::child_kind::{ChildReport, Report};
use crate::command::{CommandSender, GuardianAnswer, GuardianCommand, commands};
use crate::sync::{AtomicUsize, Ordering, block_on, model};

fn end(sender: &CommandSender) {
    let report = Box::new(ChildReport { report: Report::Ended {} });
    assert!(sender.send(GuardianCommand::Hear(report)));
}

#[test]
fn a_wish_is_obeyed_after_it_was_handed_in_also_if_an_equal_one_waits() {
    model(|| {
        let (sender, mut receiver) = commands();
        let handed_in = Arc::new(AtomicUsize::new(0));
        let program = {
            let handed_in = Arc::clone(&handed_in);
            thread::spawn(move || {
                for wish in 1..=2 {
                    handed_in.store(wish, Ordering::Relaxed);
                    assert!(sender.send(GuardianCommand::Force));
                }
                end(&sender);
            })
        };

        let mut obeyed = 0;
        while let Some(GuardianCommand::Force) = block_on(receiver.recv()) {
            obeyed = handed_in.load(Ordering::Relaxed);
        }

        program.join().unwrap();
        assert_eq!(obeyed, 2, "the second wish has been forgotten");
    });
}

#[test]
fn a_guardian_that_has_its_turn_is_seen_to_answer() {
    model(|| {
        let (sender, mut receiver) = commands();
        let answer = Arc::new(GuardianAnswer::default());
        let guardian = {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                assert!(matches!(block_on(receiver.recv()), Some(GuardianCommand::Answer)));
                answer.is_given();
            })
        };

        assert!(answer.ask(&sender));

        guardian.join().unwrap();
        assert!(answer.is_there(), "the report would be written although the guardian has its turn");
    });
}
