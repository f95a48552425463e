//! Terminals: what children do to them, and that the demo leaves one that works.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};

use crate::support::{Lines, Temp, tree, until, wait_in_time};
use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::{Pid, getpgid, tcgetpgrp};

/// A demo on a terminal of its own.
struct OnTerminal {
    demo: Child,
    screen: Lines<File>,
    master: OwnedFd,
    /// Keeps the terminal open, as a shell does.
    slave: OwnedFd,
    before: Termios,
}

impl OnTerminal {
    /// Starts the demo in the foreground of a new session, with these arguments.
    fn start(args: &[&str]) -> Self {
        Self::of(&[&[env!("CARGO_BIN_EXE_rootward-demo")], args].concat())
    }

    /// Starts another program, which starts the demo.
    fn of(command: &[&str]) -> Self {
        // No other program that is started here may inherit it, or it would never be closed.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
            .expect("the system has pseudo-terminals");
        grantpt(&master).expect("the system has pseudo-terminals");
        unlockpt(&master).expect("the system has pseudo-terminals");
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(ptsname_r(&master).expect("the system has pseudo-terminals"))
            .expect("the system has pseudo-terminals");
        let master = OwnedFd::from(master);
        let before = tcgetattr(&slave).expect("the system has pseudo-terminals");
        let [stdin, stdout, stderr] =
            [(); 3].map(|()| Stdio::from(slave.try_clone().expect("the system has pseudo-terminals")));
        let demo = Command::new("setsid")
            .arg("--ctty")
            .args(command)
            .env("TERM", "dumb")
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("the system has pseudo-terminals");
        let screen = Lines::of(File::from(master.try_clone().expect("the system has pseudo-terminals")));
        Self { demo, screen, master, slave: slave.into(), before }
    }

    fn run(temp: &Temp, child: &str, level: &str) -> Self {
        let tree = temp.write("tree.toml", format!("id = 'root'\n[[children]]\nid = 'a'\n{child}\n"));
        Self::start(&[
            "run",
            tree.to_str().expect("the system has pseudo-terminals"),
            "--view=lines",
            "--containment",
            level,
        ])
    }

    /// Reads the screen until a line holds this.
    fn wait_for(&mut self, words: &str) -> String {
        self.screen.wait_for(words)
    }

    fn write(&self, bytes: &[u8]) {
        File::from(self.master.try_clone().expect("the system has pseudo-terminals"))
            .write_all(bytes)
            .expect("the system has pseudo-terminals");
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.slave).expect("the system has pseudo-terminals")
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.demo.id().try_into().expect("the system has pseudo-terminals")), signal)
            .expect("the system has pseudo-terminals");
    }
}

/// A test that fails leaves nothing behind.
impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.demo.kill();
        let _ = self.demo.wait();
    }
}

/// A child that waits a while for more says how many signals it has had.
#[test]
fn ctrl_c_on_a_terminal_is_one_request() {
    let temp = Temp::new();
    let script = "n=0; trap \"n=\\$((n+1))\" INT TERM HUP QUIT; echo ready; while [ $n = 0 ]; do sleep 0.05; done; sleep 0.3; echo it had $n";
    let child = format!("process = {{ command = ['sh', '-c', '{script}'] }}");
    let mut scene = OnTerminal::run(&temp, &child, "auto");
    // Either may be first, and a signal that comes before the trap ends the shell.
    for words in ["root                started", "│ ready"] {
        if !scene.screen.seen().contains(words) {
            scene.wait_for(words);
        }
    }

    scene.write(&[3]);
    scene.wait_for("exit status 0");

    assert_eq!(wait_in_time(&mut scene.demo).code(), Some(0));
    assert_eq!(scene.screen.seen().matches("SIGINT: ").count(), 1, "{}", scene.screen.seen());
    assert!(scene.screen.seen().contains("it had 1\r"), "{}", scene.screen.seen());
}

/// R11: the shell behind the demo has its echo back, whatever the end was.
#[test]
fn a_terminal_that_a_child_has_made_raw_is_given_back() {
    for (grace, code) in [("kill", 0), ("1h", 3)] {
        let temp = Temp::new();
        let script = "stty raw -echo; echo raw >&2; trap \"\" TERM; while :; do sleep 1; done";
        let process = format!("{{ command = ['sh', '-c', '{script}'], stdin = 'inherit' }}");
        let mut scene = OnTerminal::run(&temp, &format!("shutdown = '{grace}'\nprocess = {process}"), "tree");
        scene.wait_for("if a child has taken the keyboard: kill");
        scene.wait_for("┆ raw");
        assert!(!scene.modes().local_flags.contains(LocalFlags::ECHO), "the child has done it");

        scene.send(Signal::SIGTERM);
        if code == 3 {
            scene.wait_for("asked to stop with SIGTERM");
            scene.send(Signal::SIGINT);
        }

        assert_eq!(wait_in_time(&mut scene.demo).code(), Some(code));
        let (before, after) = (&scene.before, scene.modes());
        assert_eq!(
            (before.local_flags, before.input_flags, before.output_flags),
            (after.local_flags, after.input_flags, after.output_flags),
        );
    }
}

