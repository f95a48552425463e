//! A reaper that ends its set by force keeps the processors from no other program.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rootward_tests::{Heard, Known, happens, prefer_this_thread, wait_in_time};

use crate::alone::alone;
use crate::place::{self, Level, Place, User, nothing_to_show};
use crate::record::Record;
use crate::scene::{Goes, Misbehaviour, Scene, Stays};
use crate::supervisor::Supervisor;

const IT: Misbehaviour =
    Misbehaviour { program: "has_many_threads", stays: Stays::InItsGroup, goes: Goes::WhenKilled };

/// Real-time throttling steps in after 950 ms, which was the gap. A thread that the scheduler prefers waits for a few
/// milliseconds beside those of its own session and cgroup; beside others, and on a virtual machine, it may be more.
fn frozen() -> Duration {
    let is_preferred = thread::scope(|scope| scope.spawn(prefer_this_thread).join());
    Duration::from_millis(if is_preferred.expect("it does not panic") { 400 } else { 500 })
}

/// How the child is ended by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    /// The supervisor is killed.
    SupervisorKilled,
    /// The supervisor is asked to stop, and the child is deaf.
    Stop,
    /// The supervisor is asked for a second time, before the grace is over.
    SecondRequest,
    /// The child is restarted, and what is there of it is deaf.
    Restart,
}

const ALL: [Force; 4] = [Force::SupervisorKilled, Force::Stop, Force::SecondRequest, Force::Restart];

impl Force {
    /// No grace is over before the second request.
    fn scene(self, place: Place) -> Scene {
        match self {
            Self::SecondRequest => Scene::with(place, |register| {
                Supervisor::start(place, IT.program, Duration::from_secs(50), register)
            }),
            Self::SupervisorKilled | Self::Stop | Self::Restart => Scene::set(IT, place),
        }
    }

    fn begin(self, scene: &mut Scene) {
        match self {
            Self::SupervisorKilled => scene.supervisor.signal(Signal::SIGKILL),
            Self::Stop => scene.supervisor.signal(Signal::SIGTERM),
            Self::SecondRequest => {
                scene.supervisor.signal(Signal::SIGTERM);
                scene.supervisor.heard.wait_for("child stopping");
                // A key press is a request of its own.
                scene.supervisor.signal(Signal::SIGINT);
            }
            Self::Restart => scene.supervisor.restart_child(),
        }
    }

    /// Waits until nothing is left that was to be ended.
    fn finish(self, scene: &mut Scene) {
        match self {
            Self::Restart => scene.wait_for_successor(),
            Self::SupervisorKilled | Self::Stop | Self::SecondRequest => {
                scene.supervisor.wait();
                scene.wait_until_empty();
            }
        }
    }
}

/// R17: it had SCHED_RR, and spun in the kernel for what the dying threads had to do.
#[test]
fn a_reaper_that_waits_for_what_it_has_killed_is_no_real_time_process() {
    for (place, force) in places().flat_map(|place| ALL.map(|force| (place, force))) {
        let mut scene = force.scene(place);
        let reapers = scene.supervisor.reapers();
        let program = Pid::from_raw(scene.leader.process.pid.try_into().expect("a process id"));
        // A process that is traced cannot be reaped before its tracer has seen its end.
        if ptrace::seize(program, ptrace::Options::empty()).is_err() {
            return nothing_to_show("no process may be traced here");
        }

        force.begin(&mut scene);
        assert!(happens(|| state_of(scene.leader.process) == Some('Z')), "{place:?}, {force:?}");
        let policies: Vec<_> = reapers.iter().filter_map(|reaper| policy_of(*reaper)).collect();

        assert!(
            !policies.is_empty() && policies.iter().all(|policy| *policy == 0),
            "{place:?}, {force:?}: {policies:?}"
        );
        // Only the tracer's own look lets it go.
        assert!(happens(|| {
            matches!(waitpid(program, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::Signaled(..)) | Err(_))
        }));
        force.finish(&mut scene);
    }
}

/// R17, as its reporter saw it: every processor stood still for a second.
#[test]
fn a_forced_end_of_a_child_with_many_threads_freezes_no_processor() {
    let _alone = alone();
    for force in ALL {
        let mut scene = force.scene(Place { level: Level::Tree, user: User::Ours });

        let longest = longest_gap_while(|| {
            force.begin(&mut scene);
            force.finish(&mut scene);
        });

        assert!(longest < frozen(), "{force:?}: a processor stood still for {longest:?}");
    }
}

/// The same with several children, so that several reapers do this at once.
#[test]
fn a_forced_kill_of_children_with_many_threads_freezes_no_processor() {
    let _alone = alone();
    let mut record = Record::begin();
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_supervises"))
        .args(["3", "has_many_threads", record.path()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program has been built");
    let _heard = Heard::of(supervisor.stdout.take().expect("it is piped"));
    for _ in 0..3 {
        record.wait_until_ready();
    }

    let longest = longest_gap_while(|| {
        supervisor.kill().expect("it is ours");
        wait_in_time(&mut supervisor);
        let path = record.path();
        assert!(happens(|| Known::all_that_mention(path).is_empty()));
    });

    assert!(longest < frozen(), "a processor stood still for {longest:?}");
}

/// At the user of these tests, which has the right to a precedence if any has.
fn places() -> impl Iterator<Item = Place> {
    place::trees().into_iter().filter(|place| place.user == User::Ours)
}

/// For how long a thread could not run that wants to run every millisecond, on the processor on which that was longest,
/// while this was done.
fn longest_gap_while(done: impl FnOnce()) -> Duration {
    let (processors, over) = (processors(), AtomicBool::new(false));
    thread::scope(|scope| {
        let watches: Vec<_> =
            processors.iter().map(|processor| scope.spawn(|| longest_gap(processor, &over))).collect();
        // They end, whether or not this panics.
        let ends = EndsOnDrop(&over);
        done();
        drop(ends);
        let gaps = watches.into_iter().map(|watch| watch.join().expect("it does not panic"));
        gaps.max().expect("there is a processor")
    })
}

struct EndsOnDrop<'a>(&'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The processors that this test may run on, each by itself.
fn processors() -> Vec<CpuSet> {
    let all = sched_getaffinity(Pid::from_raw(0)).expect("a process may ask");
    let alone = |number| {
        let mut set = CpuSet::new();
        set.set(number).ok().map(|()| set)
    };
    (0..CpuSet::count()).filter(|number| all.is_set(*number) == Ok(true)).filter_map(alone).collect()
}

/// For how long a thread that wants to run every millisecond on one processor could not.
#[expect(clippy::disallowed_methods, reason = "it measures how the system shares its processors")]
fn longest_gap(processor: &CpuSet, over: &AtomicBool) -> Duration {
    sched_setaffinity(Pid::from_raw(0), processor).expect("it is among those that are allowed");
    prefer_this_thread();
    let mut longest = Duration::ZERO;
    let mut last = Instant::now();
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(1));
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}

/// The scheduling policy of a process, 0 for an ordinary one. `None` if it is gone.
fn policy_of(process: Known) -> Option<u32> {
    field_of(process, 38)?.parse().ok()
}

fn state_of(process: Known) -> Option<char> {
    field_of(process, 0)?.chars().next()
}

/// A field of a process's `stat`, counted from the state.
fn field_of(process: Known, number: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid)).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(number).map(str::to_owned)
}
