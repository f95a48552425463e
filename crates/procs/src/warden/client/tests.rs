//! How handles let go of a warden.

use std::process::{Child, Command};
use std::time::Instant;

use super::*;

#[test]
fn the_drop_of_the_last_handle_waits_for_nothing() {
    let quickest = (0..10).map(|_| {
        let (handle, mut warden) = given_a_warden_that_stays();

        #[expect(clippy::disallowed_methods, reason = "a handle that waits, waits for real time to pass")]
        let begun = Instant::now();
        drop(handle);
        let elapsed = begun.elapsed();

        warden.kill().unwrap();
        elapsed
    });

    // One of them was not kept waiting by others that want the processor.
    assert!(quickest.min() < Some(Duration::from_millis(100)));
}

#[test]
fn a_warden_that_ends_after_its_last_handle_is_reaped() {
    let (handle, warden) = given_a_warden_that_stays();
    let pid = i32::try_from(warden.id()).unwrap();
    drop(handle);

    sys::send(sys::open(pid).unwrap(), libc::SIGKILL).unwrap();

    // There is no such process, or there is another one, only after it has been reaped.
    while parent_of(pid) == Some(std::process::id()) {
        thread::yield_now();
    }
}

/// As if the constructor of another library blocked.
#[test]
fn a_warden_that_does_not_answer_is_killed_and_is_an_error_that_does_not_pass() {
    let pid = given_a_process().id().try_into().unwrap();
    let (socket, _its_end) = sys::pair().unwrap();

    let error = Warden::begin_within(Duration::from_millis(1), pid, sys::open(pid).unwrap(), socket, false)
        .unwrap_err();

    let WardenError::Io(source) = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::TimedOut);
    assert!(error.passing().is_err());
    // It is reaped, so that it has ended.
    while parent_of(pid) == Some(std::process::id()) {
        thread::yield_now();
    }
}

/// A process that is held like a warden, and does not go when it is let go.
fn given_a_warden_that_stays() -> (Warden, Child) {
    let process = given_a_process();
    let pid = process.id().try_into().unwrap();
    let (socket, _its_end) = sys::pair().unwrap();
    let shared = Arc::new(SharedClient {
        pid,
        socket,
        pidfd: sys::open(pid).unwrap(),
        state: Mutex::default(),
        changed: Condvar::new(),
        pool: Pool::default(),
        died: watch::Sender::new(false),
    });
    let client = WardenClient {
        shared,
        inherited: Inherited::as_it_is().unwrap(),
        said_without_cgroup: AtomicBool::new(false),
        cgroup: false,
        watcher: Once::new(),
        trimmer: Once::new(),
    };
    (Warden(Arc::new(client)), process)
}

fn given_a_process() -> Child {
    Command::new("sleep").arg("1000").spawn().unwrap()
}

fn parent_of(pid: i32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
