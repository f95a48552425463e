//! The demo as process 1 of a container, for which default dispositions do not apply, and to which orphans come.

use std::fs;
use std::io::IoSliceMut;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use nix::cmsg_space;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, UnixCredentials, bind,
    recvmsg, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};
use nix::unistd::Pid;
use rootward_tests::pause;

use crate::support::{Temp, as_process_1, tree, wait_in_time};

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

        inside.wait_until(|pid| read(pid, "comm") == "rootward-init\n");
    }
}

/// A service manager may hear the process that it has started and no other.
#[test]
fn a_service_manager_is_told_in_the_name_of_the_init() {
    let Some(unshare) = as_process_1() else { return };
    let name = format!("rootward-demo-test-{}", std::process::id());
    let manager =
        socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    setsockopt(&manager, sockopt::PassCred, &true).expect("Linux says who sends");
    setsockopt(&manager, sockopt::ReceiveTimeout, &TimeVal::seconds(60)).expect("a test that fails ends");
    bind(manager.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes()).expect("a name")).expect("it is free");
    let calm = tree("calm.toml");
    let words = ["run", calm.to_str().expect("a text"), "--view=none"];
    let inside = Inside::begin(&unshare, &words, Some(&format!("@{name}")));

    let mut message = [0; 4096];
    let mut space = cmsg_space!(UnixCredentials);
    let mut place = [IoSliceMut::new(&mut message)];
    let received = recvmsg::<()>(manager.as_raw_fd(), &mut place, Some(&mut space), MsgFlags::empty());
    let received = received.expect("it is told that the tree starts");
    let mut credentials = received.cmsgs().expect("there is room");
    let Some(ControlMessageOwned::ScmCredentials(sender)) = credentials.next() else {
        panic!("it is said who sends");
    };

    assert_eq!(sender.pid(), inside.first().as_raw());
}

/// Commands that wait hear what is sent to stop them.
#[test]
fn every_command_that_waits_ends_by_sigterm() {
    let Some(unshare) = as_process_1() else { return };
    let temp = Temp::new();
    let never = temp.path("never");
    nix::unistd::mkfifo(&never, nix::sys::stat::Mode::S_IRWXU).expect("it is the test's own directory");
    let never = never.to_str().expect("a text");
    for words in [&["run", never][..], &["check", never], &["timeline", never]] {
        let mut inside = Inside::begin(&unshare, words, None);
        inside.wait_for_its_code();

        inside.signal(Signal::SIGTERM);

        assert_eq!(wait_in_time(&mut inside.unshare).code(), Some(143), "{words:?}");
    }
}

/// A demo as process 1. It does not survive this.
struct Inside {
    unshare: Child,
    /// What it has started, as soon as it has.
    first: Option<Pid>,
}

impl Inside {
    fn begin(unshare: &[String], words: &[&str], notify: Option<&str>) -> Self {
        let mut command = Command::new(&unshare[0]);
        command.args(&unshare[1..]).arg(DEMO).args(words).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_remove("NOTIFY_SOCKET").envs(notify.map(|address| ("NOTIFY_SOCKET", address)));
        let unshare = command.spawn().expect("util-linux is there");
        let pid = unshare.id();
        let mut inside = Self { unshare, first: None };
        // It has no child before it has forked.
        let mut children = (0..MOMENTS).map(|_| read(pid, &format!("task/{pid}/children")));
        inside.first = children.find_map(|children| {
            pause();
            children.trim().parse().ok().map(Pid::from_raw)
        });
        assert!(inside.first.is_some(), "unshare starts nothing: {:?}", inside.unshare.try_wait());
        inside
    }

    fn first(&self) -> Pid {
        self.first.expect("it has begun")
    }

    fn signal(&self, signal: Signal) {
        kill(self.first(), signal).expect("it is there until it hears this");
    }

    fn wait_until(&self, is_so: impl Fn(u32) -> bool) {
        let pid = self.first().as_raw().unsigned_abs();
        let has_come = (0..MOMENTS).any(|_| {
            pause();
            is_so(pid)
        });
        assert!(has_come, "it does not come to that");
    }

    /// Waits until code of the demo's own has run: it catches SIGTERM, or is the init already.
    fn wait_for_its_code(&self) {
        self.wait_until(|pid| {
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

/// A minute of pauses. Only a test that fails waits that long.
const MOMENTS: u32 = 60_000;

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
