//! Time in which the supervisor did not run is not held against a child: case R10.

use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use rootward_tests::Known;

use crate::support::{Demo, Finished, Temp, until};

/// How long after the end of a time its timer counts as late, with some room.
const LATE: Duration = Duration::from_millis(700);

#[test]
fn a_child_that_ended_within_its_grace_is_not_killed_because_the_supervisor_was_suspended() {
    let finished = stop_while_suspended("shutdown = '3s'", "deadline = '1m'", Duration::from_secs(3));

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
    assert!(finished.paths("escalated").is_empty());
}

#[test]
fn a_child_that_ended_before_the_deadline_is_not_unreapable_because_the_supervisor_was_suspended() {
    let finished = stop_while_suspended("shutdown = '1m'", "deadline = '3s'", Duration::from_secs(3));

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
}

/// Supervisor and child are suspended, as the processes of a frozen container are, and go on before the grace is over.
#[test]
fn a_grace_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let temp = Temp::new();
    let go = temp.path("go");
    let file = temp.write("tree.toml", asked_and_waits("shutdown = '6s'", "deadline = '1m'", &go));
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    let child = pid_of(&demo.wait_for("started", "root/child"));
    demo.signal(Signal::SIGTERM);
    demo.wait_until(|event| event["line"] == "asked");

    suspend_together(&demo, child, || std::fs::write(&go, "").expect("the file is the test's own"));

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
}

/// The same with the deadline of the whole stop.
#[test]
fn a_deadline_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let temp = Temp::new();
    let go = temp.path("go");
    let file = temp.write("tree.toml", asked_and_waits("shutdown = '1m'", "deadline = '6s'", &go));
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    let child = pid_of(&demo.wait_for("started", "root/child"));
    demo.signal(Signal::SIGTERM);
    demo.wait_until(|event| event["line"] == "asked");

    suspend_together(&demo, child, || std::fs::write(&go, "").expect("the file is the test's own"));

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
}

#[test]
fn the_time_to_get_ready_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let temp = Temp::new();
    let go = temp.path("go");
    let script =
        format!("echo $$; while [ ! -e {} ]; do sleep 0.02; done; echo ready; exec sleep 1000", go.display());
    let file = temp.write(
        "tree.toml",
        format!(
            "[[children]]\nid = 'child'\n[children.process]\ncommand = ['sh', '-c', '{script}']\n\
             ready = {{ line = 'ready' }}\nready_timeout = '6s'\n"
        ),
    );
    let mut demo = Demo::run(&file);
    let said = demo.wait_until(|event| event["event"] == "output" && event["path"] == "root/child");
    let child = known(said["line"].as_str().expect("a line").parse().expect("a process id"));

    suspend_together(&demo, child, || std::fs::write(&go, "").expect("the file is the test's own"));
    demo.wait_for_start();
    demo.signal(Signal::SIGTERM);

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.paths("start_failed").is_empty(), "{:?}", finished.events);
}

#[test]
fn the_time_of_a_check_does_not_run_out_while_supervisor_and_check_are_suspended_together() {
    let temp = Temp::new();
    let (begun, go, done) = (temp.path("begun"), temp.path("go"), temp.path("done"));
    let check = format!(
        "echo $$ > {begun}.new; mv {begun}.new {begun}; while [ ! -e {go} ]; do sleep 0.02; done; echo > {done}",
        begun = begun.display(),
        go = go.display(),
        done = done.display()
    );
    let file = temp.write(
        "tree.toml",
        format!(
            "id = 'root'\n[[children]]\nid = 'child'\n[children.process]\ncommand = ['sleep', '1000']\n\
             health = {{ exec = ['sh', '-c', '{check}'], interval = '50ms', timeout = '6s', threshold = 1 }}\n"
        ),
    );
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    until("the check has begun", || begun.exists());
    let check = known(std::fs::read_to_string(&begun).unwrap().trim().parse().expect("a process id"));

    suspend_together(&demo, check, || std::fs::write(&go, "").expect("the file is the test's own"));
    until("the check is over", || done.exists());
    demo.signal(Signal::SIGTERM);

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.paths("unhealthy").is_empty(), "{:?}", finished.events);
}

#[test]
fn a_check_whose_time_is_over_while_the_supervisor_is_suspended_is_not_held_against_the_child() {
    let temp = Temp::new();
    let (begun, go, done) = (temp.path("begun"), temp.path("go"), temp.path("done"));
    let check = format!(
        "echo >> {}; while [ ! -e {} ]; do sleep 0.02; done; echo >> {}",
        begun.display(),
        go.display(),
        done.display()
    );
    let file = temp.write(
        "tree.toml",
        format!(
            "id = 'root'\n[[children]]\nid = 'child'\n[children.process]\ncommand = ['sleep', '1000']\n\
             health = {{ exec = ['sh', '-c', '{check}'], interval = '50ms', timeout = '3s', threshold = 1 }}\n"
        ),
    );
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    until("the check has begun", || begun.exists());

    suspend(&demo, Duration::from_secs(3), || std::fs::write(&go, "").unwrap());
    let so_far = std::fs::read(&begun).unwrap().len();
    until("a check has ended since", || std::fs::read(&done).is_ok_and(|done| done.len() > so_far));
    demo.signal(Signal::SIGTERM);

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.paths("unhealthy").is_empty(), "{:?}", finished.events);
}

