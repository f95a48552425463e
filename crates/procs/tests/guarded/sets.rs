//! Every descendant of a process child belongs to it, wherever it goes.

use std::time::Duration;

use rootward_core::{ChildSpec, EventKind, Exit, Outcome, Restart};

use crate::given::{Given, is_alive, line, script, shell, tree};

/// A shell that does this in a session of its own, and writes its process id.
fn apart(script: &str) -> String {
    format!("setsid sh -c 'echo $$; {script}' &")
}

#[tokio::test]
async fn a_process_that_has_left_the_session_is_asked_to_go_once_and_is_clean() {
    let helper = apart(r#"trap "echo asked; exit" TERM; echo ready; while :; do :; done"#);
    let mut given = script(&format!("{helper} exec sleep 1000"));
    let pid = given.line().await.parse().unwrap();
    given.wait_for_line("ready").await;

    let report = given.stop().await;

    assert_eq!((report.outcome, report.forced), (Outcome::Graceful, false));
    assert_eq!(
        report.stragglers.iter().map(|it| (it.pid, it.outcome)).collect::<Vec<_>>(),
        [(pid, Outcome::Graceful)]
    );
    assert_eq!(given.lines().await, ["asked"]);
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_process_that_has_left_the_session_and_will_not_go_is_killed_and_named() {
    let helper = apart(r#"trap "" TERM; echo ready; exec sleep 1001"#);
    let process = shell(&format!("({helper}) & wait; exec sleep 1000")).into_child("child");
    // Within this grace the shell's end is noticed, or it would have left nothing behind.
    let mut given = tree([process.shutdown(Duration::from_secs(3))]);
    let pid = given.line().await.parse().unwrap();
    given.wait_for_line("ready").await;

    let report = given.stop().await;

    assert!(report.forced);
    assert_eq!(
        report.stragglers.iter().map(|it| (it.pid, it.outcome)).collect::<Vec<_>>(),
        [(pid, Outcome::Killed)]
    );
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_daemon_is_ended_before_its_starter_counts_as_ended() {
    let daemon = format!(
        "({} exit 0) & wait; until [ -s pid ]; do :; done; exit 7",
        apart("echo $$ > pid; exec sleep 1000")
    );
    let dir = tempfile::tempdir().unwrap();
    let mut given = tree([shell(&daemon).current_dir(dir.path()).into_child("child")]);
    let pid = given.line().await.parse().unwrap();

    let exit = given.exit().await;

    assert_eq!(exit, Exit::Code(7));
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_process_that_keeps_hopping_is_brought_down() {
    // Every generation starts the next one in a session of its own, and leaves.
    let hopper = "echo 'setsid sh ./hop & exit 0' > hop; echo hopping; exec sh ./hop";
    let dir = tempfile::tempdir().unwrap();
    let process = shell(hopper).current_dir(dir.path()).straggler_grace(Duration::from_millis(50));
    let mut given = tree([process.into_child("child").restart(Restart::Temporary)]);
    given.wait_for_line("hopping").await;

    assert_eq!(given.exit().await, Exit::Code(0));
}

#[tokio::test]
async fn a_restart_begins_when_no_process_of_the_former_incarnation_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "[ -s pid ] && {{ kill -0 $(cat pid) 2>/dev/null && echo alive || echo gone; exec sleep 1000; }}; {} until [ -s pid ]; do :; done; exit 1",
        apart(r#"trap "" TERM; echo $$ > pid; exec sleep 1000"#)
    );
    let process = shell(&script).current_dir(dir.path()).straggler_grace(Duration::from_millis(50));
    let child: ChildSpec = process.into_child("child").restart(Restart::Transient);
    let mut given = tree_that_restarts(child);

    let told = given.event(|event| line(event).filter(|line| line == "alive" || line == "gone")).await;

    assert_eq!(told, "gone");
    given.stop().await;
}

fn tree_that_restarts(child: ChildSpec) -> Given {
    crate::given::tree_with_intensity(1, [child])
}

#[tokio::test]
async fn five_hundred_starts_leave_no_descriptor_behind() {
    let containment = crate::containment();
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let of_warden = || {
        let warden = containment.warden().unwrap().pid();
        std::fs::read_dir(format!("/proc/{warden}/fd")).unwrap().count()
    };
    let before = of_warden();
    for _ in 0..500 {
        let root = rootward_core::Supervisor::new("root")
            .child(rootward_procs::Process::new("/bin/true").into_child("child").restart(Restart::Temporary));
        let tree = containment.apply(root.into_tree().unwrap()).stop_when_idle(true).launch();
        assert!(tree.wait().await.clean);
    }

    assert_eq!(of_warden(), before);
    // Other tests of this program have some, too, but not five hundred.
    assert!(descriptors() < 450);
}

#[tokio::test]
async fn a_long_command_line_and_environment_arrive_whole() {
    let long = "a".repeat(100_000);
    let process = shell("echo ${#LONG} ${#1}").arg("sh").arg(&long).env("LONG", &long);

    let mut given = tree([process.into_child("child").restart(Restart::Temporary)]);

    assert_eq!(given.line().await, "100000 100000");
}

#[tokio::test]
async fn what_is_too_long_for_the_system_is_refused_as_such() {
    let given = tree([shell("exit 0").args(vec!["a".repeat(100_000); 80]).into_child("child")]);

    assert!(given.start_error().await.contains("Argument list too long"));
}

#[tokio::test]
async fn a_relative_directory_counts_from_ours() {
    let ours = std::env::current_dir().unwrap();
    let mut given = tree([shell("pwd; exec sleep 1000").current_dir("src").into_child("child")]);

    assert_eq!(given.line().await, ours.join("src").display().to_string());
    given.stop().await;
    let stopped = given.event(|event| matches!(event.what, EventKind::Stopped { .. }).then_some(())).await;
    assert_eq!(stopped, ());
}
