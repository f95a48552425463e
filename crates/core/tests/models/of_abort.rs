//! An abort that meets the spawn of its body is carried out, by one of the two threads or by both.

use std::sync::Arc;

use loom::thread;

use crate::abort::Abort;
use crate::sync::model;

#[test]
fn an_abort_that_meets_the_spawn_of_its_body_is_carried_out() {
    model(|| {
        let abort = Arc::new(Abort::new());
        let supervisor = {
            let abort = Arc::clone(&abort);
            thread::spawn(move || abort.ask().is_some())
        };

        let by_the_spawn = abort.spawned(()).is_some();

        let by_the_supervisor = supervisor.join().unwrap();
        assert!(by_the_spawn || by_the_supervisor, "the abort is lost");
        assert!(abort.is_asked() && abort.handle().is_some());
    });
}

#[test]
fn a_body_that_is_not_asked_is_not_aborted() {
    model(|| {
        let abort = Arc::new(Abort::new());
        let spawn = {
            let abort = Arc::clone(&abort);
            thread::spawn(move || abort.spawned(()).is_some())
        };

        // As a caller does that asks what is left of a grace.
        assert!(!abort.is_asked());
        let _ = abort.handle();

        assert!(!spawn.join().unwrap());
    });
}
