//! An owner that is dropped with its runtime, at each stage of a process's life, while the supervisor lives on in
//! another runtime: the process is killed and reaped, and the supervisor hears of it after that.

use rootward_core::{ChildKind, Launch, StartContext};
use tokio::sync::oneshot;

use super::*;
use crate::launch::{Direct, LaunchError, LaunchResult, Launching, Order};

#[tokio::test]
async fn an_owner_that_is_dropped_while_the_program_is_being_started_is_heard_of_when_the_program_is_gone() {
    let (begun, begins) = mpsc::channel();
    let mut start = StartProcess::new(Arc::new(shell("trap '' TERM; exec sleep 1000")));
    start.test.launcher = Some(Arc::new(Gated(begun)));
    let (mut given, elsewhere) = given_elsewhere(start);
    given.starting().await;
    let Gate { open, pid } = begins.recv_timeout(PATIENCE).unwrap();

    // To the end, or the owner may have what was started before it is dropped. Only a thread of its own may wait.
    std::thread::spawn(|| elsewhere.shutdown_timeout(PATIENCE)).join().unwrap();
    open.send(()).unwrap();
    let pid = pid.recv_timeout(PATIENCE).unwrap();
    let early = timeout(Duration::ZERO, given.events.next()).await;
    assert!(early.is_err(), "it is there, and this is said: {early:?}");
    open.send(()).unwrap();

    assert_eq!(given.start_failure().await, "it ended before it had started: aborted");
    assert!(!is_there(pid));
}

#[tokio::test]
async fn an_owner_that_is_dropped_while_its_process_gets_ready_is_heard_of_when_that_is_gone() {
    let process = shell("trap '' TERM; echo $$; exec sleep 1000").ready(Ready::line("never"));
    let (mut given, elsewhere) = given_elsewhere(StartProcess::new(Arc::new(process)));
    let pid = given.line().await.parse().unwrap();

    elsewhere.shutdown_background();

    assert_eq!(given.start_failure().await, "it ended before it had started: killed by SIGKILL");
    assert!(!is_there(pid));
}

#[tokio::test]
async fn an_owner_that_is_dropped_while_its_process_runs_is_heard_of_when_that_is_gone() {
    let process = shell("trap '' TERM; echo $$; exec sleep 1000");
    let (mut given, elsewhere) = given_elsewhere(StartProcess::new(Arc::new(process)));
    let pid = given.line().await.parse().unwrap();

    elsewhere.shutdown_background();

    assert_eq!(given.exit().await, sigkill());
    assert!(!is_there(pid));
}

#[tokio::test]
async fn an_owner_that_is_dropped_while_its_process_is_being_stopped_is_heard_of_when_that_is_gone() {
    let process = shell("trap 'echo asked' TERM; echo $$; while :; do :; done");
    let (mut given, elsewhere) = given_elsewhere(StartProcess::new(Arc::new(process)));
    let pid = given.line().await.parse().unwrap();
    given.tree.request_stop();
    given.wait_for_line("asked").await;

    elsewhere.shutdown_background();

    assert_eq!(given.exit().await, sigkill());
    assert!(!is_there(pid));
}

#[tokio::test]
async fn an_owner_that_is_dropped_while_members_are_left_is_heard_of_when_they_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut given, elsewhere) = given_elsewhere(StartProcess::new(Arc::new(leaves_a_member(dir.path()))));
    let member = given.line().await.parse().unwrap();
    given.wait_for_line("asked").await;

    elsewhere.shutdown_background();

    assert_eq!(given.exit().await, Exit::Code(5));
    assert!(!is_alive(member));
}

#[tokio::test]
async fn an_owner_that_is_dropped_while_it_waits_for_a_check_says_how_its_process_ended() {
    let check = BlockingCheck::new();
    let process = shell("exec sleep 1000").ready(check.ready());
    let elsewhere = runtime();
    let start = Elsewhere(elsewhere.handle().clone(), StartProcess::new(Arc::new(process)));
    let mut given = Given::with_tasks_on(&check.tasks(), start);
    let pid = check.pid().await;
    given.tree.request_stop();
    until(|| !is_there(pid)).await;

    elsewhere.shutdown_background();

    assert_eq!(
        given.exit().await,
        Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false, out_of_memory: false }
    );
}

/// Starts a process in a runtime other than its supervisor's.
struct Elsewhere(Handle, StartProcess);

impl StartChild for Elsewhere {
    fn kind(&self) -> ChildKind {
        self.1.kind()
    }

    fn start(&self, cx: StartContext) -> Launch {
        let _inside = self.0.enter();
        self.1.start(cx)
    }
}

fn given_elsewhere(start: StartProcess) -> (Given, Runtime) {
    let elsewhere = runtime();
    (Given::new(Elsewhere(elsewhere.handle().clone(), start)), elsewhere)
}

/// Starts programs on a thread, when the test says so, and hands over the answer when the test says so again.
struct Gated(mpsc::Sender<Gate>);

struct Gate {
    open: mpsc::Sender<()>,
    /// The program that has been started.
    pid: mpsc::Receiver<u32>,
}

impl Launcher for Gated {
    fn launch(&self, order: Order) -> Launching {
        let ((open, opened), (tell, pid)) = (mpsc::channel(), mpsc::channel());
        let (answer, receiver) = oneshot::channel();
        self.0.send(Gate { open, pid }).unwrap();
        let process = Arc::clone(&order.process);
        std::thread::spawn(move || {
            opened.recv().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let launched: LaunchResult = runtime.block_on(Direct.launch(order));
            tell.send(launched.as_ref().unwrap().owned_set.set().pid().unsigned_abs()).unwrap();
            opened.recv().unwrap();
            // What is not taken is dropped.
            let _ = answer.send(launched);
        });
        Box::pin(async move { receiver.await.unwrap_or_else(|_| Err(LaunchError::lost(process.command()))) })
    }
}
