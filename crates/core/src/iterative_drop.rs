//! Drops what lies in thousands of levels one level after the other, and not by recursion.

use std::cell::RefCell;
use std::collections::VecDeque;

type QueuedWork = Box<dyn FnOnce()>;

thread_local! {
    /// What waits while something else is done in turn on this thread.
    static WAITING: RefCell<Option<VecDeque<QueuedWork>>> = const { RefCell::new(None) };
}

/// Does something now, or, where this is part of something that is done in turn already, as soon as that is over.
pub(crate) fn iteratively(work: impl FnOnce() + 'static) {
    let mut work = Some(work);
    let is_outermost = WAITING.try_with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        match &mut *waiting {
            Some(queue) => {
                queue.extend(work.take().map(|work| Box::new(work) as QueuedWork));
                false
            }
            None => {
                *waiting = Some(VecDeque::new());
                true
            }
        }
    });
    if let Some(work) = work {
        // A thread that is about to end has no queue any more.
        let _over = is_outermost.is_ok().then_some(QueueGuard);
        work();
        while let Some(next) = next() {
            next();
        }
    }
}

fn next() -> Option<QueuedWork> {
    WAITING.try_with(|waiting| waiting.borrow_mut().as_mut()?.pop_front()).ok().flatten()
}

/// Closes the queue, also after a panic.
struct QueueGuard;

impl Drop for QueueGuard {
    fn drop(&mut self) {
        let rest = WAITING.try_with(|waiting| waiting.borrow_mut().take());
        drop(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Level(Option<Box<Level>>);

    impl Drop for Level {
        fn drop(&mut self) {
            let below = self.0.take();
            iteratively(move || drop(below));
        }
    }

    #[test]
    fn a_million_levels_are_dropped_on_an_ordinary_stack() {
        let mut level = Level(None);
        for _ in 0..1_000_000 {
            level = Level(Some(Box::new(level)));
        }

        drop(level);
    }

    #[test]
    fn after_a_panic_the_next_work_is_done_at_once() {
        let _ = std::panic::catch_unwind(|| iteratively(|| std::panic::resume_unwind(Box::new(()))));
        let done = std::rc::Rc::new(std::cell::Cell::new(false));
        let does = std::rc::Rc::clone(&done);

        iteratively(move || does.set(true));

        assert!(done.get());
    }
}
