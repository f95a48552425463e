//! Wakers are foreign code: whatever they do, a poll returns, a stop goes on, and what else waits is woken.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Wake, Waker};
use std::thread;

use futures_util::stream::{FuturesUnordered, StreamExt};
use rootward::report::Outcome;
use rootward::{ChildSpec, Exit, Restart, Supervisor, TaskContext};
use rootward_tests::BACKSTOP;
use tokio::sync::oneshot;

use crate::support::{
    Act, Blocked, EventLog, Flag, GivenTree, Odd, OtherRuntime, given, launched, obedient, poll, until,
    within,
};

#[tokio::test]
async fn a_poll_returns_although_no_clone_of_the_waker_is_like_it() {
    let (_runtime, _tree, _log, cx) = given_task().await;

    let polled = elsewhere(move || {
        let mut stopping = Box::pin(cx.stopping());
        poll(stopping.as_mut(), &Odd::default().waker()).is_pending()
    });

    assert_eq!(polled.recv_timeout(BACKSTOP), Ok(true));
}

#[tokio::test]
async fn a_waker_without_an_equal_is_woken_by_the_stop() {
    let (_runtime, tree, _log, cx) = given_task().await;
    let odd = Odd::default();
    let woken = odd.woken.clone();
    let waker = odd.waker();
    let mut waits = waits_for_the_stop(cx);
    // Twice, as when something else wakes the same task.
    assert!(poll(waits.as_mut(), &waker).is_pending());
    assert!(poll(waits.as_mut(), &waker).is_pending());

    assert!(tree.stop().await.clean);

    until("the waker is woken", || woken.is_raised()).await;
    assert!(poll(waits.as_mut(), &waker).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_set_of_futures_that_wakes_in_its_own_way_hears_of_the_stop() {
    for made in [made_of_the_context, made_of_the_token] {
        let a = ChildSpec::task("a", move |cx: TaskContext| async move {
            let mut all: FuturesUnordered<Waits> = (0..40).map(|_| made(cx.clone())).collect();
            while all.next().await.is_some() {}
        });
        let (tree, _log) = given(Supervisor::new("root").child(a)).await;

        assert!(tree.stop().await.clean);
    }
}

#[tokio::test]
async fn a_waker_may_drop_the_future_that_it_wakes() {
    let (_runtime, tree, _log, cx) = given_task().await;
    let drops = Arc::new(DropsWhatItWakes::default());
    let mut waits = waits_for_the_stop(cx);
    assert!(poll(waits.as_mut(), &Waker::from(Arc::clone(&drops))).is_pending());
    *drops.future.lock().unwrap() = Some(waits);

    let report = tree.stop().await;

    assert!(report.clean);
    until("the waker is through", || drops.done.is_raised()).await;
}

#[tokio::test]
async fn a_waker_that_panics_keeps_neither_the_stop_nor_other_waiters() {
    for made in [made_of_the_context, made_of_the_token] {
        let (_runtime, tree, _log, cx) = given_task().await;
        let panics = Odd { wake: Box::new(|| panic!("a waker panics")), ..Odd::default() }.waker();
        let after = Odd::default();
        let woken = after.woken.clone();
        let mut waits = [made(cx.clone()), waits_for_the_stop(cx)];
        for (waits, waker) in waits.iter_mut().zip([panics, after.waker()]) {
            assert!(poll(waits.as_mut(), &waker).is_pending());
        }

        let report = tree.stop().await;

        assert!(report.clean, "{report}");
        until("the other waker is woken", || woken.is_raised()).await;
    }
}

#[tokio::test]
async fn a_waker_that_blocks_when_it_is_woken_keeps_no_supervisor() {
    for made in [made_of_the_context, made_of_the_token] {
        let (_runtime, tree, _log, cx) = given_task().await;
        let (blocked, release) = Blocked::new();
        let blocks = blocked.clone();
        let waker = Odd { wake: Box::new(move || blocks.stay()), ..Odd::default() }.waker();
        let mut waits = made(cx);
        assert!(poll(waits.as_mut(), &waker).is_pending());

        let report = tree.stop().await;

        assert!(report.clean, "{report}");
        assert_eq!(report.find("root/first").unwrap().outcome, Outcome::Graceful);
        blocked.is_there().await;
        drop(release);
    }
}

#[tokio::test]
async fn a_waker_that_blocks_while_it_is_cloned_or_dropped_keeps_no_supervisor() {
    for at in ["clone", "drop"] {
        let (_runtime, tree, _log, cx) = given_task().await;
        let (blocked, release) = Blocked::new();
        let blocks = blocked.clone();
        let stay = Box::new(move || blocks.stay());
        let odd = match at {
            "clone" => Odd { clone: stay, ..Odd::default() },
            _ => Odd { drop: stay, ..Odd::default() },
        };
        let waker = odd.waker();
        let _over = elsewhere(move || {
            let mut waits = waits_for_the_stop(cx);
            let _ = poll(waits.as_mut(), &waker);
            drop(waits);
        });
        blocked.is_there().await;

        let report = tree.stop().await;

        assert!(report.clean, "{at}: {report}");
        drop(release);
    }
}

#[tokio::test]
async fn a_waker_that_panics_while_it_is_cloned_or_dropped_is_the_callers_own_panic() {
    for at in ["clone", "drop"] {
        let (_runtime, tree, _log, cx) = given_task().await;
        let panics: Act = Box::new(move || panic!("a waker panics"));
        let odd = match at {
            "clone" => Odd { clone: panics, ..Odd::default() },
            _ => Odd { drop: panics, ..Odd::default() },
        };
        // Never dropped here: it would panic once more.
        let waker = std::mem::ManuallyDrop::new(odd.waker());
        let waits = waits_for_the_stop(cx.clone());
        let polled = thread::spawn(move || {
            let mut waits = waits;
            let _ = poll(waits.as_mut(), &waker);
        });
        assert!(polled.join().is_err(), "{at}");
        let after = Odd::default();
        let woken = after.woken.clone();
        let mut waits = waits_for_the_stop(cx);
        assert!(poll(waits.as_mut(), &after.waker()).is_pending());

        let report = tree.stop().await;

        assert!(report.clean, "{at}: {report}");
        until("the other waker is woken", || woken.is_raised()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_waker_panics_in_a_clone_has_panicked() {
    let a = ChildSpec::task("a", |cx: TaskContext| async move {
        let panics = Odd { clone: Box::new(|| panic!("a waker panics")), ..Odd::default() }.waker();
        let mut waits = waits_for_the_stop(cx);
        poll_fn(|_| poll(waits.as_mut(), &panics)).await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(a.restart(Restart::Temporary))).await;

    let exited = log.wait_for_event("a", "exited").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["panic"], "a waker panics");
    assert!(tree.stop().await.clean);
}

type Waits = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct DropsWhatItWakes {
    future: Mutex<Option<Waits>>,
    done: Flag,
}

impl Wake for DropsWhatItWakes {
    fn wake(self: Arc<Self>) {
        let future = self.future.lock().expect("nothing panics with it").take();
        drop(future);
        self.done.raise();
    }
}

fn waits_for_the_stop(cx: TaskContext) -> Waits {
    Box::pin(async move { cx.stopping().await })
}

fn made_of_the_context(cx: TaskContext) -> Waits {
    waits_for_the_stop(cx)
}

fn made_of_the_token(cx: TaskContext) -> Waits {
    Box::pin(cx.token().cancelled_owned())
}

/// A thread of which a test may lose sight.
fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    let (sender, done) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    done
}

/// A tree on threads that a test may block, a task in it that ends when it is asked to, and the context of that task.
async fn given_task() -> (OtherRuntime, GivenTree, EventLog, TaskContext) {
    let runtime = OtherRuntime::new(3);
    let (sender, context) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let a = ChildSpec::task("a", move |cx: TaskContext| {
        let sender = sender.lock().expect("nothing panics with it").take();
        async move {
            let _ = sender.map(|sender| sender.send(cx.clone()));
            cx.stopping().await;
            Exit::Normal
        }
    });
    let entered = runtime.enter();
    let (tree, log) = launched(Supervisor::new("root").child(obedient("first")).child(a));
    drop(entered);
    tree.started().await.expect("the tree can be started");
    let cx = within("the context of the task", context).await.expect("the task sends it");
    (runtime, tree, log, cx)
}
