//! A running demo: its events as they come, and a way to end it whatever happens.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{LazyLock, Once};
use std::thread::{self, JoinHandle};

use jsonschema::Validator;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rootward_tests::{BACKSTOP, strict_schema, wait_in_time};
use serde_json::Value;

use super::{Temp, check_order};

/// What is said of a line of the record, and of the report. Whatever a demo of these tests writes is held against it,
/// and has no names besides.
static EVENTS: LazyLock<Validator> = LazyLock::new(|| described_in("events-1.json"));
static REPORT: LazyLock<Validator> = LazyLock::new(|| described_in("report-1.json"));

fn described_in(name: &str) -> Validator {
    jsonschema::validator_for(&strict_schema(name)).expect("the schema can be used")
}

fn is_as_described(schema: &Validator, document: &Value) {
    if let Err(error) = schema.validate(document) {
        panic!("{error} at {}: {document:#}", error.instance_path());
    }
}

/// A demo that runs with `--events -` and `--report`.
pub(crate) struct Demo {
    child: Child,
    events: Receiver<Value>,
    seen: Vec<Value>,
    stderr: Option<JoinHandle<String>>,
    said: Receiver<String>,
    temp: Temp,
    over: bool,
}

/// What a demo left behind when it had ended.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) events: Vec<Value>,
    pub(crate) stderr: String,
    temp: Temp,
}

impl Demo {
    /// Starts the demo with these arguments, `--events -` and `--report`.
    pub(crate) fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self::start_with(args, |_| {})
    }

    /// Starts it after a last change of the command.
    pub(crate) fn start_with(
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        change: impl FnOnce(&mut Command),
    ) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(rootward_tests::hear_the_terminal);
        let temp = Temp::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        command.args(args).arg("--events=-").arg("--report").arg(temp.path("report.json"));
        // A group of its own: a program below an init that ends can make its group an orphaned one, and then the
        // kernel hangs up on all of it, if a test has suspended one of its members.
        command.process_group(0);
        // On a busy machine it takes a task that panics seconds to find the names of its calls. That is a stall.
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the demo has been built");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let (sender, said) = mpsc::channel();
        // Some tests put something else there.
        let stderr = child.stderr.take().map(|stderr| collect(stderr, sender));
        let (sender, events) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.expect("events are UTF-8");
                let event: Value =
                    serde_json::from_str(&line).expect("an event is one JSON object on one line");
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self { child, events, seen: Vec::new(), stderr, said, temp, over: false }
    }

    /// Starts the demo with a tree file.
    pub(crate) fn run(tree: &std::path::Path) -> Self {
        Self::start([OsStr::new("run"), tree.as_os_str()])
    }

    /// Waits for an event of this name at this path, also among those that have come already.
    pub(crate) fn wait_for(&mut self, event: &str, path: &str) -> Value {
        self.wait_until(|candidate| candidate["event"] == event && candidate["path"] == path)
    }

    /// Waits for an event, also among those that have come already.
    pub(crate) fn wait_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(event) = self.seen.iter().find(|event| wanted(event)) {
            return event.clone();
        }
        loop {
            match self.events.recv_timeout(BACKSTOP) {
                Ok(event) => self.seen.push(event),
                Err(error) => panic!("{error}; the events were {:#?}", self.seen),
            }
            if let Some(event) = self.seen.last().filter(|event| wanted(event)) {
                return event.clone();
            }
        }
    }

    /// Waits until the whole tree has started.
    pub(crate) fn wait_for_start(&mut self) {
        self.wait_until(|event| event["event"] == "started" && is_root(event));
    }

    /// Waits until a line on its standard error begins like this, and answers with the rest of it.
    pub(crate) fn wait_for_line(&self, beginning: &str) -> String {
        loop {
            let line = self.said.recv_timeout(BACKSTOP).expect("it says that");
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the demo is our child and has not been waited for");
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }

    /// Waits until the demo has ended. Its record then has to keep all rules of the contract.
    pub(crate) fn finish(self) -> Finished {
        let finished = self.finish_unchecked();
        check_order(&finished.events);
        finished
    }

    /// Waits until the demo has ended, for runs that leave before the root has stopped.
    pub(crate) fn finish_unchecked(mut self) -> Finished {
        loop {
            match self.events.recv_timeout(BACKSTOP) {
                Ok(event) => self.seen.push(event),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("{error}; the events were {:#?}", self.seen),
            }
        }
        let status = wait_in_time(&mut self.child);
        self.over = true;
        let stderr = self.stderr.take().map(|stderr| stderr.join().expect("its messages are UTF-8"));
        let temp = std::mem::replace(&mut self.temp, Temp::new());
        self.seen.iter().for_each(|event| is_as_described(&EVENTS, event));
        // A demo that is killed may leave a part of it, and one that leaves at once has none.
        if status.code().is_some() && temp.path("report.json").exists() {
            is_as_described(&REPORT, &temp.json("report.json"));
        }
        Finished { status, events: std::mem::take(&mut self.seen), stderr: stderr.unwrap_or_default(), temp }
    }
}

