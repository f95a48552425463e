//! Work that is spawned elsewhere and belongs to a task.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward::report::{Ending, Outcome, Panic, StuckIn};
use rootward::task::Guest;
use rootward::{ChildSpec, EventKind, Exit, Restart, Shutdown, Supervisor, TaskContext};
use tokio::sync::Notify;

use crate::support::{
    Blocked, EventLog, GivenTree, beside, builder, given, given_tree, settle, stuck, within, work_for,
};

const SECOND: Duration = Duration::from_secs(1);

/// Says when it has been dropped.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A task whose guest runs this, and which ends when it is asked to.
async fn given_a_guest<F, Fut>(run: F) -> (GivenTree, EventLog)
where
    F: Fn(Guest) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let task = ChildSpec::task_with("server", run, |cx: TaskContext, run| async move {
        let guest = cx.guest().expect("nothing stops yet");
        beside(run(guest));
        cx.stopping().await;
    });
    let given = given(Supervisor::new("root").child(task.shutdown(3 * SECOND))).await;
    settle().await;
    given
}

#[tokio::test(start_paused = true)]
async fn a_task_is_gone_when_its_last_guest_is() {
    let done = Arc::new(AtomicBool::new(false));
    let writes = Arc::clone(&done);
    let (tree, log) = given_a_guest(move |guest| {
        let done = Arc::clone(&writes);
        async move {
            let request = async {
                work_for(SECOND).await;
                done.store(true, Ordering::SeqCst);
            };
            assert!(guest.run(request).await.is_some());
        }
    })
    .await;

    let report = tree.stop().await;

    assert!(done.load(Ordering::SeqCst), "within the grace it is answered");
    assert_eq!(report.ending, Ending::Clean);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["server", "root"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_guest_runs_beyond_the_grace_is_dropped_before_the_stop_returns_and_reported() {
    let dropped = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&dropped);
    let (tree, _log) = given_a_guest(move |guest| {
        let held = Held(Arc::clone(&held));
        async move {
            let request = async move {
                let _held = held;
                pending::<()>().await;
            };
            assert!(guest.run(request).await.is_none());
        }
    })
    .await;

    let report = tree.stop().await;

    assert!(dropped.load(Ordering::SeqCst));
    let server = report.find("root/server").unwrap();
    assert_eq!(
        (report.ending, server.outcome, server.elapsed),
        (Ending::Forced, Outcome::Killed, 3 * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn a_guest_without_an_end_of_its_own_costs_no_grace_and_is_no_failure() {
    let (tree, _log) = given_a_guest(|guest| async move {
        assert!(guest.run_until_stopping(pending::<()>()).await.is_none());
    })
    .await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Clean, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn no_guest_comes_once_a_stop_has_begun_and_that_is_counted() {
    let task = ChildSpec::task("server", |cx: TaskContext| async move {
        cx.stopping().await;
        assert!(cx.guest().is_none());
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!((report.clean, report.find("root/server").unwrap().refused), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_by_itself_is_gone_when_its_guests_are_and_they_get_the_grace_it_would_have_had() {
    let ended = Arc::new(Mutex::new(None));
    let note = Arc::clone(&ended);
    let began = tokio::time::Instant::now();
    let task = ChildSpec::task_with("server", note, move |cx: TaskContext, note| async move {
        let guest = cx.guest().unwrap();
        beside(async move {
            guest.stopping().await;
            let told = began.elapsed();
            let output = guest.run(pending::<()>()).await;
            *note.lock().unwrap() = Some((told, output, began.elapsed()));
        });
        work_for(SECOND).await;
    });
    let task = task.restart(Restart::Temporary).shutdown(3 * SECOND);
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;

    let exited = log.wait_for_event("server", "exited").await;

    assert_eq!(*ended.lock().unwrap(), Some((SECOND, None, 4 * SECOND)));
    assert_eq!(exited.at, 4 * SECOND);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_guest_of_a_task_whose_body_has_ended_is_told_what_is_left_of_the_grace() {
    for ends_by_itself in [false, true] {
        let told = Arc::new(Mutex::new(None));
        let task =
            ChildSpec::task_with("server", Arc::clone(&told), move |cx: TaskContext, told| async move {
                let (guest, its) = (cx.guest().unwrap(), cx.clone());
                beside(async move {
                    let run = async {
                        its.stopping().await;
                        work_for(SECOND).await;
                        *told.lock().unwrap() = its.grace();
                    };
                    assert!(guest.run(run).await.is_some());
                    assert_eq!(its.grace(), Some(Duration::ZERO), "it is gone");
                });
                if !ends_by_itself {
                    cx.stopping().await;
                }
            });
        let task = task.restart(Restart::Temporary).shutdown(3 * SECOND);
        let (tree, mut log) = given(Supervisor::new("root").child(task)).await;
        if ends_by_itself {
            log.wait_for_event("server", "exited").await;
        }

        assert!(tree.stop().await.clean);

        assert_eq!(*told.lock().unwrap(), Some(2 * SECOND), "by itself: {ends_by_itself}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_begins_later_shortens_what_the_guests_of_a_task_have_left() {
    let told = Arc::new((Mutex::new(None), Notify::new()));
    let task = ChildSpec::task_with("server", Arc::clone(&told), |cx: TaskContext, told| async move {
        let (guest, its) = (cx.guest().unwrap(), cx.clone());
        beside(async move {
            let run = async {
                its.stopping().await;
                // The body has ended by itself, and there is no limit before the stop.
                told.1.notify_one();
                while its.grace().is_none() {
                    work_for(SECOND / 100).await;
                }
                *told.0.lock().unwrap() = its.grace();
            };
            guest.run(run).await;
        });
    });
    let task = task.restart(Restart::Temporary).shutdown(Shutdown::Infinity);
    let root = builder(Supervisor::new("root").child(task)).deadline(3 * SECOND);
    let (tree, _log) = given_tree(root).await;
    within("its body has ended", told.1.notified()).await;

    assert!(tree.stop().await.clean);

    let told = told.0.lock().unwrap().expect("the guest has seen the stop");
    assert!((SECOND..=3 * SECOND).contains(&told), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_failed_is_not_started_again_before_its_guests_are_gone() {
    let there = Arc::new(AtomicBool::new(false));
    let task = ChildSpec::task_with("server", Arc::clone(&there), |cx: TaskContext, there| async move {
        assert!(!there.swap(true, Ordering::SeqCst), "the guest of the one before is still there");
        let guest = cx.guest().unwrap();
        guest.spawn(async move {
            work_for(SECOND).await;
            there.store(false, Ordering::SeqCst);
        });
        if cx.incarnation() == 1 {
            return Err("it fails");
        }
        cx.stopping().await;
        Ok(())
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;

    log.wait_for_event("server", "restarting").await;
    settle().await;

    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_is_dropped_in_the_middle_is_gone() {
    let cancel = Arc::new(Notify::new());
    let cancels = Arc::clone(&cancel);
    let (tree, _log) = given_a_guest(move |guest| {
        let cancels = Arc::clone(&cancels);
        async move {
            tokio::select! {
                _ = guest.run(pending::<()>()) => {}
                () = cancels.notified() => {}
            }
        }
    })
    .await;
    cancel.notify_one();
    settle().await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Clean, Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_will_not_go_is_what_its_task_is_stuck_in() {
    let (blocked, release) = Blocked::new();
    let task = ChildSpec::task_with("server", blocked.clone(), |cx: TaskContext, blocked| async move {
        let guest = cx.guest().unwrap();
        guest.spawn(async move { blocked.stay() });
        cx.stopping().await;
    });
    let root = Supervisor::new("root").child(task.shutdown(Duration::from_millis(10)));
    let (tree, _log) = given_tree(builder(root).deadline(SECOND)).await;
    blocked.is_there().await;

    let report = within("the stop", tree.stop()).await;

    assert_eq!(report.ending, Ending::Incomplete);
    assert_eq!(stuck(&report, "root/server").why, StuckIn::Guest);
    drop(release);
    assert_eq!(within("the end", tree.wait_gone()).await.unreapable().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_force_drops_what_guests_run() {
    let (tree, _log) = given_a_guest(|guest| async move {
        assert!(guest.run(pending::<()>()).await.is_none());
    })
    .await;

    tree.force();
    let report = tree.wait().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Forced, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_panics_while_its_task_runs_is_told_by_an_event_and_the_task_goes_on() {
    let task = ChildSpec::task("server", |cx: TaskContext| async move {
        let request = cx.guest().unwrap().spawn(async { panic!("no such shelf") });
        let panic = request.await.unwrap_err().into_panic();
        assert_eq!(
            panic.downcast_ref::<&str>(),
            Some(&"no such shelf"),
            "the library that spawned it sees it, too"
        );
        cx.stopping().await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;

    let told = log.wait_for_event("server", "guest_panicked").await;
    let report = tree.stop().await;

    assert_eq!(panic_of(&told.what).message, "no such shelf");
    assert_eq!(report.find("root/server").unwrap().status, Some(Exit::Normal));
    assert_eq!(report.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_panics_while_its_task_stops_is_a_failure_of_the_task_and_the_stop_is_not_clean() {
    let (tree, log) = given_a_guest(|guest| async move {
        let its = guest.task().clone();
        let request = async {
            its.stopping().await;
            panic!("not in stock");
        };
        guest.run(request).await;
    })
    .await;

    let report = tree.stop().await;

    let server = report.find("root/server").unwrap();
    let Some(Exit::Panicked(panic)) = &server.status else { panic!("{report}") };
    assert_eq!((report.ending, panic.message.as_str()), (Ending::Failed, "not in stock"));
    assert_eq!(report.failed_while_stopping(), [server]);
    let events = log.until_the_end().await;
    assert_eq!(events.paths("guest_panicked"), ["server"]);
}

#[tokio::test(start_paused = true)]
async fn code_that_holds_a_guest_and_panics_is_told_of_as_well() {
    let (tree, mut log) = given_a_guest(|guest| async move {
        let _guest = guest;
        panic!("it is not run as a guest");
    })
    .await;

    log.wait_for_event("server", "guest_panicked").await;

    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_drop_of_what_a_forced_guest_runs_is_told() {
    struct Careless;
    impl Drop for Careless {
        fn drop(&mut self) {
            panic!("dropped it");
        }
    }
    let (tree, log) = given_a_guest(|guest| async move {
        let request = async {
            let _held = Careless;
            pending::<()>().await;
        };
        guest.run(request).await;
    })
    .await;

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Failed);
    assert_eq!(log.until_the_end().await.paths("guest_panicked"), ["server"]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_hears_that_its_task_is_forced_where_it_cannot_be_dropped() {
    let (tree, _log) = given_a_guest(|guest| async move {
        guest.forced().await;
    })
    .await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Forced, 3 * SECOND));
}

fn panic_of(what: &EventKind) -> &Panic {
    let EventKind::GuestPanicked { panic } = what else { panic!("{what:?}") };
    panic
}
