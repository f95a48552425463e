//! The scheduler finds what it is there to find, and the same again with the same seed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::failure::Wrong;
use super::{Mutex, SeededFailure, Time, now, point, run, runtime, sleep_until, yield_now};

const SEEDS: std::ops::Range<u64> = 0..200;

fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    runtime().unwrap().spawn(future)
}

/// How the seeds differ in what comes out.
fn outcomes<T, F>(story: fn() -> F) -> BTreeSet<T>
where
    T: Ord + Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    SEEDS.map(|seed| run(seed, Time::AtRest, story).unwrap()).collect()
}

/// What goes wrong first, if anything does.
fn first_failure<F>(story: fn() -> F) -> Option<SeededFailure>
where
    F: Future<Output = ()> + Send + 'static,
{
    SEEDS.into_iter().find_map(|seed| run(seed, Time::AtRest, story).err())
}

/// Two tasks add one each, with a synchronisation point between reading and writing.
async fn two_add_one() -> u32 {
    let sum = Arc::new(AtomicU32::new(0));
    let add = || {
        let sum = Arc::clone(&sum);
        spawn(async move {
            let before = sum.load(Ordering::SeqCst);
            point();
            sum.store(before + 1, Ordering::SeqCst);
        })
    };
    let tasks = [add(), add()];
    for task in tasks {
        task.await.unwrap();
    }
    sum.load(Ordering::SeqCst)
}

#[test]
fn a_thread_is_preempted_between_reading_and_writing() {
    assert_eq!(outcomes(two_add_one), BTreeSet::from([1, 2]));
}

#[test]
fn a_seed_decides_everything() {
    let told = || SEEDS.map(|seed| run(seed, Time::AtRest, two_add_one).unwrap()).collect::<Vec<_>>();

    assert_eq!(told(), told());
}

#[test]
fn what_is_done_under_a_lock_is_done_at_once() {
    let sums = outcomes(|| async {
        let sum = Arc::new(Mutex::new(0));
        let add = || {
            let sum = Arc::clone(&sum);
            spawn(async move {
                let mut sum = sum.lock().unwrap();
                let before = *sum;
                point();
                *sum = before + 1;
            })
        };
        for task in [add(), add(), add()] {
            task.await.unwrap();
        }
        *sum.lock().unwrap()
    });

    assert_eq!(sums, BTreeSet::from([3]));
}

#[test]
fn locks_that_are_taken_in_two_orders_are_found() {
    let failure = first_failure(|| async {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let other = Arc::clone(&locks);
        let forth = spawn(async move {
            let _first = locks.0.lock().unwrap();
            let _second = locks.1.lock().unwrap();
        });
        let back = spawn(async move {
            let _first = other.1.lock().unwrap();
            let _second = other.0.lock().unwrap();
        });
        forth.await.unwrap();
        back.await.unwrap();
    });

    assert_eq!(failure.unwrap().what, Wrong::Deadlocks);
}

#[test]
fn a_wait_that_nothing_ends_is_found() {
    let failure = first_failure(|| async {
        let (sender, receiver) = oneshot::channel::<()>();
        // It looks, and only then is anything done: sometimes too late.
        let is_sent = Arc::new(AtomicU32::new(0));
        let looks = Arc::clone(&is_sent);
        let task = spawn(async move {
            if looks.load(Ordering::SeqCst) == 0 {
                let _keeps_waiting = receiver.await;
            }
        });
        let _sender = Box::leak(Box::new(sender));
        point();
        is_sent.store(1, Ordering::SeqCst);
        task.await.unwrap();
    });

    assert_eq!(failure.unwrap().what, Wrong::Hangs);
}

#[test]
fn a_story_that_panics_says_so() {
    let failure = run::<(), _>(0, Time::AtRest, || async { panic!("boom") }).unwrap_err();

    assert_eq!(failure.what, Wrong::Panicked("boom".to_owned()));
}

#[test]
fn time_goes_on_when_nothing_else_can_and_from_timer_to_timer() {
    let orders = outcomes(|| async {
        let began = now().unwrap();
        let after = |millis| {
            spawn(async move {
                sleep_until(began + Duration::from_millis(millis)).unwrap().await;
                now().unwrap() - began
            })
        };
        let tasks = [after(30), after(10), after(3_600_000)];
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.unwrap().as_millis());
        }
        times
    });

    assert_eq!(orders, BTreeSet::from([vec![30, 10, 3_600_000]]));
}

#[test]
fn time_may_go_on_in_the_middle_of_a_step() {
    let story = || async {
        let began = now().unwrap();
        let looks = spawn(async move {
            let first = now().unwrap();
            (0..10).for_each(|_| point());
            now().unwrap() - first
        });
        let sleeps = spawn(sleep_until(began + Duration::from_millis(10)).unwrap());
        sleeps.await.unwrap();
        looks.await.unwrap().as_millis()
    };

    let passed: BTreeSet<_> = SEEDS.map(|seed| run(seed, Time::AtAnyPoint, story).unwrap()).collect();

    assert_eq!(passed, BTreeSet::from([0, 10]));
}

#[test]
fn a_task_that_yields_may_be_the_next_all_the_same() {
    let orders = outcomes(|| async {
        let order = Arc::new(Mutex::new(String::new()));
        let write = |name: char| {
            let order = Arc::clone(&order);
            spawn(async move {
                for _ in 0..2 {
                    order.lock().unwrap().push(name);
                    yield_now().unwrap().await;
                }
            })
        };
        for task in [write('a'), write('b')] {
            task.await.unwrap();
        }
        order.lock().unwrap().clone()
    });

    let all = ["aabb", "abab", "abba", "baab", "baba", "bbaa"];
    assert_eq!(orders, all.map(str::to_owned).into());
}

#[test]
fn an_aborted_task_is_dropped_when_it_is_next_polled() {
    let held = outcomes(|| async {
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let task = spawn(async move {
            let _kept = kept;
            std::future::pending::<()>().await;
        });
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        Arc::strong_count(&held)
    });

    assert_eq!(held, BTreeSet::from([1]));
}

#[test]
fn outside_of_a_story_there_is_no_scheduler() {
    point();

    assert!(!super::is_on() && now().is_none() && runtime().is_none() && yield_now().is_none());
}
