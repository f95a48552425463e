//! What becomes of a process when its actor fails, and of its set on a kernel that knows groups by number only.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ractor::ActorRef;
use rootward_core::{ChildSpec, EventKind, Events, Exit, Supervisor, Tree};
use tokio::time::timeout;

use super::StartProcess;
use super::actor::Message;
use super::rest::Rest;
use crate::group::{Group, Which, census};
use crate::policy::Input;
use crate::set::Set;
use crate::sys;
use crate::sys::given::running;
use crate::{Process, Signal};

/// Far longer than anything here takes: it ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_process_whose_actor_fails_is_killed_and_reaped_and_reported() {
    let (_tree, mut events, actor) = given("trap '' TERM; echo running; exec sleep 1000");
    find(&mut events, |what| matches!(what, EventKind::Output { .. }).then_some(())).await;

    poison(&actor);

    let exit =
        find(
            &mut events,
            |what| if let EventKind::Exited { status, .. } = what { status.clone() } else { None },
        );
    assert_eq!(exit.await, Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false });
}

#[tokio::test]
async fn a_start_whose_actor_fails_has_failed() {
    let (_tree, mut events, actor) = given("exec sleep 1000");
    find(&mut events, |what| matches!(what, EventKind::Starting).then_some(())).await;
    while actor.lock().unwrap().is_none() {
        tokio::task::yield_now().await;
    }

    poison(&actor);

    find(&mut events, |what| {
        matches!(what, EventKind::StartFailed { .. } | EventKind::Exited { .. }).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_rest_of_a_set_is_found_and_ended_also_by_number() {
    for reach in [Group::new, Group::by_number] {
        let group = Set::Group(reach(running("sleep 1000 & exit 0")));
        let bell = sys::watch(group.bell()).unwrap();
        while group.exited().is_none() {
            tokio::task::yield_now().await;
        }
        let mut rest = Rest::default();
        rest.survey();

        assert_eq!(rest.news(&group, &bell).await, Input::Inhabited);
        rest.about_to_signal(Signal::KILL, &group);
        group.signal(Signal::KILL).unwrap();
        while rest.news(&group, &bell).await != Input::Empty {}
        group.release();

        let left = rest.stragglers();
        assert_eq!(
            left.iter().map(|left| left.outcome).collect::<Vec<_>>(),
            [rootward_core::Outcome::Killed]
        );
    }
}

#[tokio::test]
async fn who_leaves_the_set_is_not_waited_for_and_not_spoken_of() {
    let left = Left::behind().await;

    left.leave();

    left.assert_is_not_spoken_of().await;
}

#[tokio::test]
async fn who_has_left_the_set_when_it_is_counted_again_is_not_spoken_of() {
    let mut left = Left::behind().await;

    left.leave();
    while left.set.has(left.member) {
        tokio::task::yield_now().await;
    }
    left.rest.survey();

    left.assert_is_not_spoken_of().await;
}

/// A member of a group whose leader has ended.
struct Left {
    set: Set,
    bell: sys::Watched,
    rest: Rest,
    member: i32,
    fifo: std::path::PathBuf,
    _dir: tempfile::TempDir,
}

impl Left {
    async fn behind() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let daemon = format!("sh -c 'read -r line < {0}; exec setsid sleep 1000' & exit 0", fifo.display());
        let set = Set::Group(Group::new(running(&daemon)));
        let bell = sys::watch(set.bell()).unwrap();
        while set.exited().is_none() {
            tokio::task::yield_now().await;
        }
        let mut rest = Rest::default();
        rest.survey();
        assert_eq!(rest.news(&set, &bell).await, Input::Inhabited);
        let member = census(Which::Group(set.pid())).await.unwrap().unwrap().remove(0).pid;
        Self { set, bell, rest, member, fifo, _dir: dir }
    }

    /// Has the member go to a session of its own.
    fn leave(&self) {
        std::fs::write(&self.fifo, "go\n").unwrap();
    }

    async fn assert_is_not_spoken_of(mut self) {
        // Until it has gone it may be seen again.
        let mut news = Input::Inhabited;
        while news == Input::Inhabited {
            news = timeout(PATIENCE, self.rest.news(&self.set, &self.bell)).await.expect("there is news");
        }
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.member), nix::sys::signal::SIGKILL).unwrap();
        assert_eq!(news, Input::Empty);
        assert_eq!(self.rest.stragglers(), []);
    }
}

type Mailbox = Arc<Mutex<Option<ActorRef<Message>>>>;

fn given(script: &str) -> (Tree, Events, Mailbox) {
    let process = Process::new("/bin/sh").args(["-c", script]);
    let start = StartProcess::new(Arc::new(process));
    let actor = Arc::clone(&start.actor);
    let root =
        Supervisor::new("root").intensity(0, Duration::from_secs(1)).child(ChildSpec::new("child", start));
    let mut builder = root.tree().unwrap();
    let events = builder.subscribe();
    (builder.launch(), events, actor)
}

fn poison(actor: &Mailbox) {
    let actor = actor.lock().unwrap().clone().expect("the process has been started");
    actor.cast(Message::Poison).unwrap();
}

async fn find<T>(events: &mut Events, recognise: impl Fn(&EventKind) -> Option<T>) -> T {
    let find = async {
        loop {
            let event = events.next().await.unwrap().expect("the event comes before the last one");
            if event.path == "root/child" {
                if let Some(found) = recognise(&event.what) {
                    return found;
                }
            }
        }
    };
    timeout(PATIENCE, find).await.expect("the event comes")
}