impl Finished {
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("the demo was ended by a signal: {}", self.status))
    }

    pub(crate) fn report(&self) -> Value {
        self.temp.json("report.json")
    }

    /// The names of the events at a path, in order, without its output.
    pub(crate) fn story(&self, path: &str) -> Vec<&str> {
        self.at(path).filter(|name| *name != "output").collect()
    }

    /// The first event of this name at this path.
    pub(crate) fn event(&self, name: &str, path: &str) -> &Value {
        let found = self.events.iter().find(|event| event["event"] == name && event["path"] == path);
        found.unwrap_or_else(|| panic!("no `{name}` of {path} among {:#?}", self.events))
    }

    /// The same without the workers that the sample task `respawn` starts below itself, whose number is a matter of
    /// time.
    pub(crate) fn described_paths(&self, event: &str) -> Vec<&str> {
        self.paths(event).into_iter().filter(|path| !path.contains("/task-")).collect()
    }

    /// The paths that an event of this name was written about, in order.
    pub(crate) fn paths(&self, name: &str) -> Vec<&str> {
        let named = self.events.iter().filter(|event| event["event"] == name);
        named.map(|event| event["path"].as_str().expect("every event has a path")).collect()
    }

    fn at(&self, path: &str) -> impl Iterator<Item = &str> {
        let there = self.events.iter().filter(move |event| event["path"] == path);
        there.map(|event| event["event"].as_str().expect("every event has a name"))
    }
}

impl Drop for Demo {
    /// A test that fails leaves nothing behind: neither the demo nor the processes that it started.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let _ = kill(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
        self.seen.extend(self.events.try_iter());
        for group in still_running(&self.seen) {
            // The demo has just been killed, and the kernel gives no process id that is still in use to another
            // process.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// The processes that were started and have not ended, as far as a record tells.
fn still_running(events: &[Value]) -> Vec<Pid> {
    let mut running = std::collections::BTreeMap::new();
    for event in events {
        match (event["event"].as_str(), event["pid"].as_i64()) {
            (Some("started"), Some(pid)) => {
                running.insert(event["path"].as_str(), pid);
            }
            (Some("exited" | "stopped"), _) => {
                running.remove(&event["path"].as_str());
            }
            _ => {}
        }
    }
    running.into_values().filter_map(|pid| Some(Pid::from_raw(pid.try_into().ok()?))).collect()
}

fn is_root(event: &Value) -> bool {
    event["path"].as_str().is_some_and(|path| !path.contains('/'))
}

/// Reads all of its standard error, and passes on each line as it comes.
fn collect(stderr: ChildStderr, sender: Sender<String>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        for line in BufReader::new(stderr).lines() {
            let line = line.expect("messages are UTF-8");
            text.push_str(&line);
            text.push('\n');
            // Few tests listen.
            let _ = sender.send(line);
        }
        text
    })
}
