//! What a service manager hears, and when.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use rootward_core::{ChildSpec, Supervisor, Tree};
use tokio::runtime::{Builder, Runtime};

use super::ServiceManager;
use super::policy::ManagerMessage;
use super::socket::NotifySocket;

const SECOND: Duration = Duration::from_secs(1);

/// A service manager of the test's own.
struct Received {
    socket: UnixDatagram,
    _directory: Option<tempfile::TempDir>,
}

impl Received {
    /// The next message's lines.
    fn next(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).expect("a message comes before the backstop");
        std::str::from_utf8(&bytes[..length]).unwrap().lines().map(str::to_owned).collect()
    }

    /// All lines up to one that is looked for.
    fn until(&self, wanted: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.starts_with(wanted)) {
            lines.extend(self.next());
        }
        lines
    }
}

fn manager(watchdog: Option<Duration>) -> (ServiceManager, Received) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let received = UnixDatagram::bind(&path).unwrap();
    (ServiceManager { socket: at(path.as_path()), watchdog }, listening(received, Some(directory)))
}

fn listening(socket: UnixDatagram, _directory: Option<tempfile::TempDir>) -> Received {
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    Received { socket, _directory }
}

fn at(path: &Path) -> NotifySocket {
    NotifySocket::at(path.as_os_str()).unwrap()
}

fn obedient(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

fn tree(runtime: &Runtime, deadline: Duration) -> Tree {
    let _inside = runtime.enter();
    Supervisor::new("root").child(obedient("a")).into_tree().unwrap().deadline(deadline).launch()
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn readiness_and_the_stop_are_told() {
    let (manager, received) = manager(None);
    let runtime = runtime();
    let tree = tree(&runtime, SECOND * 10);

    manager.attach(&tree).unwrap();

    assert!(received.until("READY=1").iter().all(|line| !line.starts_with("STOPPING")));
    runtime.block_on(tree.stop());
    let stop = received.until("STATUS=stopped");
    let told = |wanted| stop.iter().position(|line| line == wanted);
    assert!(told("STOPPING=1").is_some(), "{stop:?}");
    assert!(told("EXTEND_TIMEOUT_USEC=5000000") > told("STOPPING=1"), "{stop:?}");
}

#[test]
fn the_watchdog_hears_of_supervisors_that_answer_and_of_no_others() {
    let (manager, received) = manager(Some(Duration::from_millis(20)));
    let runtime = runtime();
    let tree = tree(&runtime, SECOND * 10);
    manager.attach(&tree).unwrap();
    received.until("READY=1");
    for _ in 0..3 {
        received.until("WATCHDOG=1");
    }

    // The runtime's only worker is blocked, as by foreign code.
    let (blocked, has_blocked) = std::sync::mpsc::channel();
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    runtime.spawn(async move {
        blocked.send(()).unwrap();
        let _ = waits.recv();
    });
    has_blocked.recv().unwrap();

    // What had been told before, however far behind this thread is.
    let mut bytes = [0; 64];
    received.socket.set_nonblocking(true).unwrap();
    while received.socket.recv(&mut bytes).is_ok() {}
    received.socket.set_nonblocking(false).unwrap();

    // One answer may have been on its way.
    received.socket.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let mut seen = 0;
    while received.socket.recv(&mut bytes).is_ok() {
        seen += 1;
    }
    assert!(seen <= 1, "{seen} messages of twenty");
    drop(go_on);
}

#[test]
fn a_reload_is_told_from_its_beginning_to_its_end_also_if_it_panics() {
    let (manager, received) = manager(None);
    let runtime = runtime();
    let tree = tree(&runtime, SECOND * 10);
    let reloads = manager.attach(&tree).unwrap();
    received.until("READY=1");

    assert_eq!(reloads.reload(|| 7), 7);
    let lines = received.until("READY=1");
    let begun = lines.iter().position(|line| line == "RELOADING=1").unwrap();
    assert!(lines[begun + 1].starts_with("MONOTONIC_USEC="), "{lines:?}");

    let panics = std::panic::AssertUnwindSafe(|| reloads.reload(|| panic!("no such file")));
    assert!(std::panic::catch_unwind(panics).is_err());
    received.until("RELOADING=1");
    received.until("READY=1");
}

#[test]
fn an_abstract_socket_is_reached() {
    let name = format!("rootward-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let received = listening(UnixDatagram::bind_addr(&address).unwrap(), None);

    NotifySocket::at(&OsString::from(format!("@{name}")))
        .unwrap()
        .tell(&[ManagerMessage::Ready, ManagerMessage::Stopping]);

    assert_eq!(received.next(), ["READY=1", "STOPPING=1"]);
}

#[test]
fn a_socket_that_is_not_read_holds_up_nothing() {
    let (manager, _received) = manager(None);

    for _ in 0..10_000 {
        manager.socket.tell(&[ManagerMessage::Watchdog]);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    assert!(NotifySocket::at("relative/path".as_ref()).is_err());
    assert!(NotifySocket::at("".as_ref()).is_err());
}
