//! What a process finds around it, and how its end is brought about and judged.

use std::path::PathBuf;
use std::time::Duration;

use rootward::process::{Signal, Socket};

use super::super::model::{ChildPart, ProcessPart, ReadyWhen, Success};
use super::toml;

fn process(keys: &str) -> Result<ProcessPart, String> {
    let file = format!("children = [{{ id = 'web', process = {{ command = ['true'], {keys} }} }}]");
    let mut tree = toml(&file)?;
    match tree.root.children.remove(0).kind {
        ChildPart::Process(process) => Ok(*process),
        ChildPart::Task(_) | ChildPart::Supervisor(_) => panic!("it is a process"),
    }
}

fn check(table: &[(&str, &str)]) {
    for (keys, expected) in table {
        let error = process(keys).expect_err(keys);
        assert!(error.contains(expected), "{keys}\n{error}\n{expected}");
    }
}

#[test]
fn the_environment_is_made_of_files_and_variables() {
    let one = process("env_file = '.env', expand = true").unwrap();
    assert_eq!((one.env_files, one.expand), (vec![PathBuf::from(".env")], true));
    let two = process("env_file = ['a', '/b']").unwrap();
    assert_eq!((two.env_files, two.expand), (["a", "/b"].map(PathBuf::from).to_vec(), false));

    check(&[
        ("env_file = ''", "root/web: process.env_file: may not be empty"),
        ("env_file = ['a', 1]", "root/web: process.env_file[1]: expected a text in quotes"),
        ("env_file = 1", "root/web: process.env_file: expected a list"),
        ("expand = 'yes'", "root/web: process.expand: expected true or false"),
        (
            "expand = true, env = { A = '${A:-b}' }",
            "root/web: process.env.A: after `${` there is no name with a closing brace, but \"A:-b}\"",
        ),
    ]);
}

#[test]
fn a_socket_has_a_port_that_clients_can_know() {
    let expected = "process.listen[0].tcp: port 0 is whichever is free, which no client can know; name one";

    check(&[("listen = [{ tcp = '127.0.0.1:0' }]", expected)]);
}

#[test]
fn exit_codes_and_signals_may_count_as_a_success() {
    let successes = process("success_exit = [143, 'SIGTERM']").unwrap().successes;
    assert_eq!(successes, [Success::Code(143), Success::Signal(Signal::TERM)]);

    check(&[
        ("success_exit = 143", "process.success_exit: expected a list of exit codes and signals"),
        ("success_exit = [256]", "process.success_exit[0]: expected an exit code from 0 to 255, or a signal"),
        ("success_exit = ['SIGTREM']", "did you mean \"SIGTERM\"?"),
    ]);
}

#[test]
fn a_command_may_come_before_the_signals() {
    let command = process("stop_command = { exec = ['pg_ctl', 'stop'], wait = '20s' }").unwrap().stop_command;
    assert_eq!(command, Some((["pg_ctl", "stop"].map(str::to_owned).to_vec(), Duration::from_secs(20))));

    check(&[
        ("stop_command = ['a']", "process.stop_command: expected a table"),
        ("stop_command = { exec = ['a'] }", "process.stop_command.wait: missing"),
        ("stop_command = { wait = '1s' }", "process.stop_command.exec: missing"),
        ("stop_command = { exec = [], wait = '1s' }", "process.stop_command.exec: the command is empty"),
        ("stop_command = { exec = ['a'], wait = '0s' }", "process.stop_command.wait: may not be zero"),
    ]);
}

#[test]
fn the_demo_may_listen_for_a_process() {
    let listen = process(
        "listen = [{ tcp = 'localhost:80', name = 'http' }, { udp = '[::]:53' }, { unix = 's' }, { systemd = 'web' }]",
    );
    let sockets = [
        Socket::tcp("localhost:80").name("http"),
        Socket::udp("[::]:53"),
        Socket::unix("s"),
        Socket::from_env("web"),
    ];
    assert_eq!(listen.unwrap().listen, sockets);
    let ready = process("ready = { notify_fd = 3 }").unwrap().ready.unwrap();
    assert_eq!(ready.when, ReadyWhen::Descriptor(3));

    check(&[
        (
            "listen = [{}]",
            "process.listen[0]: a socket is exactly one of tcp, udp, unix, systemd; this names 0",
        ),
        ("listen = [{ tcp = 'a:1', unix = 's' }]", "this names 2"),
        ("listen = [{ systemd = '' }]", "listen[0].systemd: \"\" is no name for a socket"),
        ("listen = [{ tcp = '80' }]", "process.listen[0].tcp: \"80\" is not an address"),
        ("listen = [{ tcp = 'a:80', name = 'a:b' }]", "listen[0].name: \"a:b\" is no name for a socket"),
        (
            "ready = { notify_fd = 2 }",
            "process.ready.notify_fd: expected a descriptor's number from 3 to 255",
        ),
        (
            "ready = { notify_fd = 3 }, listen = [{ unix = 's' }]",
            "root/web: process.ready.notify_fd: the descriptor 3 is taken twice; sockets have those from 3 on",
        ),
    ]);
}

