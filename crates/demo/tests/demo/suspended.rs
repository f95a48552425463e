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
    let finished = stop_while_suspended_together("shutdown = '6s'", "deadline = '1m'");

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
}

/// The same with the deadline of the whole stop.
#[test]
fn a_deadline_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let finished = stop_while_suspended_together("shutdown = '1m'", "deadline = '6s'");

    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.event("stopped", "root/child")["outcome"], "graceful");
}

#[test]
fn the_time_to_get_ready_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let mut scene = Scene::with_child(
        "command = ['sh', '-c', 'echo $$; while [ ! -e go ]; do sleep 0.02; done; echo ready; exec sleep 1000']\n\
         ready = { line = 'ready' }\nready_timeout = '6s'\n",
    );
    let said = scene.demo.wait_until(|event| event["event"] == "output" && event["path"] == "root/child");
    let child = known(said["line"].as_str().expect("a line").parse().expect("a process id"));

    scene.suspend_together(&[child]);
    scene.go();
    scene.demo.wait_for_start();

    scene.stops_without("start_failed");
}

#[test]
fn the_time_of_a_check_does_not_run_out_while_supervisor_and_check_are_suspended_together() {
    let check =
        "echo $$ > begun.new; mv begun.new begun; while [ ! -e go ]; do sleep 0.02; done; echo > done";
    let mut scene = Scene::with_health(&format!(
        "exec = ['sh', '-c', '{check}'], interval = '50ms', timeout = '6s', threshold = 1"
    ));
    scene.demo.wait_for_start();
    scene.wait_for_file("begun");
    let check = known(scene.read("begun").trim().parse().expect("a process id"));

    scene.suspend_together(&[check]);
    scene.go();
    scene.wait_for_file("done");

    scene.stops_without("unhealthy");
}

#[test]
fn a_check_whose_time_is_over_while_the_supervisor_is_suspended_is_not_held_against_the_child() {
    let check = "echo >> begun; while [ ! -e go ]; do sleep 0.02; done; echo >> done";
    let mut scene = Scene::with_health(&format!(
        "exec = ['sh', '-c', '{check}'], interval = '50ms', timeout = '3s', threshold = 1"
    ));
    scene.demo.wait_for_start();
    scene.wait_for_file("begun");

    suspend(&scene.demo, Duration::from_secs(3), || scene.go());
    let so_far = scene.read("begun").len();
    until("a check has ended since", || scene.read("done").len() > so_far);

    scene.stops_without("unhealthy");
}

/// The child would be healthy in time if it had not been suspended.
#[test]
fn a_start_period_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let check = "test -e go && echo > done";
    let mut scene = Scene::with_health(&format!(
        "exec = ['sh', '-c', '{check}'], interval = '50ms', threshold = 1, start_period = '6s'"
    ));
    scene.demo.wait_for_start();
    let child = pid_of(&scene.demo.wait_for("started", "root/child"));

    scene.suspend_together(&[child]);
    scene.go();
    scene.wait_for_file("done");

    scene.stops_without("unhealthy");
}

/// The child is silent for six seconds, of which it was suspended for most.
#[test]
fn the_time_of_a_watchdog_does_not_run_out_while_supervisor_and_child_are_suspended_together() {
    let mut scene = Scene::with_health("watchdog = '6s'");
    scene.demo.wait_for_start();
    let child = pid_of(&scene.demo.wait_for("started", "root/child"));

    scene.suspend_together(&[child]);

    scene.stops_without("unhealthy");
}

/// Nothing of the child is there. Its program is put back when the time would be over.
#[test]
fn the_time_of_a_start_that_is_tried_again_does_not_run_out_while_the_supervisor_is_suspended() {
    let mut scene = Scene::new(|temp| {
        let program = temp.path("sleep");
        std::os::unix::fs::symlink("/bin/sleep", &program).expect("the directory is the test's own");
        format!("process = {{ command = ['{}', '1000'], retry_start = '6s' }}\n", program.display())
    });
    scene.demo.wait_for_start();
    let first = pid_of(&scene.demo.wait_for("started", "root/child"));
    scene.rename("sleep", "away");
    first.signal(Signal::SIGKILL).expect("it runs");
    scene.demo.wait_for("retrying", "root/child");

    scene.suspend_together(&[]);
    scene.rename("away", "sleep");
    scene.demo.wait_until(|event| is_second(event, "started") || event["event"] == "start_failed");

    scene.stops_without("start_failed");
}

/// The child is started again after six seconds in which the supervisor could have done so.
#[test]
fn the_delay_of_a_restart_does_not_run_out_while_the_supervisor_is_suspended() {
    let mut scene = Scene::new(|_| {
        "process = { command = ['sleep', '1000'] }\nbackoff = { initial = '6s', max = '6s', jitter = 0 }\n"
            .to_owned()
    });
    scene.demo.wait_for_start();
    let first = pid_of(&scene.demo.wait_for("started", "root/child"));
    first.signal(Signal::SIGKILL).expect("it runs");
    scene.demo.wait_for("exited", "root/child");

    scene.suspend_together(&[]);

    let finished = scene.stop();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(!finished.events.iter().any(|event| is_second(event, "starting")), "{:?}", finished.events);
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
    let (scene, child) = Scene::asked(of_child, of_root);

    suspend(&scene.demo, time, || {
        scene.go();
        until("the child is gone", || !child.is_alive());
    });

    scene.demo.finish()
}

