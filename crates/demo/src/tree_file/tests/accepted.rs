//! What is read from files that make sense.

use std::time::Duration;

use rootward::process::{HttpGet, Limit, Output, Signal, Stdin, Step};
use rootward::{AutoShutdown, Backoff, Restart, Shutdown, Strategy};

use super::super::model::{ChildPart, ProcessPart, ReadyWhen, Stop};
use super::{json, toml};
use crate::tasks::Sample;

const FULL: &str = r#"
id = "root"
strategy = "rest_for_one"
max_restarts = 3
within = "10s"
auto_shutdown = "any_significant"
deadline = "20s"

[[children]]
id = "web"
restart = "transient"
shutdown = "2s"
significant = true
[children.process]
command = ["python3", "-m", "http.server"]
cwd = "/srv"
env = { PORT = "8000" }
clear_env = true
stdin = "inherit"
stdout = "null"
stderr = "capture"
stop = [ { signal = "SIGINT", wait = "1s" }, { signal = "SIGTERM", wait = "500ms" } ]
ready = { line = "^listening" }
ready_timeout = "3s"

[[children]]
id = "workers"
shutdown = "kill"
[children.supervisor]
strategy = "one_for_all"
children = [ { id = "a", shutdown = "infinity", task = { run = "finish", after = "250ms" } } ]
"#;

#[test]
fn a_process_says_as_whom_it_runs_and_within_which_limits() {
    let line = "user = 'root', group = 0, supplementary_groups = ['root', 7], umask = '0027', nice = -5, cpus = [0, 3], \
                oom_score_adjust = -7, session = true, no_new_privs = true, \
                capabilities = ['chown', 'net_raw'], \
                limits = { open_files = 1024, core_size = 'unlimited', stack_size = { soft = 1, hard = 2 } }";
    let file = format!("children = [{{ id = 'a', process = {{ command = ['true'], {line} }} }}]");
    let tree = toml(&file).unwrap();

    let ChildPart::Process(process) = &tree.root.children[0].kind else { panic!("it is a process") };
    let it = &process.attributes;
    assert_eq!((it.user.as_deref(), it.group.as_deref()), (Some("root"), Some("0")));
    assert_eq!(it.groups.as_deref(), Some(&["root".to_owned(), "7".to_owned()][..]));
    assert_eq!((it.umask, it.nice, it.oom_score), (Some(0o27), Some(-5), Some(-7)));
    assert_eq!((it.cpus.as_deref(), it.session, it.no_new_privs), (Some(&[0, 3][..]), true, true));
    assert_eq!(it.capabilities.as_deref(), Some(&["chown".to_owned(), "net_raw".to_owned()][..]));
    let limits =
        [(Limit::OpenFiles, [1024; 2]), (Limit::CoreSize, [u64::MAX; 2]), (Limit::StackSize, [1, 2])];
    assert_eq!(it.limits, limits);
}

#[test]
fn a_file_without_keys_that_matter_gets_the_defaults() {
    let tree = toml("id = 'root'").unwrap();

    assert_eq!((tree.id.as_str(), tree.deadline), ("root", Duration::from_secs(25)));
    assert_eq!((tree.root.strategy, tree.root.auto_shutdown), (Strategy::OneForOne, AutoShutdown::Never));
    assert_eq!((tree.root.max_restarts, tree.root.within), (1, Duration::from_secs(5)));
    assert!(tree.root.children.is_empty());
}

#[test]
fn a_child_without_keys_that_matter_gets_the_defaults() {
    let tree = toml("children = [{ id = 'a', process = { command = ['true'] } }]").unwrap();
    let child = &tree.root.children[0];

    assert_eq!((child.restart, child.shutdown, child.significant), (Restart::Permanent, None, false));
    let process = process(&child.kind);
    assert_eq!(process.command, ["true"]);
    assert!(process.cwd.is_none() && process.env.is_empty() && !process.clear_env);
    assert_eq!((process.stdin.clone(), process.stdout), (Stdin::Null, Output::Capture));
    assert_eq!(process.stderr, Some(Output::Capture));
    assert_eq!(process.stop, Stop::Signal(Signal::TERM));
    assert!(process.ready.is_none());
}

