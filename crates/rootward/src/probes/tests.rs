//! Probes of real trees, over real sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use rootward_core::{ChildSpec, EventKind, Events, Restart, Supervisor, Tree};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::{Probe, ProbeAnswer, Probes, ProbesGuard, ask};

/// Long enough for a loaded machine.
const BACKSTOP: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn obedient(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

fn launch(runtime: &Runtime, root: Supervisor, drain: Duration) -> Tree {
    let _inside = runtime.enter();
    root.into_tree().unwrap().drain_delay(drain).deadline(BACKSTOP * 2).launch()
}

fn answering(tree: &Tree) -> ProbesGuard {
    Probes::bind("127.0.0.1:0").unwrap().attach(tree).unwrap()
}

fn asked(probes: &ProbesGuard, probe: Probe) -> ProbeAnswer {
    ask(&probes.address().to_string(), probe, BACKSTOP).unwrap()
}

/// Asks until it passes or fails as is wanted: what is known of the children is a little old.
fn asked_until(probes: &ProbesGuard, probe: Probe, passes: bool) -> ProbeAnswer {
    let begin = SystemTime::now();
    loop {
        let answer = asked(probes, probe);
        if answer.passes == passes {
            return answer;
        }
        let is_early = begin.elapsed().is_ok_and(|elapsed| elapsed < BACKSTOP);
        assert!(is_early, "it should come to pass: {passes}, and says: {}", answer.text);
    }
}

fn read_until(events: &mut Events, wanted: impl Fn(&EventKind) -> bool) {
    let look =
        async { while !wanted(&events.next().await.unwrap().expect("it comes before the end").what) {} };
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let found = runtime.block_on(async { tokio::time::timeout(BACKSTOP, look).await });
    found.expect("it comes in time");
}

/// What is answered to these bytes.
fn exchanged(probes: &ProbesGuard, request: &str) -> String {
    let mut socket = TcpStream::connect(probes.address().to_string()).unwrap();
    socket.set_read_timeout(Some(BACKSTOP)).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_tree_is_live_before_it_has_started_and_ready_when_all_of_it_is() {
    let runtime = runtime();
    let gate = Arc::new(Notify::new());
    let opens = Arc::clone(&gate);
    let slow = ChildSpec::service("slow", move |cx| {
        let gate = Arc::clone(&gate);
        async move {
            gate.notified().await;
            cx.ready();
            cx.stopping().await;
        }
    });
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("db")).child(slow), Duration::ZERO);
    let probes = answering(&tree);

    assert!(asked(&probes, Probe::Live).passes);
    assert!(!asked(&probes, Probe::Startup).passes);
    let answer = asked(&probes, Probe::Ready);
    assert!(!answer.passes);
    assert!(answer.text.contains("[-]started the tree has not started\n"), "{}", answer.text);

    opens.notify_one();
    runtime.block_on(tree.started()).unwrap();
    let answer = asked_until(&probes, Probe::Ready, true);
    assert!(
        answer.text.contains("[+]root/db ok\n") && answer.text.contains("[+]root/slow ok\n"),
        "{}",
        answer.text
    );
    assert!(asked(&probes, Probe::Startup).passes);
}

#[test]
fn a_child_that_is_down_until_its_restart_makes_the_tree_unready_and_not_dead() {
    let runtime = runtime();
    let crash = Arc::new(Notify::new());
    let crashes = Arc::clone(&crash);
    let worker = ChildSpec::service("worker", move |cx| {
        let crash = Arc::clone(&crash);
        async move {
            if cx.incarnation() == 1 {
                cx.ready();
                crash.notified().await;
                return Err("crash");
            }
            // It is never ready again.
            cx.stopping().await;
            Ok(())
        }
    });
    let root = Supervisor::new("root").child(worker);
    let tree = launch(&runtime, root, Duration::ZERO);
    runtime.block_on(tree.started()).unwrap();
    let probes = answering(&tree);
    assert!(asked_until(&probes, Probe::Ready, true).passes);

    crashes.notify_one();

    let answer = asked_until(&probes, Probe::Ready, false);
    assert!(answer.text.starts_with("[-]root/worker "), "{}", answer.text);
    assert!(asked(&probes, Probe::Live).passes);
}

