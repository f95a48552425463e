//! Actor systems that hang below a tree, and trees that hang below actors.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward::event::StopCause;
use rootward::ractor::{Actor, ActorProcessingErr, ActorRef, ActorStatus, Message, SupervisionEvent};
use rootward::report::Outcome;
use rootward::{ChildSpec, EventKind, Exit, Supervisor, Tree};

use super::clerk::Diary;
use crate::support::{EventLog, given, obedient, until};

#[tokio::test(start_paused = true)]
async fn a_supervisor_of_ractors_goes_on_supervising_when_it_is_a_child() {
    let firm = Firm::default();
    let (tree, _log) = given(Supervisor::new("root").child(firm.spec("boss"))).await;

    firm.worker(0).cast(Work::Fail).unwrap();
    until("another worker is there", || firm.workers().len() == 2).await;

    assert!(firm.worker(1).cast(Work::Nothing).is_ok());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn actors_below_an_actor_are_gone_before_it_if_it_waits_for_them() {
    let firm = Firm { boss_waits: true, ..Firm::default() };
    let (tree, _log) = given(Supervisor::new("root").child(firm.spec("boss"))).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(firm.diary.entries(), ["the worker stops", "the boss stops"]);
    assert_eq!(firm.worker(0).get_status(), ActorStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn actors_below_an_actor_that_does_not_wait_for_them_are_killed_as_ractor_does_it() {
    let firm = Firm::default();
    let (tree, _log) = given(Supervisor::new("root").child(firm.spec("boss"))).await;

    assert!(tree.stop().await.clean);
    until("the worker is gone", || firm.worker(0).get_status() == ActorStatus::Stopped).await;

    assert_eq!(firm.diary.entries(), ["the boss stops"]);
}

#[tokio::test(start_paused = true)]
async fn actors_below_an_actor_that_is_killed_are_killed_as_well() {
    let firm = Firm::default();
    let (tree, _log) = given(Supervisor::new("root").child(firm.spec("boss"))).await;

    tree.force();
    assert_eq!(tree.wait().await.root.children[0].outcome, Outcome::Killed);
    until("the worker is gone", || firm.worker(0).get_status() == ActorStatus::Stopped).await;

    assert!(firm.diary.entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_lets_itself_be_ended_by_its_own_children_ends_normally() {
    // What ractor does by default with the end of a child: stop.
    struct Careless(Firm);
    impl Actor for Careless {
        type Msg = ();
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
            self.0.hire(&myself).await
        }
    }
    let firm = Firm::default();
    let its = firm.clone();
    let careless = ChildSpec::actor("careless", move || (Careless(its.clone()), ()));
    let careless = careless.restart(rootward::Restart::Temporary);
    let (_tree, mut log) = given(Supervisor::new("root").child(careless)).await;

    firm.worker(0).cast(Work::Fail).unwrap();

    let exited = log.wait_for_event("careless", "exited").await;
    assert!(matches!(exited.what, EventKind::Exited { status: Some(Exit::Normal), .. }));
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_an_actor_has_started_stops_with_it_and_before_it() {
    let (landlord, inner) = Landlord::spec();
    let (tree, _log) = given(Supervisor::new("root").child(landlord)).await;
    let mut inner = inner.lock().unwrap().take().expect("it has been started");
    inner.wait_for_event("a", "started").await;

    assert!(tree.stop().await.clean);

    let so_far = inner.so_far();
    assert_eq!(so_far.paths("stopped"), ["a", "root"]);
    assert_eq!(so_far.cause("root"), StopCause::Api);
}

#[tokio::test(start_paused = true)]
async fn a_tree_whose_actor_is_killed_stops_because_its_last_handle_is_dropped() {
    let (landlord, inner) = Landlord::spec();
    let (tree, _log) = given(Supervisor::new("root").child(landlord)).await;
    let inner = inner.lock().unwrap().take().expect("it has been started");

    tree.force();
    tree.wait().await;

    assert_eq!(inner.until_the_end().await.cause("root"), StopCause::Dropped);
}

#[tokio::test(start_paused = true)]
async fn an_actor_of_a_system_that_exists_can_hold_a_tree_as_its_state() {
    let inner = Arc::new(Mutex::new(None));
    let host = Landlord { inner: Arc::clone(&inner) };
    let (actor, joined) = Actor::spawn(None, host, ()).await.unwrap();
    let mut inner = inner.lock().unwrap().take().expect("it has been started");
    inner.wait_for_event("a", "started").await;

    actor.stop(None);
    joined.await.unwrap();

    assert_eq!(inner.so_far().paths("stopped"), ["a", "root"]);
}

/// A supervisor such as is written with ractor alone: it starts a worker, and another when that one fails.
#[derive(Clone, Default)]
struct Firm {
    /// Whether the boss sees to it that its workers are gone before it goes itself.
    boss_waits: bool,
    workers: Arc<Mutex<Vec<ActorRef<Work>>>>,
    diary: Diary,
}

enum Work {
    Nothing,
    Fail,
}

impl Firm {
    fn spec(&self, id: &str) -> ChildSpec {
        let firm = self.clone();
        ChildSpec::actor(id, move || (Boss(firm.clone()), ()))
    }

    async fn hire<M: Message>(&self, boss: &ActorRef<M>) -> Result<(), ActorProcessingErr> {
        let worker = Worker(self.diary.clone());
        let (worker, _) = Actor::spawn_linked(None, worker, (), boss.get_cell()).await?;
        self.workers.lock().expect("no thread panics while it holds the lock").push(worker);
        Ok(())
    }

    fn workers(&self) -> Vec<ActorRef<Work>> {
        self.workers.lock().expect("no thread panics while it holds the lock").clone()
    }

    fn worker(&self, number: usize) -> ActorRef<Work> {
        self.workers()[number].clone()
    }
}

struct Boss(Firm);

impl Actor for Boss {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        self.0.hire(&myself).await
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(..) = event {
            self.0.hire(&myself).await?;
        }
        Ok(())
    }

    async fn post_stop(&self, myself: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        if self.0.boss_waits {
            myself.stop_children_and_wait(None, None).await;
        }
        self.0.diary.note("the boss stops");
        Ok(())
    }
}

struct Worker(Diary);

impl Actor for Worker {
    type Msg = Work;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Work>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Work>, work: Work, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match work {
            Work::Nothing => Ok(()),
            Work::Fail => Err("it was told to".into()),
        }
    }

    async fn post_stop(&self, _: ActorRef<Work>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.0.note("the worker stops");
        Ok(())
    }
}

/// An actor that has a tree of its own as its state.
struct Landlord {
    inner: Arc<Mutex<Option<EventLog>>>,
}

impl Landlord {
    fn spec() -> (ChildSpec, Arc<Mutex<Option<EventLog>>>) {
        let inner = Arc::new(Mutex::new(None));
        let its = Arc::clone(&inner);
        let spec = ChildSpec::actor("landlord", move || (Landlord { inner: Arc::clone(&its) }, ()));
        (spec.shutdown(Duration::from_secs(60)), inner)
    }
}

impl Actor for Landlord {
    type Msg = ();
    type State = Tree;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<Tree, ActorProcessingErr> {
        let mut builder = Supervisor::new("root").child(obedient("a")).into_tree()?;
        *self.inner.lock().expect("no thread panics while it holds the lock") =
            Some(EventLog::of(builder.subscribe()));
        Ok(builder.start().await?)
    }

    async fn post_stop(&self, _: ActorRef<()>, tree: &mut Tree) -> Result<(), ActorProcessingErr> {
        tree.stop().await;
        Ok(())
    }
}
