//! What the demo tells the service manager that has started it.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::thread;

use rootward_tests::BACKSTOP;

use crate::support::{InTime as _, Temp};

/// The tree was told of, while a termination message, a report or a picture that could not be written made the status
/// another one.
#[test]
fn the_service_manager_is_told_last_the_status_with_which_the_demo_ends() {
    let temp = Temp::new();
    let good =
        temp.write("good.toml", "[[children]]\nid = 'a'\nrestart = 'temporary'\ntask.run = 'finish'\n");
    let hands_on = temp.write(
        "hands_on.toml",
        "exit_status_from = 'root/a'\nauto_shutdown = 'any_significant'\n[[children]]\nid = 'a'\n\
         restart = 'temporary'\nsignificant = true\nprocess = { command = ['sh', '-c', 'exit 7'] }\n",
    );
    let forced = temp.write(
        "forced.toml",
        "auto_shutdown = 'any_significant'\n[[children]]\nid = 'deaf'\nshutdown = '10ms'\n\
         task.run = 'ignore_stop'\n[[children]]\nid = 'a'\nrestart = 'temporary'\nsignificant = true\n\
         task.run = 'finish'\n",
    );
    let refused = "/no/such/directory/message";
    for (tree, options, status) in [
        (&good, &[][..], 0),
        (&good, &["--termination-message", refused], 1),
        (&good, &["--events", "/dev/full"], 1),
        (&good, &["--report", "/dev/full"], 1),
        (&good, &["--timeline", "/dev/full"], 1),
        // These keep the demo from beginning, or from opening what was asked for.
        (&good, &["--events", "/no/such/directory/events"], 2),
        (&good, &["--observe", "/no/such/directory/door"], 2),
        (&good, &["--probes", "unix:/no/such/directory/probes"], 2),
        // Where more than one applies: 1 before 3.
        (&forced, &[], 3),
        (&forced, &["--termination-message", refused], 1),
        (&forced, &["--report", "/dev/full"], 1),
        (&hands_on, &[], 7),
        (&hands_on, &["--termination-message", refused], 7),
    ] {
        let manager = ServiceManager::new();
        let mut demo = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
        demo.arg("run").arg(tree).args(["--view", "none"]).args(options).stdin(Stdio::null());

        let ended = demo.env("NOTIFY_SOCKET", manager.address()).output_in_time();

        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(status), "{options:?}: {said}");
        let told = manager.finish();
        let of_the_end: Vec<_> = told.iter().filter(|line| line.starts_with("EXIT_STATUS=")).collect();
        assert_eq!(of_the_end, [&format!("EXIT_STATUS={status}")], "{options:?}: {told:?}");
        assert_eq!(told.last(), Some(of_the_end[0]), "{options:?}: {told:?}");
    }
}

/// A service manager of the test's own, which reads what it is told as it comes: its socket keeps only a few messages.
struct ServiceManager {
    temp: Temp,
    reads: thread::JoinHandle<Vec<String>>,
}

impl ServiceManager {
    fn new() -> Self {
        let temp = Temp::new();
        let socket = UnixDatagram::bind(temp.path("notify")).expect("the directory is the test's own");
        socket.set_read_timeout(Some(BACKSTOP)).expect("the time is not zero");
        let read = move || {
            let (mut told, mut message) = (Vec::new(), [0; 4096]);
            loop {
                let length = socket.recv(&mut message).expect("a message comes before the backstop");
                // The test's own.
                if length == 0 {
                    return told;
                }
                let text = std::str::from_utf8(&message[..length]).expect("messages are texts");
                told.extend(text.lines().map(str::to_owned));
            }
        };
        Self { temp, reads: thread::spawn(read) }
    }

    fn address(&self) -> std::path::PathBuf {
        self.temp.path("notify")
    }

    /// All lines of all messages.
    fn finish(self) -> Vec<String> {
        let over = UnixDatagram::unbound().expect("there is a descriptor");
        over.send_to(&[], self.address()).expect("the thread reads");
        self.reads.join().expect("it does not panic")
    }
}