#[test]
fn a_temporary_child_that_is_not_ready_counts_for_nothing() {
    let runtime = runtime();
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("web")), Duration::ZERO);
    runtime.block_on(tree.started()).unwrap();
    let root = tree.root().unwrap();
    let visitor = ChildSpec::service("visitor", |cx| async move { cx.stopping().await });
    let mut events = tree.events();
    let _inside = runtime.enter();
    #[expect(
        clippy::disallowed_methods,
        reason = "the start of this child waits for ever, and the test does not"
    )]
    tokio::spawn(async move { drop(root.start_child(visitor.restart(Restart::Temporary)).await) });
    read_until(&mut events, |what| matches!(what, EventKind::Starting));
    let probes = answering(&tree);

    let answer = asked(&probes, Probe::Ready);

    assert!(answer.passes, "{}", answer.text);
    assert!(!answer.text.contains("visitor"), "{}", answer.text);
}

#[test]
fn from_the_first_request_to_stop_on_it_is_not_ready_while_it_drains_and_when_it_is_gone() {
    let runtime = runtime();
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("web")), BACKSTOP);
    runtime.block_on(tree.started()).unwrap();
    let probes = answering(&tree);
    let mut events = tree.events();
    assert!(asked_until(&probes, Probe::Ready, true).passes);

    tree.request_stop();
    read_until(&mut events, |what| matches!(what, EventKind::Draining { .. }));
    let draining = asked(&probes, Probe::Ready);
    assert!(!tree.is_stopping(), "the children run while it drains");
    tree.force();
    runtime.block_on(tree.wait());
    let gone = asked(&probes, Probe::Ready);

    for answer in [draining, gone] {
        assert!(!answer.passes);
        assert!(answer.text.contains("[-]not stopping a stop has been asked for\n"), "{}", answer.text);
    }
    assert!(asked(&probes, Probe::Startup).passes, "it has started");
    assert!(asked(&probes, Probe::Live).passes, "it does not hang");
}

#[test]
fn supervisors_whose_threads_are_blocked_are_not_live_and_the_probe_is_answered() {
    let runtime = runtime();
    let release = Arc::new(AtomicBool::new(false));
    let blocked = Arc::clone(&release);
    // The tree's only thread.
    let blocks = ChildSpec::service("blocks", move |cx| {
        let blocked = Arc::clone(&blocked);
        async move {
            cx.ready();
            while !blocked.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        }
    });
    let root = Supervisor::new("root").child(blocks.restart(Restart::Temporary)).child(obedient("web"));
    let tree = launch(&runtime, root, Duration::ZERO);
    let probes = answering(&tree);

    let answer = asked_until(&probes, Probe::Live, false);
    release.store(true, Ordering::Relaxed);

    assert!(answer.text.contains("[-]supervisors they do not answer\n"), "{}", answer.text);
    assert!(asked_until(&probes, Probe::Live, true).passes);
}

#[test]
fn only_get_and_head_of_the_three_paths_are_answered() {
    let runtime = runtime();
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("web")), Duration::ZERO);
    runtime.block_on(tree.started()).unwrap();
    let probes = answering(&tree);
    let answered = |request: &str| exchanged(&probes, &format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n"));

    assert!(answered("GET /livez").ends_with("\r\n\r\nok\n"));
    assert!(answered("GET /readyz?verbose").contains("[+]root/web ok\n"));
    assert!(
        answered("HEAD /readyz").starts_with("HTTP/1.1 200 ") && !answered("HEAD /readyz").contains("ok\n")
    );
    assert!(answered("POST /livez").starts_with("HTTP/1.1 405 "));
    assert!(answered("GET /metrics").starts_with("HTTP/1.1 404 "));
    assert!(exchanged(&probes, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

#[test]
fn clients_that_say_nothing_keep_no_probe_from_its_answer() {
    let runtime = runtime();
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("web")), Duration::ZERO);
    let probes = answering(&tree);
    let silent = || TcpStream::connect(probes.address().to_string()).unwrap();

    let _silent: Vec<_> = (0..super::run::CONNECTIONS + 2).map(|_| silent()).collect();

    assert!(asked(&probes, Probe::Live).passes, "their time is limited");
}

#[test]
fn a_unix_socket_answers_replaces_an_abandoned_one_and_leaves_with_its_guard() {
    let runtime = runtime();
    let tree = launch(&runtime, Supervisor::new("root").child(obedient("web")), Duration::ZERO);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("probes");
    let address = format!("unix:{}", path.display());
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "it has been abandoned");

    let probes = Probes::bind(&address).unwrap().attach(&tree).unwrap();

    assert!(asked(&probes, Probe::Live).passes);
    assert!(Probes::bind(&address).is_err(), "it is in use");
    drop(probes);
    assert!(!path.exists());
}

#[test]
fn an_address_that_makes_no_sense_is_an_error_that_shows_how_one_looks() {
    for address in ["", "8086", "localhost", "unix:", "0.0.0.0"] {
        let error = Probes::bind(address).unwrap_err();

        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{address}");
    }
}
