//! The demo as process 1 of a container, for which default dispositions do not apply, and to which orphans come.

use std::fs;
use std::io::IoSliceMut;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::cmsg_space;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, UnixCredentials, bind,
    recvmsg, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};
use nix::unistd::Pid;
use rootward_tests::{Known, pause, until_some};

use crate::support::{DemoWithDoor, Lines, Temp, as_process_1, tree, until, wait_in_time};

const DEMO: &str = env!("CARGO_BIN_EXE_rootward-demo");

/// R24: with a service manager as well, and where no process is followed.
#[test]
fn a_sigterm_behind_the_first_code_of_the_demo_ends_it_at_every_level() {
    let Some(unshare) = as_process_1() else { return };
    let calm = tree("calm.toml");
    let run = ["run", calm.to_str().expect("a text"), "--view=none"];
    for level in ["group", "tree", "auto"] {
        for notify in [None, Some("@rootward-nothing-listens-here")] {
            for moment in 0..8 {
                let mut inside =
                    Inside::begin(&unshare, &[&run[..], &["--containment", level]].concat(), notify);
                inside.wait_for_its_code();
                (0..moment).for_each(|_| pause());

                inside.signal(Signal::SIGTERM);

                let status = wait_in_time(&mut inside.unshare).code();
                assert!(matches!(status, Some(0 | 143)), "{level}, {notify:?}, {moment}: {status:?}");
            }
        }
    }
}

/// R2: an init reaps them.
#[test]
fn there_is_an_init_at_every_level() {
    let Some(unshare) = as_process_1() else { return };
    let calm = tree("calm.toml");
    for level in ["group", "tree", "auto"] {
        let words = ["run", calm.to_str().expect("a text"), "--view=none", "--containment", level];
        let inside = Inside::begin(&unshare, &words, Some("@rootward-nothing-listens-here"));

        inside.wait_until("there is an init", |pid| read(pid, "comm") == "rootward-init\n");
    }
}

/// R20: the process ids of one mean something else in the other, and both are in the same cgroup.
#[test]
fn instances_in_pid_namespaces_of_their_own_leave_each_others_children_alone() {
    const CRASHES: u32 = 10;
    let Some(unshare) = as_process_1() else { return };
    let temp = Temp::new();
    let mut instances = [0, 1].map(|number| {
        // A number of seconds that no other test has, by which its process is known.
        let mark = format!("{number}7{}", 5_000_000 + std::process::id());
        let child = format!(
            "max_restarts = {CRASHES}\n[[children]]\nid = 'child'\n\
             process = {{ command = ['sleep', '{mark}'] }}\n"
        );
        let file = temp.write(&format!("tree-{number}.toml"), child);
        let words = ["run", file.to_str().expect("a text"), "--view=none", "--events=-"];
        (Inside::begin(&unshare, &words, None), mark)
    });
    let child_of =
        |mark: &str| until_some("its child runs", || Known::all_that_mention(mark).into_iter().next());

    for _ in 0..CRASHES {
        for (_, mark) in &instances {
            let child = child_of(mark);
            child.signal(Signal::SIGKILL).expect("it runs");
            until("it is gone", || !child.is_alive());
        }
    }

    for (instance, mark) in &mut instances {
        let _ = child_of(mark);
        instance.signal(Signal::SIGTERM);
        let events: Vec<_> = std::iter::from_fn(|| instance.lines.next_line()).collect();
        assert_eq!(wait_in_time(&mut instance.unshare).code(), Some(0), "{events:#?}");
        let count = |name: &str| events.iter().filter(|line| line.contains(&format!("\"{name}\""))).count();
        assert_eq!(["restarting", "start_failed", "degraded"].map(count), [CRASHES as usize, 0, 0]);
    }
}

/// A service manager may hear the process that it has started and no other.
#[test]
fn a_service_manager_is_told_in_the_name_of_the_init() {
    let Some(unshare) = as_process_1() else { return };
    let manager = Manager::listen("sender");
    let calm = tree("calm.toml");
    let words = ["run", calm.to_str().expect("a text"), "--view=none"];
    let inside = Inside::begin(&unshare, &words, Some(&manager.address));

    assert_eq!(manager.hear().sender, inside.first().as_raw());
}

/// The init is the process that a service manager has started, and so the one that it names.
#[test]
fn a_watchdog_that_is_meant_for_the_init_is_answered_and_one_for_another_process_is_not() {
    let Some(unshare) = as_process_1() else { return };
    let temp = Temp::new();
    let file =
        temp.write("tree.toml", "[[children]]\nid = 'a'\ntask = { run = 'finish', after = '500ms' }\n");
    let words = ["run", file.to_str().expect("a text"), "--view=none"];
    for (pid, is_meant) in [("1", true), ("4000000", false)] {
        let manager = Manager::listen(&format!("watchdog-{pid}"));
        // A hundred answers in the life of this tree.
        let watchdog = [("WATCHDOG_USEC", "10000"), ("WATCHDOG_PID", pid)];
        let _inside = Inside::begin_with(&unshare, &words, Some(&manager.address), &watchdog);

        let mut answers = 0;
        until("the tree stops", || {
            let text = manager.hear().text;
            answers += text.matches("WATCHDOG=1").count();
            text.contains("STOPPING=1")
        });

        assert_eq!(answers > 0, is_meant, "{pid}: {answers}");
    }
}

