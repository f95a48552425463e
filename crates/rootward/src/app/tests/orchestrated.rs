//! Programs that an orchestrator starts, probes, drains and stops.

use std::time::SystemTime;

use crate::probes::{Probe, ask};

use super::*;

const BACKSTOP: Duration = Duration::from_secs(60);

fn probed(directory: &tempfile::TempDir) -> String {
    format!("unix:{}", directory.path().join("probes").display())
}

#[test]
fn a_program_is_ready_until_the_first_signal_drains_and_stops_at_the_second() {
    let directory = tempfile::tempdir().unwrap();
    let address = probed(&directory);
    let (signals, source) = SignalSource::channel();
    let mut prepared = Application::new(Supervisor::new("root").child(obedient("web")))
        .signal_source(source)
        .deadline(BACKSTOP * 4)
        .drain_delay(BACKSTOP * 2)
        .probes(&address)
        .prepare()
        .unwrap();
    let (mut events, whole) = (prepared.subscribe(), prepared.subscribe());
    let program = thread::spawn(move || prepared.run().unwrap());
    read_until(&mut events, "started", "root").unwrap();
    assert!(ask(&address, Probe::Startup, BACKSTOP).unwrap().passes);
    let begin = SystemTime::now();
    while !ask(&address, Probe::Ready, BACKSTOP).unwrap().passes {
        assert!(begin.elapsed().is_ok_and(|elapsed| elapsed < BACKSTOP), "it does not become ready");
    }

    signals.send(Signal::INT);
    let draining = read_until(&mut events, "draining", "root").unwrap();
    let answer = ask(&address, Probe::Ready, BACKSTOP).unwrap();
    let finished = three_signals_lead_out(&signals, whole, program);

    let cause = StopCause::Signal("SIGINT");
    assert_eq!(draining.what, EventKind::Draining { cause, delay: BACKSTOP * 2 });
    assert!(!answer.passes, "{}", answer.text);
    assert_eq!(finished.stop_report().unwrap().cause, cause);
    assert!(ask(&address, Probe::Live, BACKSTOP).is_err(), "the socket has left with the program");
}

#[test]
fn an_address_that_is_taken_is_an_error_and_nothing_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = Application::new(Supervisor::new("root").child(obedient("web")));

    let refused = program.signal_source(SignalSource::channel().1).probes(&address).prepare().unwrap().run();

    let error = refused.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot answer probes at {address}: ")), "{error}");
    assert_eq!(error.status(), 1);
}

#[test]
fn the_termination_message_says_first_what_was_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("message");
    let (release, blocked) = mpsc::channel();
    let (signals, source) = SignalSource::channel();
    let mut root = Supervisor::new("root").child(blocking("blocks", blocked));
    for number in 0..200 {
        root = root.child(obedient(&format!("worker-with-a-long-name-{number}")));
    }
    let application = Application::new(root).signal_source(source).deadline(Duration::from_millis(300));
    let mut prepared = application.prepare().unwrap();
    let mut events = prepared.subscribe();

    let program = thread::spawn(move || prepared.run().unwrap());
    read_until(&mut events, "started", "root").unwrap();
    signals.send(Signal::TERM);
    let finished = program.join().unwrap();
    finished.write_termination_message(&file).unwrap();

    let message = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = message.lines().collect();
    assert!(message.len() <= 4096, "{}", message.len());
    assert!(lines[0].starts_with("incomplete · signal SIGTERM · "), "{message}");
    assert!(
        lines.iter().any(|line| line.starts_with("  root/blocks (task): inside one poll for ")),
        "{message}"
    );
    assert!(lines.last().unwrap().ends_with(" more lines"), "{message}");
    drop(release);
}

/// What the tree's end stands for is not always what the program ends with.
#[cfg(all(feature = "systemd", target_os = "linux"))]
#[test]
fn the_service_manager_is_told_the_status_with_which_the_program_ends() {
    use crate::app::exit_rules::ExitRules;
    use crate::app::service_manager::ExitTeller;
    use crate::systemd::ExitNotifier;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(BACKSTOP)).unwrap();
    let missing = Some("/no/such/directory/message".into());
    let rules = || ExitRules { exit_teller: ExitTeller::of(ExitNotifier::at(&path)), ..ExitRules::default() };
    let program = Application::new(Supervisor::new("root").child(obedient("worker")));
    let stopped = program.signal_source(SignalSource::channel().1).on_launch(|tree| {
        tokio::runtime::Handle::current().block_on(tree.started()).unwrap();
        tree.request_stop();
    });
    let stopped = stopped.prepare().unwrap().run().unwrap();
    let left = Finished::Left { status: 130, report: None };

    for (rules, finished, status) in [
        (rules(), &stopped, 0),
        (ExitRules { termination_message: missing.clone(), ..rules() }, &stopped, 1),
        (ExitRules { termination_message: missing, ..rules() }, &left, 130),
    ] {
        let ended = rules.say(finished);

        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        assert_eq!(std::str::from_utf8(&bytes[..length]), Ok(&*format!("EXIT_STATUS={status}\n")));
        assert_eq!(format!("{ended:?}"), format!("{:?}", ExitCode::from(status)));
    }
}
