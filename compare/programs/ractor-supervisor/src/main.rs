//! The program with ractor-supervisor: worker and store are actors.

use std::process::ExitCode;
use std::time::Duration;

use leave::leave;
use ractor::registry::where_is;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use ractor_supervisor::{
    ChildSpec, Restart, SpawnFn, Supervisor, SupervisorArguments, SupervisorOptions, SupervisorStrategy,
};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use work::{DEADLINE, Failure, GRACE, RESTARTS, TICK, WINDOW, Work};

#[path = "../../../shared/leave.rs"]
mod leave;
#[path = "../../../shared/process.rs"]
mod process;
#[path = "../../../shared/work.rs"]
mod work;

struct Worker;

impl Actor for Worker {
    type Msg = ();
    type State = Work;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<Work, ActorProcessingErr> {
        myself.send_interval(TICK, || ());
        Ok(Work::begin())
    }

    async fn handle(&self, _: ActorRef<()>, (): (), work: &mut Work) -> Result<(), ActorProcessingErr> {
        Ok(work.step().await?)
    }

    async fn post_stop(&self, _: ActorRef<()>, work: &mut Work) -> Result<(), ActorProcessingErr> {
        work.finish().await;
        Ok(())
    }
}

struct Store;

impl Actor for Store {
    type Msg = ();
    type State = Child;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<Child, ActorProcessingErr> {
        myself.send_interval(TICK, || ());
        Ok(process::start()?)
    }

    async fn handle(&self, _: ActorRef<()>, (): (), store: &mut Child) -> Result<(), ActorProcessingErr> {
        match store.try_wait()? {
            Some(status) => Err(Failure(format!("the store ended: {status}")).into()),
            None => Ok(()),
        }
    }

    async fn post_stop(&self, _: ActorRef<()>, store: &mut Child) -> Result<(), ActorProcessingErr> {
        Ok(process::stop(store, GRACE).await?)
    }
}

fn child<A: Actor<Arguments = ()>>(id: &str, actor: fn() -> A) -> ChildSpec {
    ChildSpec {
        id: id.into(),
        restart: Restart::Transient,
        spawn_fn: SpawnFn::new(move |supervisor, id| async move {
            Ok(Supervisor::spawn_linked(id, actor(), (), supervisor).await?.0.get_cell())
        }),
        backoff_fn: None,
        reset_after: None,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    leave(run().await)
}

async fn run() -> Result<(), ActorProcessingErr> {
    let mut terminate = signal(SignalKind::terminate())?;
    let options = SupervisorOptions {
        strategy: SupervisorStrategy::OneForOne,
        max_restarts: RESTARTS as usize,
        max_window: WINDOW,
        reset_after: None,
    };
    let child_specs = vec![child("store", || Store), child("worker", || Worker)];
    let arguments = SupervisorArguments { child_specs, options };
    let (supervisor, mut ended) = Supervisor::spawn("root".into(), arguments).await?;
    tokio::select! {
        _ = &mut ended => return Err(Failure("the supervisor gave up".into()).into()),
        _ = terminate.recv() => {}
    }
    // A stop of the supervisor would kill its children at once, so that they are stopped first.
    let mut result = Ok(());
    for (name, grace) in [("worker", GRACE), ("store", GRACE + Duration::from_millis(500))] {
        let Some(child) = where_is(name) else { continue };
        if child.stop_and_wait(None, Some(grace)).await.is_err() {
            child.kill();
            result = Err(Failure(format!("{name} had to be killed")).into());
        }
    }
    supervisor.stop(None);
    timeout(DEADLINE, ended).await??;
    result
}
