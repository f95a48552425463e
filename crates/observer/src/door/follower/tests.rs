//! How long a tree is followed after its last watcher has gone, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use rootward_core::{ChildSpec, Supervisor, Tree, sibling};
use tokio::time::{Instant, sleep_until};

use super::{Follower, LINGER, Model, PATIENCE, REST, WatcherUpdate};

/// Shorter than the time for which the tree is followed.
const NOT_LONG: Duration = Duration::from_secs(10);

/// How long nothing has to come until there is nothing to come.
const SILENCE: Duration = Duration::from_secs(1);

/// A tree, and a watcher of it that comes and goes.
struct Watched {
    tree: Tree,
    follower: Arc<Follower>,
    /// The event up to which the watcher has been told everything.
    seq: u64,
    children: u32,
}

impl Watched {
    async fn given() -> Self {
        let tree = Supervisor::new("root").start().await.expect("it starts");
        let watch = sibling::watch(&tree.downgrade()).expect("the tree is there");
        Self { tree, follower: Follower::new(watch, 100), seq: 0, children: 0 }
    }

    /// Something happens in the tree.
    async fn happen(&mut self) {
        self.children += 1;
        let idle =
            ChildSpec::task(format!("child-{}", self.children), |cx| async move { cx.stopping().await });
        let root = self.tree.supervisor("root").expect("it runs");
        root.start_child(idle).await.expect("it starts");
    }

    /// The watcher comes, is told what there is, and goes. Returns how many events it has been told, and how many it
    /// has missed.
    async fn watch(&mut self) -> (usize, u64) {
        let following = self.follower.attend().await;
        let (mut told, mut missed) = (0, 0);
        loop {
            match following.next(&mut self.seq, SILENCE).await {
                WatcherUpdate::Portion(portion) => {
                    told += portion.events.len();
                    missed += portion.lost.map_or(0, |lost| lost.count);
                }
                WatcherUpdate::Silence => return (told, missed),
                WatcherUpdate::Over(_) => panic!("the tree is not gone"),
            }
        }
    }
}

/// Runs a story beside the follower.
async fn followed(story: impl AsyncFnOnce(&mut Watched)) {
    let mut watched = Watched::given().await;
    let follower = Arc::clone(&watched.follower);
    tokio::select! {
        () = follower.run() => panic!("the tree is not gone"),
        () = story(&mut watched) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_happened_before_a_request_is_known_when_its_answer_is_made() {
    followed(async |watched| {
        let following = watched.follower.attend().await;

        for _ in 0..5 {
            // The reader rests after the first of its two events.
            watched.happen().await;
            let begun = Instant::now();
            following.catch_up().await;
            assert_eq!(following.with(Model::as_of), following.newest());
            assert!(begun.elapsed() <= 2 * REST, "{:?}", begun.elapsed());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_takes_nothing_is_waited_for_a_second() {
    let mut watched = Watched::given().await;
    let following = watched.follower.stay();

    watched.happen().await;
    let begun = Instant::now();
    following.catch_up().await;

    // Its runtime does not run the follower, so that nothing is known.
    assert_eq!((following.with(Model::as_of), begun.elapsed()), (0, PATIENCE));
}

async fn pass(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_comes_back_soon_has_missed_nothing() {
    followed(async |watched| {
        watched.watch().await;

        for _ in 0..2 {
            watched.happen().await;
            pass(LINGER - NOT_LONG).await;
            assert_eq!(watched.watch().await, (2, 0), "it was followed since the watcher was there last");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_comes_back_late_is_told_how_much_it_has_missed() {
    followed(async |watched| {
        watched.watch().await;

        watched.happen().await;
        pass(LINGER + NOT_LONG).await;

        assert_eq!(watched.watch().await, (0, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tree_with_an_event_every_ten_seconds_is_not_followed_for_longer() {
    followed(async |watched| {
        watched.watch().await;

        for _ in 0..5 {
            watched.happen().await;
            pass(NOT_LONG).await;
        }

        assert_eq!(watched.watch().await, (0, 10));
    })
    .await;
}
