//! The clock of awake time in a process that was forked without an exec.
//!
//! A program of its own, so that no other test has threads that hold a lock at the fork.
#![cfg(unix)]

mod sys;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rootward_core::sibling::{awake_now, sleep_awake_until};
use tokio::runtime::{Builder, Runtime};

/// The clock stands still half a second after the last look, and in the child there is none that would look again.
#[test]
fn a_time_is_over_in_a_forked_process_although_the_thread_that_looks_was_left_behind() {
    let parents = runtime();
    let _entered = parents.enter();
    // The thread looks as long as this is waited for.
    let mut waits = Box::pin(sleep_awake_until(awake_now() + Duration::from_secs(3600)));
    assert!(is_pending(waits.as_mut()));

    let status = sys::in_a_fork(|| {
        let at = awake_now() + Duration::from_secs(1);
        runtime().block_on(async move {
            sleep_awake_until(at).await;
            // And another one, which finds no thread from the beginning.
            sleep_awake_until(awake_now() + Duration::from_millis(700)).await;
        });
    });

    assert_eq!(status.expect("a process may fork"), 0);
    assert!(is_pending(waits.as_mut()), "the parent's clock goes on");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn is_pending(sleep: Pin<&mut impl Future<Output = ()>>) -> bool {
    sleep.poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending
}
