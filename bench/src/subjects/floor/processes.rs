//! Processes without a supervisor.

use std::ffi::CString;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::machine::clock;
use crate::metrics::output::{Captured, Output};
use crate::metrics::processes::{self, Order};
use crate::metrics::ready::{ARGUMENTS, LINE, Readiness};
use crate::programs::{CHATTER, IDLE, PidLog};

pub struct Processes;

/// The programs that have been started, and the order in which they are stopped.
pub struct Running {
    order: Order,
    pids: Vec<Pid>,
}

impl processes::Processes for Processes {
    type Running = Running;

    fn start(&self, n: usize, order: Order, pid_log: &PidLog) -> Running {
        let line = Line::new(pid_log);
        Running { order, pids: (0..n).map(|_| line.spawn()).collect() }
    }

    fn add(&self, running: &mut Running, pid_log: &PidLog) -> u64 {
        let begun = clock::now();
        running.pids.push(Line::new(pid_log).spawn());
        begun
    }

    fn stop(&self, running: Running) {
        let last_first = running.pids.iter().rev();
        match running.order {
            Order::AtOnce => {
                last_first.clone().for_each(|pid| ask(*pid));
                last_first.for_each(|pid| wait(*pid));
            }
            Order::InTurn => last_first.for_each(|pid| {
                ask(*pid);
                wait(*pid);
            }),
        }
    }
}

/// A thread that starts again what it has waited for.
pub struct Loop;

pub struct Looping {
    pid: Arc<Mutex<Pid>>,
    stopping: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl processes::Processes for Loop {
    type Running = Looping;

    fn start(&self, _: usize, _: Order, pid_log: &PidLog) -> Looping {
        let line = Line::new(pid_log);
        let pid = Arc::new(Mutex::new(line.spawn()));
        let stopping = Arc::new(AtomicBool::new(false));
        let (current, stop) = (Arc::clone(&pid), Arc::clone(&stopping));
        let thread = thread::spawn(move || {
            loop {
                let pid = *current.lock().expect("no holder of this lock panics");
                wait(pid);
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                *current.lock().expect("no holder of this lock panics") = line.spawn();
            }
        });
        Looping { pid, stopping, thread }
    }

    fn add(&self, _: &mut Looping, _: &PidLog) -> u64 {
        unreachable!("only restarts are measured with it")
    }

    fn stop(&self, running: Looping) {
        running.stopping.store(true, Ordering::SeqCst);
        ask(*running.pid.lock().expect("no holder of this lock panics"));
        running.thread.join().expect("it does not panic");
    }
}

impl Output for Processes {
    fn capture(&self, arguments: [String; 2]) -> Captured {
        let begun = clock::now();
        let mut child =
            Command::new(CHATTER).args(arguments).stdout(Stdio::piped()).spawn().expect("it can be started");
        let output = BufReader::with_capacity(64 * 1024, child.stdout.take().expect("it is a pipe"));
        let (mut bytes, mut lines) = (0, 0);
        for line in output.lines() {
            bytes += line.expect("it can be read").len();
            lines += 1;
        }
        child.wait().expect("it is a child");
        Captured { nanos: clock::now() - begun, bytes, lines }
    }
}

impl Readiness for Processes {
    type Running = Vec<Child>;

    fn start_ready(&self, n: usize) -> Vec<Child> {
        let start = |_| {
            let command = Command::new(IDLE).args(ARGUMENTS).stdout(Stdio::piped()).spawn();
            let mut child = command.expect("it can be started");
            let mut line = String::new();
            let output = child.stdout.as_mut().expect("it is a pipe");
            BufReader::new(output).read_line(&mut line).expect("it can be read");
            assert_eq!(line.trim_end(), LINE);
            child
        };
        (0..n).map(start).collect()
    }

    fn stop_ready(&self, mut running: Vec<Child>) {
        for child in &mut running {
            child.kill().expect("it is a child");
            child.wait().expect("it is a child");
        }
    }
}

/// A command line as the system wants it.
struct Line {
    program: CString,
    arguments: [CString; 2],
    environment: Vec<CString>,
}

impl Line {
    fn new(pid_log: &PidLog) -> Self {
        let program = CString::new(IDLE).expect("a path");
        let pid_log = CString::new(pid_log.path().as_os_str().as_bytes()).expect("a path");
        let environment = std::env::vars_os().map(|(name, value)| {
            CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).expect("it came from the system")
        });
        Self { environment: environment.collect(), arguments: [program.clone(), pid_log], program }
    }

    fn spawn(&self) -> Pid {
        let Self { program, arguments, environment } = self;
        let actions = PosixSpawnFileActions::init().expect("it takes no more than initialising");
        let attributes = PosixSpawnAttr::init().expect("it takes no more than initialising");
        posix_spawn(program.as_c_str(), &actions, &attributes, arguments, environment)
            .expect("it can be started")
    }
}

fn ask(pid: Pid) {
    kill(pid, Signal::SIGTERM).expect("it is ours");
}

fn wait(pid: Pid) {
    waitpid(pid, None).expect("it is ours");
}
