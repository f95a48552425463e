//! A program with a door.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use rootward_observer::Door;

use super::*;

#[test]
fn a_program_is_observed_from_its_first_event_to_its_last() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    let (signals, source) = SignalSource::channel();
    let program = Application::new(Supervisor::new("root").child(obedient("a"))).observe(Door::unix(&path));
    let mut program = program.signal_source(source).prepare().unwrap();
    let mut events = program.subscribe();
    let program = thread::spawn(move || program.run().unwrap());
    read_until(&mut events, "started", "root").unwrap();

    let mut watcher = UnixStream::connect(&path).unwrap();
    watcher.set_read_timeout(Some(PATIENCE)).unwrap();
    watcher.write_all(b"GET /events?since=0 HTTP/1.1\r\nHost: door\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("id: 4\n") {
        let mut part = [0; 4096];
        let count = watcher.read(&mut part).unwrap();
        assert_ne!(count, 0, "the door closes: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..count]);
    }
    signals.send(Signal::TERM);
    watcher.read_to_end(&mut seen).unwrap();

    assert_eq!(program.join().unwrap().status(), 0);
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.contains("id: 1\n") && seen.contains("event: end\n"), "{seen}");
}

#[test]
fn a_program_whose_door_cannot_be_had_does_not_begin() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    std::fs::write(&path, "not a socket").unwrap();
    let program = Application::new(Supervisor::new("root").child(done("job"))).observe(Door::unix(&path));
    let mut program = program.signal_source(SignalSource::channel().1).prepare().unwrap();
    let mut events = program.subscribe();

    let refused = program.run();

    assert!(matches!(refused, Err(RunError::Door(_))), "{refused:?}");
    assert!(events.blocking_next().unwrap().is_none(), "nothing has happened");
}