/// R11: a child that takes the foreground and is gone leaves it to what was there before.
#[test]
fn the_foreground_that_a_child_has_taken_is_given_back() {
    let temp = Temp::new();
    let script =
        r#"use POSIX; $SIG{TTOU} = "IGNORE"; POSIX::tcsetpgrp(0, $$); print STDERR "taken\n"; sleep 1000"#;
    let tree = format!(
        "id = 'root'\n[[children]]\nid = 'a'\nprocess = {{ command = ['perl', '-e', '{script}'], stdin = 'inherit' }}\n"
    );
    let tree = temp.write("tree.toml", tree);
    // What the shell reads afterwards it can read only in the foreground.
    let shell = "\"$@\"; echo over; read -r line && echo \"got $line\"";
    let demo = [env!("CARGO_BIN_EXE_rootward-demo"), "run", tree.to_str().unwrap(), "--containment=group"];
    let mut scene =
        OnTerminal::of(&[&["sh", "-c", shell, "sh"], demo.as_slice(), &["--view=lines"]].concat());
    let shell = Pid::from_raw(scene.demo.id().try_into().unwrap());
    let welcome = scene.wait_for("rootward-demo (pid ");
    let pid = welcome.split(['(', ')', ' ']).find_map(|word| word.parse().ok()).unwrap();
    scene.wait_for("┆ taken");
    assert_ne!(tcgetpgrp(scene.master.as_fd()).unwrap(), shell, "the child has done it");

    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    scene.wait_for("over");
    scene.write(b"a line\n");

    scene.wait_for("got a line");
}

/// R11: a child that has taken the foreground, and the keys with it, ends while others go on: Ctrl-C is heard again.
#[test]
fn the_foreground_that_a_child_has_taken_is_given_back_as_soon_as_it_is_gone() {
    for restart in ["temporary", "permanent"] {
        let temp = Temp::new();
        let been = temp.path("been");
        let script = format!(
            r#"use POSIX; if (-e "{0}") {{ print STDERR "again\n" }} else {{ open F, ">{0}"; $SIG{{TTOU}} = "IGNORE";
            POSIX::tcsetpgrp(0, $$); system "stty raw -echo"; print STDERR "$$ has it\n" }} sleep 1000"#,
            been.display()
        );
        let a = format!(
            "restart = '{restart}'\nprocess = {{ command = ['perl', '-e', '''{script}'''], stdin = 'inherit' }}\n\
             [[children]]\nid = 'b'\nprocess = {{ command = ['sleep', '1000'] }}"
        );
        let mut scene = OnTerminal::run(&temp, &a, "group");
        let demo = Pid::from_raw(scene.demo.id().try_into().unwrap());
        let said = scene.wait_for(" has it\n");
        let mut words = said.split_whitespace().skip_while(|word| *word != "┆").skip(1);
        let child = words.next().unwrap().parse().map(Pid::from_raw).unwrap();
        assert_eq!(tcgetpgrp(scene.master.as_fd()), Ok(child), "the child has done it");

        kill(child, Signal::SIGKILL).unwrap();
        if restart == "permanent" {
            scene.wait_for("┆ again");
        }
        let ours = getpgid(Some(demo)).unwrap();
        until("it is given back", || tcgetpgrp(scene.master.as_fd()) == Ok(ours));
        until("with its modes", || scene.modes().local_flags == scene.before.local_flags);
        scene.write(&[3]);

        scene.wait_for("exit status 0");
        assert_eq!(wait_in_time(&mut scene.demo).code(), Some(0));
    }
}

/// A closed terminal is one SIGHUP's stop: every write fails from then on, without a panic and without a spin.
#[test]
fn a_terminal_that_is_closed_stops_the_tree_in_order() {
    let temp = Temp::new();
    let report = temp.path("report.json");
    let tree = tree("calm.toml");
    let args = ["run", tree.to_str().unwrap(), "--view=lines", "--report", report.to_str().unwrap()];
    let mut scene = OnTerminal::start(&args);
    scene.wait_for("root                started");
    // All that keeps the terminal open.
    let OnTerminal { demo, screen, master, slave, .. } = &mut scene;
    let (null, other) = (File::open("/dev/null").unwrap(), File::open("/dev/null").unwrap());
    *screen = Lines::of(null.try_clone().unwrap());
    *slave = null.into();
    *master = other.into();
    let code = wait_in_time(demo).code();

    assert_eq!((code, &temp.json("report.json")["cause"]), (Some(0), &"signal SIGHUP".into()));
}
