//! How a task that has ended when it was asked to hands its thread over to its supervisor.
//!
//! In a stop in order the supervisor and the task that it has asked wake each other in turn. What a thread has woken
//! last tokio polls next and on the same thread, but no more than three times in a row: then it puts the task into the
//! thread's queue and wakes another thread for it. That thread comes too late, or takes the task over to its own
//! processor. Either takes as long as all the rest of the stop. After a task that has used up its budget tokio polls
//! from the queue again, and wakes no thread.
//!
//! Where the queue is not empty the supervisor waits for what stands in it, once for each task. Nothing but time
//! depends on it.

use std::cell::Cell;
use std::task::{Context, Poll};

use tokio::task::coop::{RestoreOnPending, has_budget_remaining, poll_proceed};

/// At least as much as the budget that tokio gives to a task.
const BUDGET: u32 = 128;

thread_local! {
    /// Brings the budget back to one unit when it is dropped. To take up the budget unit by unit would take longer.
    static LAST_UNIT: Cell<Option<RestoreOnPending>> = const { Cell::new(None) };
}

/// Uses up what is left of this task's budget. It is the last thing that the task does.
pub(super) fn use_up_budget(cx: &mut Context<'_>) {
    let _ = LAST_UNIT.try_with(|last| {
        drop(last.take());
        for _ in 0..BUDGET {
            let Poll::Ready(unit) = poll_proceed(cx) else { return };
            if !has_budget_remaining() {
                last.set(Some(unit));
                return;
            }
            unit.made_progress();
        }
    });
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::task::{unconstrained, yield_now};

    use super::*;

    /// Uses up the turn, and answers whether anything of the budget was left before and after.
    async fn used_up() -> (bool, bool) {
        poll_fn(|cx| {
            let before = has_budget_remaining();
            use_up_budget(cx);
            Poll::Ready((before, has_budget_remaining()))
        })
        .await
    }

    #[tokio::test]
    async fn nothing_of_the_budget_is_left_and_the_next_poll_on_the_thread_has_its_own() {
        for _ in 0..3 {
            assert_eq!(used_up().await, (true, false));
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_task_without_a_budget_comes_to_its_end_as_well() {
        assert_eq!(unconstrained(used_up()).await, (true, true));
    }
}
