//! What becomes of a process when its owner fails or is dropped, and of its set on a kernel that knows groups by number
//! only.

mod dropped;
mod failures;
mod log;
mod member_tracker;

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ractor::ActorRef;
use rootward_core::{ChildSpec, EventKind, Events, Exit, StartChild, Supervisor, Tree};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use super::StartProcess;
use super::message::OwnerMessage;
use crate::launch::Launcher;
use crate::{Process, Ready};

/// Far longer than anything here takes: it ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a test takes hold of a process.
#[derive(Default)]
pub(super) struct Seams {
    /// Starts the programs, in place of the tree's launcher.
    pub(super) launcher: Option<Arc<dyn Launcher>>,
    owner: Arc<Mutex<Option<ActorRef<OwnerMessage>>>>,
}

impl Seams {
    pub(super) fn started(&self, owner: &ActorRef<OwnerMessage>) {
        *self.owner.lock().unwrap() = Some(owner.clone());
    }
}

/// A tree with one child, `root/child`, and what happens to that.
struct Given {
    tree: Tree,
    events: Events,
}

impl Given {
    fn new(start: impl StartChild) -> Self {
        Self::with_tasks_on(&Handle::current(), start)
    }

    /// A tree whose tasks, a user's readiness check among them, run elsewhere.
    fn with_tasks_on(tasks: &Handle, start: impl StartChild) -> Self {
        let child = ChildSpec::new("child", start);
        let root = Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(child);
        // What is looked at here is how a process group is counted out.
        let builder = crate::Containment::group().apply(root.into_tree().unwrap());
        let mut builder = builder.task_runtime(tasks.clone());
        let events = builder.subscribe();
        Self { tree: builder.launch(), events }
    }

    /// The next event of the child that this recognises.
    async fn find<T>(&mut self, recognise: impl Fn(&EventKind) -> Option<T>) -> T {
        let find = async {
            loop {
                let event = self.events.next().await.unwrap().expect("the event comes before the last one");
                if event.path == "root/child" {
                    if let Some(found) = recognise(&event.what) {
                        return found;
                    }
                }
            }
        };
        timeout(PATIENCE, find).await.expect("the event comes")
    }

    async fn starting(&mut self) {
        self.find(|what| matches!(what, EventKind::Starting).then_some(())).await;
    }

    async fn line(&mut self) -> String {
        self.find(|what| if let EventKind::Output { line, .. } = what { Some(line.clone()) } else { None })
            .await
    }

    async fn wait_for_line(&mut self, expected: &str) {
        while self.line().await != expected {}
    }

    /// How the child ended, by itself or in a stop.
    async fn exit(&mut self) -> Exit {
        self.find(|what| {
            let (EventKind::Exited { status, .. } | EventKind::Stopped { status, .. }) = what else {
                return None;
            };
            status.clone()
        })
        .await
    }

    /// Why the child could not be started.
    async fn start_failure(&mut self) -> String {
        self.find(
            |what| if let EventKind::StartFailed { error, .. } = what { Some(error.clone()) } else { None },
        )
        .await
    }
}

/// The owner of the child's last incarnation.
struct KnownOwner(Arc<Mutex<Option<ActorRef<OwnerMessage>>>>);

impl KnownOwner {
    fn is_known(&self) -> bool {
        self.0.lock().unwrap().is_some()
    }

    fn tell(&self, message: OwnerMessage) {
        let owner = self.0.lock().unwrap().clone().expect("the process has been started");
        // It may be gone already.
        let _ = owner.cast(message);
    }
}

fn given(process: Process) -> (Given, KnownOwner) {
    given_with_tasks_on(&Handle::current(), process)
}

fn given_with_tasks_on(tasks: &Handle, process: Process) -> (Given, KnownOwner) {
    let start = StartProcess::new(Arc::new(process));
    let owner = KnownOwner(Arc::clone(&start.test.owner));
    (Given::with_tasks_on(tasks, start), owner)
}

fn shell(script: &str) -> Process {
    Process::new("/bin/sh").args(["-c", script])
}

/// A program that exits with code 5 and leaves a member behind. That writes its process id, and `asked` for each
/// SIGTERM.
fn leaves_a_member(dir: &Path) -> Process {
    let member = "trap \"echo asked\" TERM; echo $$; echo > ready; while :; do :; done";
    shell(&format!("sh -c '{member}' & until [ -s ready ]; do :; done; exit 5")).current_dir(dir)
}

/// A readiness check that blocks its thread, and the runtime whose only thread that is.
struct BlockingCheck {
    runtime: Option<Runtime>,
    asked: watch::Sender<Option<u32>>,
    /// Lets the thread go when it is dropped.
    _release: mpsc::Sender<()>,
    released: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl BlockingCheck {
    fn new() -> Self {
        let runtime = runtime();
        let (release, released) = mpsc::channel();
        let released = Arc::new(Mutex::new(released));
        Self { runtime: Some(runtime), asked: watch::Sender::default(), _release: release, released }
    }

    fn ready(&self) -> Ready {
        let (asked, released) = (self.asked.clone(), Arc::clone(&self.released));
        Ready::check(move |cx| {
            let (asked, released) = (asked.clone(), Arc::clone(&released));
            async move {
                asked.send_replace(Some(cx.pid));
                let _ = released.lock().unwrap().recv();
            }
        })
    }

    fn tasks(&self) -> Handle {
        self.runtime.as_ref().unwrap().handle().clone()
    }

    /// Waits until it blocks, and says which process it is about.
    async fn pid(&self) -> u32 {
        let mut asked = self.asked.subscribe();
        let pid = timeout(PATIENCE, asked.wait_for(Option::is_some)).await.expect("it is asked").unwrap();
        pid.unwrap()
    }
}

impl Drop for BlockingCheck {
    fn drop(&mut self) {
        // Its thread ends when it is let go.
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Another runtime, with one thread.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn sigkill() -> Exit {
    Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false }
}

/// Whether there is a process with this id that is not a zombie.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}

/// Whether there is a process with this id, if only a zombie.
fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn until(is_so: impl Fn() -> bool) {
    let look = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, look).await.expect("this happens");
}