#[test]
fn every_key_of_the_root_and_of_a_child_is_read() {
    let tree = toml(FULL).unwrap();
    let web = &tree.root.children[0];

    assert_eq!(tree.deadline, Duration::from_secs(20));
    assert_eq!((tree.root.strategy, tree.root.max_restarts), (Strategy::RestForOne, 3));
    assert_eq!(tree.root.auto_shutdown, AutoShutdown::AnySignificant);
    assert_eq!((web.restart, web.significant), (Restart::Transient, true));
    assert_eq!(web.shutdown, Some(Shutdown::Grace(Duration::from_secs(2))));
}

#[test]
fn every_key_of_a_process_is_read() {
    let tree = toml(FULL).unwrap();
    let process = process(&tree.root.children[0].kind);

    assert_eq!(process.command, ["python3", "-m", "http.server"]);
    assert_eq!(process.cwd.as_deref(), Some(std::path::Path::new("/srv")));
    assert_eq!(process.env["PORT"], "8000");
    assert!(process.clear_env);
    assert_eq!(
        (process.stdin.clone(), process.stdout, process.stderr),
        (Stdin::Inherit, Output::Null, Some(Output::Capture))
    );
    let step = |signal, millis| Step::new(signal, Duration::from_millis(millis));
    assert_eq!(process.stop, Stop::Ladder(vec![step(Signal::INT, 1000), step(Signal::TERM, 500)]));
    let ready = process.ready.as_ref().unwrap();
    assert_eq!((&ready.when, ready.timeout), (&ReadyWhen::Line("^listening".into()), Duration::from_secs(3)));
}

#[test]
fn a_step_may_be_for_the_leader_alone() {
    let stop = "[{ signal = 'SIGTERM', wait = '2s', to = 'leader' }, { signal = 'SIGTERM', wait = '1s' }]";
    let tree = toml(&format!("children = [{{ id = 'a', process = {{ command = ['a'], stop = {stop} }} }}]"))
        .unwrap();

    let step = |seconds| Step::new(Signal::TERM, Duration::from_secs(seconds));
    assert_eq!(process(&tree.root.children[0].kind).stop, Stop::Ladder(vec![step(2).to_leader(), step(1)]));
}

#[test]
fn every_way_to_be_healthy_is_read() {
    let ways = [
        "{ tcp = 'localhost:80', any_owner = true }",
        "{ unix = 'S' }",
        "{ http = 'http://h', status = 204, interval = '1s', timeout = '2s', threshold = 5 }",
        "{ path = 'p', start_period = '0s' }",
        "{ exec = ['true'] }",
        "{ watchdog = '5s', start_period = '1m' }",
    ];
    let file = |health: &str| {
        format!("children = [{{ id = 'web', process = {{ command = ['a'], health = {health} }} }}]")
    };
    for health in ways {
        let tree = toml(&file(health)).unwrap();
        assert!(process(&tree.root.children[0].kind).health.is_some(), "{health}");
        assert!(tree.into_supervisor().is_ok(), "{health}");
    }

    let tree = toml(&file(ways[2])).unwrap();
    let read = format!("{:?}", process(&tree.root.children[0].kind).health);
    assert!(read.contains("interval: 1s, timeout: 2s, threshold: 5, start_period: 0ns"), "{read}");
}

#[test]
fn every_way_to_be_ready_is_read() {
    let ways = [
        ("{ line = 'x' }", ReadyWhen::Line("x".into())),
        ("{ tcp = 'localhost:80' }", ReadyWhen::Tcp("localhost:80".into())),
        ("{ unix = 'S' }", ReadyWhen::Unix("S".into())),
        ("{ http = 'http://h' }", ReadyWhen::Http("http://h".into())),
        (
            "{ http = 'http://h', status = 204, headers = { Host = 'shop' } }",
            ReadyWhen::Http(HttpGet::new("http://h").status(204).header("Host", "shop")),
        ),
        ("{ path = 'S' }", ReadyWhen::Path("S".into())),
        ("{ exec = ['test', '-e', 'S'] }", ReadyWhen::Command(vec!["test".into(), "-e".into(), "S".into()])),
        ("{ notify = 'systemd' }", ReadyWhen::Notify),
        ("'completion'", ReadyWhen::Completion),
    ];

    for (way, expected) in ways {
        let tree = toml(&format!(
            "[[children]]\nid = 'a'\nrestart = 'transient'\n[children.process]\ncommand = ['true']\nready = {way}"
        ));
        let tree = tree.unwrap_or_else(|error| panic!("{way}: {error}"));
        let ready = process(&tree.root.children[0].kind).ready.as_ref().unwrap();
        assert_eq!((&ready.when, ready.any_owner), (&expected, false), "{way}");
    }
}