#[test]
fn what_the_demo_was_started_with_may_be_passed_on() {
    let passed = process("descriptors = [{ from = 0, to = 7 }, { from = 0, to = 3 }]").unwrap().descriptors;
    assert_eq!(passed.iter().map(|it| it.to).collect::<Vec<_>>(), [7, 3]);

    check(&[
        ("descriptors = { from = 0, to = 3 }", "root/web: process.descriptors: expected a list"),
        ("descriptors = [{ to = 3 }]", "process.descriptors[0].from: missing; a descriptor has a number"),
        ("descriptors = [{ from = 0 }]", "process.descriptors[0].to: missing; a descriptor has a number"),
        (
            "descriptors = [{ from = 0, to = 3 }, { from = 250, to = 4 }]",
            "root/web: process.descriptors[1].from: the demo has no descriptor 250 to pass on: it is not open",
        ),
        ("descriptors = [{ from = -1, to = 3 }]", "process.descriptors[0].from: expected a whole number"),
        (
            "descriptors = [{ from = 0, to = 2 }]",
            "root/web: process.descriptors[0].to: a descriptor that is passed has a number from 3 to 255, and not 2",
        ),
        (
            "descriptors = [{ from = 0, to = 4 }, { from = 0, to = 4 }]",
            "root/web: process.descriptors[1].to: the descriptor 4 is taken twice",
        ),
        (
            "descriptors = [{ from = 0, to = 3 }], listen = [{ unix = 's' }]",
            "root/web: process.descriptors[0].to: the descriptor 3 is taken twice; sockets have those from 3 on",
        ),
    ]);
}

#[test]
fn standard_error_may_be_standard_output() {
    assert_eq!(process("stderr = 'stdout'").unwrap().stderr, None);

    check(&[
        (
            "stderr = 'stdout', stdout = 'null', ready = { line = 'x' }",
            "needs `stdout` or `stderr` to be captured",
        ),
        ("stdout = 'stdout'", "process.stdout: unknown name"),
    ]);
}

#[test]
fn a_process_may_have_a_terminal_of_its_own() {
    assert!(process("tty = true").unwrap().tty);
    assert!(!process("").unwrap().tty);

    check(&[
        ("tty = 1", "process.tty: expected true or false"),
        (
            "tty = true, stdin = 'inherit'",
            "root/web: process.stdin: a process with a terminal of its own reads from it, and from nothing else",
        ),
        (
            "tty = true, stdout = 'null'",
            "root/web: process.stdout: what a process writes to a terminal of its own is captured or piped",
        ),
    ]);
}

#[test]
fn a_cgroup_may_have_limits() {
    let limits =
        "cgroup = { memory_high = 1000, memory_max = '1MiB', pids_max = 7, cpu_max = 1.5, cpu_weight = 20 }";
    let process = format!("{:?}", super::super::build::process(process(limits).unwrap()));
    assert!(process.contains("values: [1000, 1048576, 7, 150000, 20]"), "{process}");

    check(&[
        ("cgroup = { memory = 1 }", "process.cgroup.memory: unknown key in a cgroup"),
        ("cgroup = { memory_max = 0 }", "process.cgroup.memory_max: expected a number of bytes"),
        (
            "cgroup = { cpu_max = '2' }",
            "process.cgroup.cpu_max: expected a number of processors, such as 0.5",
        ),
        (
            "cgroup = { cpu_max = 0 }",
            "root/web: process.cgroup.cpu_max: the processor time is not from 0.01 processors on",
        ),
        ("cgroup = { pids_max = 0 }", "root/web: process.cgroup.pids_max: it may have no process"),
    ]);
}

#[test]
fn outputs_may_be_written_to_a_file() {
    let file = |keys: &str| format!("{:?}", process(keys).unwrap().log_file.unwrap());
    assert!(file("log_file = 'l'").contains("max_size: 10485760"));
    let whole =
        file("log_file = { path = 'l', max_size = '1MiB', max_age = '1day', keep = 3, events = false }");
    for part in ["path: \"l\"", "max_size: 1048576", "max_age: Some(86400s)", "keep: 3", "events: false"] {
        assert!(whole.contains(part), "{whole}");
    }

    check(&[
        ("log_file = {}", "process.log_file.path: missing"),
        (
            "log_file = { path = 'l', max_size = '10 apples' }",
            "expected a number of bytes, or a size such as",
        ),
        ("log_file = { path = 'l', max_size = 0 }", "process.log_file.max_size: expected a number of bytes"),
        ("log_file = { path = 'l', max_age = '0s' }", "process.log_file.max_age: may not be zero"),
        (
            "log_file = 'l', stdout = 'null', stderr = 'inherit'",
            "root/web: process.log_file: a log file needs an output that is captured",
        ),
    ]);
}