#[test]
fn a_child_is_suspended_and_goes_on_together_with_the_demo_if_the_file_says_so() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "suspend_children = true\n[[children]]\nid = 'child'\nprocess = { command = ['sleep', '1000'] }\n",
    );
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    let child = demo.wait_for("started", "root/child")["pid"].as_u64().expect("it has started");
    let root = demo.pid().as_raw().unsigned_abs().into();

    demo.signal(Signal::SIGTSTP);
    until("both are suspended", || state(child).starts_with('T') && state(root).starts_with('T'));
    demo.signal(Signal::SIGCONT);
    until("the child goes on", || !state(child).starts_with('T'));
    // A SIGTERM that is there as well when the signals are looked at may be taken first.
    demo.wait_until(|event| event["action"] == "resume");
    demo.signal(Signal::SIGTERM);

    let finished = demo.finish();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let actions: Vec<_> = finished.events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(actions, ["suspend", "resume", "stop"]);
}

/// Stops a child that ends a moment after it was asked, while the supervisor is suspended for longer than this.
fn stop_while_suspended(of_child: &str, of_root: &str, time: Duration) -> Finished {
    let temp = Temp::new();
    let go = temp.path("go");
    let file = temp.write("tree.toml", asked_and_waits(of_child, of_root, &go));
    let mut demo = Demo::run(&file);
    demo.wait_for_start();
    let started = demo.wait_for("started", "root/child");
    demo.signal(Signal::SIGTERM);
    demo.wait_until(|event| event["line"] == "asked");

    suspend(&demo, time, || {
        std::fs::write(&go, "").expect("the file is the test's own");
        until("the child is gone", || is_gone(started["pid"].as_u64().expect("it has started")));
    });

    demo.finish()
}

/// A tree with a child that says that it was asked to stop, and ends when this file is there.
fn asked_and_waits(of_child: &str, of_root: &str, go: &Path) -> String {
    let script = format!(
        "trap \"echo asked; while [ ! -e {} ]; do sleep 0.02; done; exit 0\" TERM; echo running; \
         while :; do sleep 0.02; done",
        go.display()
    );
    format!(
        "id = 'root'\n{of_root}\n[[children]]\nid = 'child'\n{of_child}\n\
         process = {{ command = ['sh', '-c', '{script}'], ready = {{ line = 'running' }} }}\n"
    )
}

/// Suspends the supervisor for this time, and for long enough that its timers are late, and does this meanwhile.
fn suspend(demo: &Demo, time: Duration, meanwhile: impl FnOnce()) {
    let supervisor = supervisor(demo);
    supervisor.signal(Signal::SIGSTOP).expect("it runs");
    let since = SystemTime::now();
    meanwhile();
    // There is no event to wait for: what is tested is that time has passed.
    until("the time is over", || since.elapsed().is_ok_and(|elapsed| elapsed > time + LATE));
    supervisor.signal(Signal::SIGCONT).expect("it is suspended");
}

/// Suspends the supervisor and this process for most of six seconds, and does this a second after both have gone on.
/// Six seconds are over by then, of which the two have had little more than one.
fn suspend_together(demo: &Demo, other: Known, then: impl FnOnce()) {
    let both = [supervisor(demo), other];
    let since = SystemTime::now();
    let passed = |time| since.elapsed().is_ok_and(|elapsed| elapsed > time);
    // There is no event to wait for: what is tested is that time has passed.
    both.iter().for_each(|it| it.signal(Signal::SIGSTOP).expect("it runs"));
    until("most of the time is over", || passed(Duration::from_millis(5500)));
    both.iter().rev().for_each(|it| it.signal(Signal::SIGCONT).expect("it is suspended"));
    until("the time would be over", || passed(Duration::from_millis(6500)));
    then();
}

fn pid_of(started: &serde_json::Value) -> Known {
    known(started["pid"].as_u64().expect("it has started").try_into().expect("a process id"))
}

fn known(pid: u32) -> Known {
    Known::of(pid).expect("it runs")
}

/// The demo's own process. The one that was started is an init, and to suspend that alone suspends nothing else.
fn supervisor(demo: &Demo) -> Known {
    let init = Known::of(demo.pid().as_raw().unsigned_abs()).expect("it runs");
    init.descendants()[0]
}

fn is_gone(pid: u64) -> bool {
    let state = state(pid);
    state.is_empty() || state.starts_with(['Z', 'X'])
}

/// What the system says of a process, from its state on. Empty if there is none.
fn state(pid: u64) -> String {
    let stat = Path::new("/proc").join(pid.to_string()).join("stat");
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned()).unwrap_or_default()
}
