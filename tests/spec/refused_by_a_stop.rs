//! A stop begins for the whole tree at once and asks child after child. What is refused in between is no failure.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rootward::error::ReserveError;
use rootward::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward::report::Ending;
use rootward::{
    ChildSpec, DynamicSupervisor, EventKind, Exit, StopReport, Supervisor, SupervisorAddress,
    SupervisorHandle, TaskContext, TaskSupervisor,
};
use tokio::sync::Notify;

use crate::support::{given, obedient, settle};

type Refused = Box<dyn Error + Send + Sync>;

/// What a task may want while the tree stops.
#[derive(Clone, Copy, Debug)]
enum Wants {
    Place,
    PermittedTask,
    Task,
    TaskWithResult,
    Child,
    Restart,
    Termination,
    Deletion,
    ChildOfItsOwn,
    GivenUpSource,
}

impl Wants {
    const ALL: [Self; 10] = [
        Self::Place,
        Self::PermittedTask,
        Self::Task,
        Self::TaskWithResult,
        Self::Child,
        Self::Restart,
        Self::Termination,
        Self::Deletion,
        Self::ChildOfItsOwn,
        Self::GivenUpSource,
    ];

    /// Tries it when the stop has begun, and hands on the refusal.
    async fn ask(self, cx: &TaskContext, jobs: TaskSupervisor, begun: &Notify) -> Result<(), Refused> {
        let handle = cx.tree().supervisor("root/keeps").expect("it runs");
        let permit = jobs.reserve().await?;
        begun.notified().await;
        match self {
            Self::Place => drop(jobs.reserve().await?),
            Self::PermittedTask => drop(permit.spawn(|_| async {}).await?),
            Self::Task => drop(jobs.spawn(|_| async {}).await?),
            Self::TaskWithResult => drop(jobs.run(|_| async {}).await?),
            Self::Child => drop(handle.start_child(obedient("child")).await?),
            Self::Restart => drop(handle.restart_child("kept").await?),
            Self::Termination => held(cx).terminate_child("holds-up").await?,
            Self::Deletion => held(cx).delete_child("holds-up").await?,
            Self::ChildOfItsOwn => drop(cx.spawn(|_| async {}).await?),
            Self::GivenUpSource => {
                let refused = jobs.reserve().await.expect_err("it is refused");
                return Err(std::io::Error::other(refused).into());
            }
        }
        Ok(())
    }
}

/// The supervisor whose turn it is in the stop.
fn held(cx: &TaskContext) -> SupervisorHandle {
    cx.tree().supervisor("root/held").expect("it is being stopped")
}

#[tokio::test(start_paused = true)]
async fn a_task_that_returns_what_the_stop_refused_before_its_turn_has_not_failed() {
    for wants in Wants::ALL {
        let (report, exit) = stopped_while_a_task(wants, |refused| refused).await;

        assert_eq!((report.ending, report.clean), (Ending::Clean, true), "{wants:?}: {report}");
        assert_eq!(exit, Some(Exit::Shutdown), "{wants:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nor_has_one_whose_library_hides_the_type_of_that_error() {
    for wants in Wants::ALL {
        let (report, exit) = stopped_while_a_task(wants, |refused| Hidden(refused).into()).await;

        assert_eq!((report.ending, report.clean), (Ending::Clean, true), "{wants:?}: {report}");
        assert_eq!(exit, Some(Exit::Shutdown), "{wants:?}");
    }
}

/// An error of a library such as `anyhow`, which has the text and the sources of another error, and not its type.
#[derive(Debug)]
struct Hidden(Refused);

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Hidden {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Stops a tree whose last child is asked first and holds the stop up until the task before it has ended.
async fn stopped_while_a_task(
    wants: Wants,
    hand_on: fn(Refused) -> Refused,
) -> (Arc<StopReport>, Option<Exit>) {
    let (begun, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let address = SupervisorAddress::new();
    let jobs = TaskSupervisor::at(&address);
    let asks = {
        let (begun, ended) = (Arc::clone(&begun), Arc::clone(&ended));
        ChildSpec::once("asks", async move |cx: TaskContext| {
            let refused = wants.ask(&cx, jobs, &begun).await;
            assert!(!cx.is_stopping(), "its turn has not come");
            ended.notify_one();
            refused.map_err(hand_on)
        })
    };
    let holds_up = ChildSpec::task_with("holds-up", (begun, ended), |cx, (begun, ended)| async move {
        cx.stopping().await;
        begun.notify_one();
        ended.notified().await;
    });
    let root = Supervisor::new("root")
        .child(DynamicSupervisor::new("jobs").max_children(9).at(&address))
        .child(Supervisor::new("keeps").child(obedient("kept")))
        .child(asks)
        .child(Supervisor::new("held").child(holds_up));
    let (tree, mut log) = given(root).await;
    settle().await;
    let report = tree.stop().await;
    let exited = log.wait_for_event("asks", "exited").await;
    let EventKind::Exited { status, .. } = &exited.what else { unreachable!("{exited:?}") };
    (report, status.clone())
}

#[tokio::test]
async fn an_actor_and_blocking_work_that_return_a_refusal_while_they_stop_have_not_failed_either() {
    let blocking = ChildSpec::blocking("blocking", |cx| {
        assert!(cx.wait_stopping(Duration::from_secs(60)));
        Err::<(), _>(ReserveError::Stopping)
    });
    let root =
        Supervisor::new("root").child(ChildSpec::actor("actor", || (RefusedAtItsEnd, ()))).child(blocking);
    let (tree, _log) = given(root).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.clean), (Ending::Clean, true), "{report}");
}

struct RefusedAtItsEnd;

impl Actor for RefusedAtItsEnd {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        Err(ReserveError::Stopping.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_failure_as_long_as_no_stop_has_begun() {
    let gone = Arc::new(Notify::new());
    let address = SupervisorAddress::new();
    let jobs = TaskSupervisor::at(&address);
    let asks =
        ChildSpec::task_with("asks", (jobs, Arc::clone(&gone)), |cx: TaskContext, (jobs, gone)| async move {
            if cx.incarnation() == 1 {
                gone.notified().await;
                drop(jobs.reserve().await?);
            }
            cx.stopping().await;
            Ok::<_, ReserveError>(())
        });
    let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs").at(&address)).child(asks);
    let (tree, mut log) = given(root).await;
    settle().await;
    tree.supervisor("root").unwrap().terminate_child("jobs").await.unwrap();

    gone.notify_one();

    log.wait_for_event("asks", "restarting").await;
    let report = tree.stop().await;
    assert!(report.clean, "{report}");
}