/// Stops a child, and suspends it together with the supervisor before it has ended.
fn stop_while_suspended_together(of_child: &str, of_root: &str) -> Finished {
    let (scene, child) = Scene::asked(of_child, of_root);

    scene.suspend_together(&[child]);
    scene.go();

    scene.demo.finish()
}

/// A demo in a directory of its own, where its children wait for a file `go`.
struct Scene {
    temp: Temp,
    demo: Demo,
}

impl Scene {
    /// Its tree has one child, which is described by these lines.
    fn new(child: impl FnOnce(&Temp) -> String) -> Self {
        let temp = Temp::new();
        let tree = format!("id = 'root'\n[[children]]\nid = 'child'\n{}", child(&temp));
        Self::run(temp, tree)
    }

    /// The child is this process.
    fn with_child(process: &str) -> Self {
        Self::new(|_| format!("[children.process]\n{process}"))
    }

    /// The child does nothing, and is checked like this.
    fn with_health(health: &str) -> Self {
        Self::with_child(&format!("command = ['sleep', '1000']\nhealth = {{ {health} }}\n"))
    }

    /// The child was asked to stop, and ends when it may go.
    fn asked(of_child: &str, of_root: &str) -> (Self, Known) {
        const SCRIPT: &str = "trap \"echo asked; while [ ! -e go ]; do sleep 0.02; done; exit 0\" TERM; \
                              echo running; while :; do sleep 0.02; done";
        let tree = format!(
            "id = 'root'\n{of_root}\n[[children]]\nid = 'child'\n{of_child}\n\
             process = {{ command = ['sh', '-c', '{SCRIPT}'], ready = {{ line = 'running' }} }}\n"
        );
        let mut scene = Self::run(Temp::new(), tree);
        scene.demo.wait_for_start();
        let child = pid_of(&scene.demo.wait_for("started", "root/child"));
        scene.demo.signal(Signal::SIGTERM);
        scene.demo.wait_until(|event| event["line"] == "asked");
        (scene, child)
    }

    fn run(temp: Temp, tree: String) -> Self {
        let file = temp.write("tree.toml", tree);
        let directory = file.parent().expect("it is in a directory").to_owned();
        let args = ["run".as_ref(), file.as_os_str()];
        let demo = Demo::start_with(args, |command| {
            command.current_dir(directory);
        });
        Self { temp, demo }
    }

    fn go(&self) {
        self.temp.write("go", "");
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.temp.path(from), self.temp.path(to)).expect("the file is the test's own");
    }

    /// What stands in a file, or nothing if there is none.
    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.temp.path(file)).unwrap_or_default()
    }

    fn wait_for_file(&self, file: &str) {
        until(&format!("there is {file}"), || self.temp.path(file).exists());
    }

    /// Suspends the supervisor and these processes for most of six seconds, and waits two seconds after all have gone
    /// on. Six seconds are over by then, of which they have had little more than one.
    fn suspend_together(&self, others: &[Known]) {
        let supervisor = supervisor(&self.demo);
        wait_for_looks(supervisor.pid);
        let all = [&[supervisor], others].concat();
        let since = SystemTime::now();
        let passed = |time| since.elapsed().is_ok_and(|elapsed| elapsed > time);
        // There is no event to wait for: what is tested is that time has passed.
        all.iter().for_each(|it| it.signal(Signal::SIGSTOP).expect("it runs"));
        until("most of the time is over", || passed(Duration::from_millis(5500)));
        all.iter().rev().for_each(|it| it.signal(Signal::SIGCONT).expect("it is suspended"));
        until("the time would be over", || passed(Duration::from_millis(7500)));
    }

    fn stop(self) -> Finished {
        self.demo.signal(Signal::SIGTERM);
        self.demo.finish()
    }

    /// Stops the demo, which has nothing to say of its child that is called like this.
    fn stops_without(self, event: &str) {
        let finished = self.stop();
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        assert!(finished.paths(event).is_empty(), "{:?}", finished.events);
    }
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

/// Waits until a time is waited for, which begins a moment after it is told of: until the thread that looks for
/// suspensions has done so.
fn wait_for_looks(pid: u32) {
    // It sleeps after each look.
    let sleeps = || -> Option<u64> {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs").flatten();
        let read = |thread: &Path, file| std::fs::read_to_string(thread.join(file)).unwrap_or_default();
        let mut threads = threads.map(|thread| thread.path());
        let looks = threads.find(|thread| read(thread, "comm").trim_end() == "rootward-awake")?;
        let status = read(&looks, "status");
        status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse().ok())
    };
    let before = sleeps().unwrap_or_default();
    until("the thread has looked", || sleeps().is_some_and(|sleeps| sleeps >= before + 2));
}

fn is_second(event: &serde_json::Value, name: &str) -> bool {
    event["event"] == name && event["path"] == "root/child" && event["incarnation"] == 2
}

/// What the system says of a process, from its state on. Empty if there is none.
fn state(pid: u64) -> String {
    let stat = Path::new("/proc").join(pid.to_string()).join("stat");
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned()).unwrap_or_default()
}