/// Commands that wait hear what is sent to stop them.
#[test]
fn every_command_that_waits_ends_by_sigterm() {
    let Some(unshare) = as_process_1() else { return };
    let temp = Temp::new();
    let (never, no_door) = (temp.path("never"), temp.path("no.sock"));
    nix::unistd::mkfifo(&never, nix::sys::stat::Mode::S_IRWXU).expect("it is the test's own directory");
    let [never, no_door] = [&never, &no_door].map(|path| path.to_str().expect("a text"));
    for words in [
        &["run", never][..],
        &["check", never],
        &["timeline", never],
        &["wait", no_door, "root", "--timeout=1h"],
    ] {
        let mut inside = Inside::begin(&unshare, words, None);
        inside.wait_for_its_code();

        inside.signal(Signal::SIGTERM);

        assert_eq!(wait_in_time(&mut inside.unshare).code(), Some(143), "{words:?}");
    }
}

/// The same at a door that is there: while the command begins, and when it follows what happens.
#[test]
fn every_command_that_follows_a_tree_ends_by_sigterm() {
    let Some(unshare) = as_process_1() else { return };
    let watched = DemoWithDoor::run(&tree("watched.toml"), &[]);
    let door = watched.door.as_str();
    // A line that each of them writes when it has begun to follow. A wait writes none before its end.
    for (words, follows) in [
        (&["attach", door][..], Some("The tree as it is:")),
        (&["events", door, "--follow"], Some("  says ")),
        (&["logs", door, "root/says", "--follow"], Some("two")),
        (&["wait", door, "root/team/runs", "--until=gone", "--timeout=1h"], None),
    ] {
        for is_late in [false, true] {
            until("the command before has gone", || connections(door) == 0);
            let mut inside = Inside::begin(&unshare, words, None);
            inside.wait_for_its_code();
            if let (true, Some(line)) = (is_late, follows) {
                inside.lines.wait_for(line);
            } else if is_late {
                until("it has a connection to the door", || connections(door) > 0);
            }

            inside.signal(Signal::SIGTERM);

            assert_eq!(wait_in_time(&mut inside.unshare).code(), Some(143), "{words:?}, {is_late}");
        }
    }
    watched.stop();
}

/// How many connections a door has. The door's side of each bears its path.
fn connections(door: &str) -> usize {
    const CONNECTED: &str = "03";
    let sockets = fs::read_to_string("/proc/net/unix").expect("the system lists its sockets");
    let is_one = |line: &&str| line.ends_with(door) && line.split_whitespace().nth(5) == Some(CONNECTED);
    sockets.lines().filter(is_one).count()
}

/// A service manager of the test's own.
struct Manager {
    socket: OwnedFd,
    address: String,
}

/// What it is told, and by which process.
struct Told {
    text: String,
    sender: i32,
}

impl Manager {
    /// Listens at an address of this name, which no other test has.
    fn listen(name: &str) -> Self {
        let name = format!("rootward-demo-test-{}-{name}", std::process::id());
        let socket =
            socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
        setsockopt(&socket, sockopt::PassCred, &true).expect("Linux says who sends");
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(60)).expect("a test that fails ends");
        bind(socket.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes()).expect("a name"))
            .expect("it is free");
        Self { socket, address: format!("@{name}") }
    }

    /// The next message.
    fn hear(&self) -> Told {
        let mut message = [0; 4096];
        let mut space = cmsg_space!(UnixCredentials);
        let mut place = [IoSliceMut::new(&mut message)];
        let socket = self.socket.as_raw_fd();
        let received = recvmsg::<()>(socket, &mut place, Some(&mut space), MsgFlags::empty());
        let received = received.expect("it is told something");
        let mut credentials = received.cmsgs().expect("there is room");
        let Some(ControlMessageOwned::ScmCredentials(sender)) = credentials.next() else {
            panic!("it is said who sends");
        };
        let (sender, length) = (sender.pid(), received.bytes);
        Told { text: String::from_utf8_lossy(&message[..length]).into_owned(), sender }
    }
}

/// A demo as process 1. It does not survive this.
struct Inside {
    unshare: Child,
    lines: Lines<ChildStdout>,
    /// What it has started, as soon as it has.
    first: Option<Pid>,
}

impl Inside {
    fn begin(unshare: &[String], words: &[&str], notify: Option<&str>) -> Self {
        Self::begin_with(unshare, words, notify, &[])
    }

    fn begin_with(
        unshare: &[String],
        words: &[&str],
        notify: Option<&str>,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(&unshare[0]);
        command.args(&unshare[1..]).arg(DEMO).args(words).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.env_remove("NOTIFY_SOCKET").envs(notify.map(|address| ("NOTIFY_SOCKET", address)));
        command.envs(environment.iter().copied());
        let mut unshare = command.spawn().expect("util-linux is there");
        let pid = unshare.id();
        let lines = Lines::of(unshare.stdout.take().expect("it is piped"));
        let mut inside = Self { unshare, lines, first: None };
        // It has no child before it has forked.
        let first = until_some("`unshare` starts the demo", || {
            read(pid, &format!("task/{pid}/children")).trim().parse().ok()
        });
        inside.first = Some(Pid::from_raw(first));
        inside
    }

    fn first(&self) -> Pid {
        self.first.expect("it has begun")
    }

    fn signal(&self, signal: Signal) {
        kill(self.first(), signal).expect("it is there until it hears this");
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(u32) -> bool) {
        let pid = self.first().as_raw().unsigned_abs();
        until(what, || is_so(pid));
    }

    /// Waits until code of the demo's own has run: it catches SIGTERM, or is the init already.
    fn wait_for_its_code(&self) {
        self.wait_until("code of the demo runs", |pid| {
            let is_demo =
                fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with(DEMO));
            let status = read(pid, "status");
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
            is_demo
                && (caught & 1 << (Signal::SIGTERM as i32 - 1) != 0 || read(pid, "comm") == "rootward-init\n")
        });
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // After it has ended these do nothing.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

fn read(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}