#[test]
fn supervisors_and_tasks_are_read_wherever_they_stand() {
    let tree = toml(FULL).unwrap();
    let workers = &tree.root.children[1];

    assert_eq!(workers.shutdown, Some(Shutdown::Kill));
    let ChildPart::Supervisor(below) = &workers.kind else { panic!("{workers:?}") };
    assert_eq!(below.strategy, Strategy::OneForAll);
    assert_eq!(below.children[0].shutdown, Some(Shutdown::Infinity));
    let ChildPart::Task(task) = below.children[0].kind else { panic!("{below:?}") };
    assert_eq!((task.sample, task.after), (Sample::Finish, Duration::from_millis(250)));
}

#[test]
fn a_signal_may_be_named_without_its_prefix_and_counted_among_the_real_time_ones() {
    for (text, expected) in [("TERM", "SIGTERM"), ("SIGUSR2", "SIGUSR2"), ("SIGRTMIN+3", "SIGRTMIN+3")] {
        let text =
            format!("[[children]]\nid = 'a'\nprocess = {{ command = ['true'], stop_signal = '{text}' }}");
        let tree = toml(&text).unwrap();

        assert_eq!(process(&tree.root.children[0].kind).stop, Stop::Signal(expected.parse().unwrap()));
    }
}

#[test]
fn a_backoff_is_read_with_its_defaults() {
    let backoff = |text: &str| {
        let child = format!("[[children]]\nid = 'a'\nbackoff = {text}\ntask = {{ run = 'fail' }}");
        toml(&child).unwrap().root.children[0].backoff.unwrap()
    };
    let default = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

    assert_eq!(backoff("{ initial = '100ms', max = '10s' }"), default);
    assert_eq!(
        backoff("{ initial = '100ms', max = '10s', factor = 3, jitter = 0.1 }"),
        default.factor(3.0).jitter(0.1)
    );
}

#[test]
fn json_has_the_same_shape() {
    let tree = json(
        r#"{"id": "top", "max_restarts": 2, "children": [
             {"id": "a", "task": {"run": "forever"}},
             {"id": "b", "supervisor": {"children": [{"id": "c", "process": {"command": ["true", "ü\n"]}}]}}]}"#,
    )
    .unwrap();

    assert_eq!((tree.id.as_str(), tree.root.max_restarts), ("top", 2));
    let ChildPart::Supervisor(below) = &tree.root.children[1].kind else { panic!("{tree:?}") };
    assert_eq!(process(&below.children[0].kind).command, ["true", "ü\n"]);
}

#[test]
fn a_file_may_describe_a_deep_and_a_wide_tree() {
    let mut deep = r#"{"id": "leaf", "task": {"run": "forever"}}"#.to_owned();
    for level in 0..100 {
        deep = format!(r#"{{"id": "s{level}", "supervisor": {{"children": [{deep}]}}}}"#);
    }
    let wide: Vec<_> =
        (0..10_000).map(|n| format!(r#"{{"id": "t{n}", "task": {{"run": "forever"}}}}"#)).collect();
    let text = format!(r#"{{"children": [{deep}, {}]}}"#, wide.join(","));

    assert_eq!(json(&text).unwrap().root.children.len(), 10_001);
}

#[test]
fn the_outline_shows_one_line_a_child() {
    let outline = toml(FULL).unwrap().to_string();

    let expected = [
        "root · supervisor rest_for_one, 3 restarts within 10s, stops with any significant child, deadline 20s",
        "  web · process python3 -m http.server, transient, significant, grace 2s, \
         ready when it writes /^listening/, stops by SIGINT, SIGTERM",
        "  workers · supervisor one_for_all, 1 restart within 5s, killed at once",
        "    a · task finish after 250ms, any grace",
    ];
    assert_eq!(outline.lines().collect::<Vec<_>>(), expected);
}

fn process(kind: &ChildPart) -> &ProcessPart {
    match kind {
        ChildPart::Process(process) => process,
        ChildPart::Task(_) | ChildPart::Supervisor(_) => panic!("expected a process, found {kind:?}"),
    }
}
