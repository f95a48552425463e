//! What `check` knows of a start before there is one: an error where it would fail for certain, a warning where it may,
//! each with the child, the thing and the cause, and underlined in the file.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::unistd::{User, geteuid};
use rootward_tests::NOBODY;

use crate::few_processes::is_open_to_others;
use crate::support::{InTime as _, Temp};

/// What is said of one part of the file.
#[derive(Debug)]
struct Said {
    is_error: bool,
    message: String,
    /// What is underlined.
    shown: String,
}

/// A tree file with one process, with these lines.
fn process(temp: &Temp, lines: &str) -> String {
    let text = format!("[[children]]\nid = 'web'\n[children.process]\ncommand = ['sh']\n{lines}\n");
    temp.write("tree.toml", text).to_str().expect("the path is UTF-8").to_owned()
}

/// Has the file checked, by the user of the test.
fn check(file: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
        .args(["check", file])
        .stdin(Stdio::null())
        .output_in_time()
}

fn said(output: &Output) -> Vec<Said> {
    let text = String::from_utf8(output.stderr.clone()).expect("messages are UTF-8");
    let mut said: Vec<Said> = Vec::new();
    let mut source = "";
    for line in text.lines() {
        let message = [("error: ", true), ("warning: ", false)]
            .into_iter()
            .find_map(|(severity, is_error)| Some((line.strip_prefix(severity)?, is_error)));
        if let Some((message, is_error)) = message {
            said.push(Said { is_error, message: message.to_owned(), shown: String::new() });
        } else if let Some(at) = line.find('^') {
            let last = said.last_mut().expect("a picture stands below its message");
            last.shown = source.get(at..line.len()).expect("the file is ASCII").to_owned();
        } else {
            source = line;
        }
    }
    said
}

#[test]
fn what_may_be_there_when_the_time_comes_is_a_warning_at_its_place() {
    let temp = Temp::new();
    let taken = TcpListener::bind("127.83.12.8:0").unwrap();
    let taken = taken.local_addr().unwrap();
    temp.write("file", "");
    let missing = "the directory `/no/dir` is not there";
    let not_made = format!("no socket can be made at `/no/dir/s`: {missing}");
    let not_opened = format!("the log file `/no/dir/l` cannot be opened: {missing}");
    let cannot_be = format!("`/no/dir/s` cannot be there: {missing}");
    let is_taken = format!("{taken} is taken now by another socket");
    let at = temp.path("");
    let at = at.to_str().unwrap().trim_end_matches('/');
    for (lines, place, cause, shown) in [
        ("log_file = '/no/dir/l'".to_owned(), "log_file", not_opened.as_str(), "'/no/dir/l'"),
        ("log_file = { path = '/no/dir/l', keep = 1 }".into(), "log_file.path", &not_opened, "'/no/dir/l'"),
        ("log_file = '.'".into(), "log_file", "it is a directory", "'.'"),
        (
            "listen = [{ unix = 's' }, { unix = '/no/dir/s' }]".into(),
            "listen[1].unix",
            &not_made,
            "'/no/dir/s'",
        ),
        (
            "listen = [{ unix = 'file' }]".into(),
            "listen[0].unix",
            "/file` is there and is no socket",
            "'file'",
        ),
        (format!("listen = [{{ tcp = '{taken}' }}]"), "listen[0].tcp", &is_taken, &format!("'{taken}'")),
        (
            "listen = [{ udp = '192.0.2.1:9' }]".into(),
            "listen[0].udp",
            "192.0.2.1:9 is no address of this machine now",
            "'192.0.2.1:9'",
        ),
        ("ready = { unix = '/no/dir/s' }".into(), "ready.unix", &cannot_be, "'/no/dir/s'"),
        ("ready = { path = '/no/dir/s' }".into(), "ready.path", &cannot_be, "'/no/dir/s'"),
        ("health = { path = '/no/dir/s' }".into(), "health.path", &cannot_be, "'/no/dir/s'"),
        (
            "ready = { tcp = 'no-such-host.invalid:80' }".into(),
            "ready.tcp",
            "the host of no-such-host.invalid:80 is not known now",
            "'no-such-host.invalid:80'",
        ),
        (
            "health = { http = 'http://no-such-host.invalid/up' }".into(),
            "health.http",
            "the host of no-such-host.invalid:80 is not known now",
            "'http://no-such-host.invalid/up'",
        ),
    ] {
        let output = check(&process(&temp, &format!("cwd = '{at}'\n{lines}")));

        let said = said(&output);
        let [Said { is_error: false, message, shown: underlined }] = said.as_slice() else {
            panic!("{lines}: {said:?}")
        };
        assert!(message.contains(&format!("tree.toml:6: root/web: process.{place}: ")), "{lines}: {message}");
        assert!(message.contains(cause), "{lines}: {message}");
        assert_eq!((underlined.as_str(), output.status.code()), (shown, Some(0)), "{lines}");
    }
}

/// All of it is read again at each start, and so may be otherwise.
#[test]
fn what_environment_files_and_variables_are_today_is_a_warning_at_its_place() {
    let temp = Temp::new();
    temp.write("right", "A=1\n");
    temp.write("wrong", "A=1\nB C=\"\n");
    let at = temp.path("");
    let at = at.to_str().unwrap();
    let not_read = "cannot be read: line 2 is not of the form NAME=value";
    for (lines, place, cause, shown) in [
        ("env_file = 'wrong'", "env_file", not_read, "'wrong'"),
        ("env_file = ['right', 'wrong']", "env_file[1]", not_read, "'wrong'"),
        (
            "env = { B = 'x', A = '${NOPE_X}' }",
            "env.A",
            "the environment variable `A` of `sh` names the variable `NOPE_X`, which is not set",
            "'${NOPE_X}'",
        ),
        (
            "stop_command = { exec = ['sh', '${NOPE_X}'], wait = '1s' }",
            "stop_command.exec",
            "its stop command: argument 1 of `sh` names the variable `NOPE_X`, which is not set",
            "['sh', '${NOPE_X}']",
        ),
    ] {
        let output = check(&process(&temp, &format!("cwd = '{at}'\nexpand = true\n{lines}")));

        let said = said(&output);
        let [Said { is_error: false, message, shown: underlined }] = said.as_slice() else {
            panic!("{lines}: {said:?}")
        };
        assert!(message.contains(&format!("tree.toml:7: root/web: process.{place}: ")), "{lines}: {message}");
        assert!(message.contains(cause), "{lines}: {message}");
        assert_eq!((underlined.as_str(), output.status.code()), (shown, Some(0)), "{lines}");
    }
}

/// What the kernel does not execute by itself it may have been told to (`binfmt_misc`).
#[test]
fn a_command_that_cannot_be_executed_is_told_at_its_word() {
    let temp = Temp::new();
    for (name, text) in [("empty", ""), ("text", "echo\n")] {
        let file = temp.write(name, text);
        std::fs::set_permissions(file, Permissions::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::symlink("circle", temp.path("circle")).unwrap();
    let at = temp.path("");
    let at = at.to_str().unwrap().trim_end_matches('/');
    let words = format!("'{}', ", "x".repeat(100_000)).repeat(70);
    for (command, place, cause, is_error) in [
        ("'./empty'".to_owned(), "command[0]", "`./empty` is not executable, the file is empty", false),
        ("'./text'".into(), "command[0]", "it has no `#!` line and is no binary of this system", false),
        ("'./circle'".into(), "command[0]", "Too many levels of symbolic links", true),
        (
            "'sh', 'a', '${NOPE_X}'".into(),
            "command[2]",
            "argument 2 of `sh` names the variable `NOPE_X`",
            false,
        ),
        (
            format!("'sh', {words}'{}'", "y".repeat(110_000)),
            "command[71]",
            "are too long: they have 7",
            false,
        ),
    ] {
        let file = format!(
            "[[children]]\nid = 'web'\n[children.process]\nexpand = true\ncwd = '{at}'\ncommand = [{command}]\n"
        );
        let output = check(temp.write("tree.toml", file).to_str().unwrap());

        let said = said(&output);
        let [one] = said.as_slice() else { panic!("{place}: {} are said", said.len()) };
        assert!(
            one.message.contains(&format!("tree.toml:6: root/web: process.{place}: ")),
            "{}",
            one.message
        );
        assert!(one.message.contains(cause), "{}", one.message);
        let status = if is_error { 2 } else { 0 };
        assert_eq!((one.is_error, output.status.code()), (is_error, Some(status)), "{}", one.message);
    }
}

#[test]
fn what_the_machine_has_not_is_an_error_and_nothing_else_is_said_to_be_right() {
    let temp = Temp::new();
    let long = format!("/{}", "x".repeat(107));
    for (lines, place, cause) in [
        (
            "cpus = [1022, 1023]".to_owned(),
            "cpus",
            "the processors [1022, 1023]: this machine has none of them",
        ),
        (format!("listen = [{{ unix = '{long}' }}]"), "listen[0].unix", "the path of a socket has 107 bytes"),
        (format!("ready = {{ unix = '{long}' }}"), "ready.unix", "the path of a socket has 107 bytes"),
        (format!("health = {{ unix = '{long}' }}"), "health.unix", "the path of a socket has 107 bytes"),
    ] {
        let output = check(&process(&temp, &lines));

        let said = said(&output);
        let [Said { is_error: true, message, shown }] = said.as_slice() else { panic!("{lines}: {said:?}") };
        let (_, value) = lines.split_once("= ").unwrap();
        assert!(message.contains(&format!("tree.toml:5: root/web: process.{place}: ")), "{lines}: {message}");
        assert!(message.contains(cause) && value.contains(shown.as_str()), "{lines}: {message} {shown}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{lines}");
    }
}

#[test]
fn a_processor_beside_others_that_the_machine_has_not_is_a_warning() {
    let temp = Temp::new();
    let ours = std::fs::read_to_string("/proc/self/status").unwrap();
    let ours = ours.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
    let one = ours.trim().split([',', '-']).next().unwrap();

    let output = check(&process(&temp, &format!("cpus = [{one}, 1023]")));

    let said = said(&output);
    assert!(
        matches!(said.as_slice(), [Said { is_error: false, message, .. }] if message.contains("[1023]")),
        "{said:?}"
    );
    assert_eq!(output.status.code(), Some(0));
}

/// All of them, and not the first alone.
#[test]
fn what_a_user_without_rights_cannot_give_is_an_error_at_each_key() {
    let temp = Temp::new();
    let file = process(
        &temp,
        "user = 'root'\nnice = -20\noom_score_adjust = -1000\ncapabilities = ['chown']\n\
         limits = { core_size = 0, open_files = 'unlimited' }\n\
         listen = [{ tcp = '127.0.0.1:1' }]\nlog_file = 'log/app.log'\ncwd = '.'",
    );
    let log = temp.path("log");
    std::fs::create_dir(&log).unwrap();
    std::fs::set_permissions(&log, Permissions::from_mode(0o555)).unwrap();
    let Some(output) = check_as_a_user(&temp, &file) else { return };

    let said = said(&output);
    let mut expected = vec![
        ("user", "it cannot be given the user `root`: Operation not permitted", "'root'"),
        ("nice", "it cannot be given the nice value -20: Permission denied", "-20"),
        ("oom_score_adjust", "it cannot be given the OOM score adjustment -1000: Permission denied", "-1000"),
        ("capabilities", "it cannot be given the capabilities chown: Operation not permitted", "['chown']"),
        ("limits.open_files", "the limits open_files = unlimited: Operation not permitted", "'unlimited'"),
    ];
    let privileged = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if privileged.is_ok_and(|first| first.trim() != "0") {
        let why = "this program may not listen at 127.0.0.1:1: Permission denied";
        expected.push(("listen[0].tcp", why, "'127.0.0.1:1'"));
    }
    for (key, cause, shown) in &expected {
        let place = format!("root/web: process.{key}: ");
        let of_key: Vec<_> = said.iter().filter(|said| said.message.contains(&place)).collect();
        let [Said { is_error: true, message, shown: underlined }] = of_key.as_slice() else {
            panic!("{said:?}")
        };
        assert!(message.contains(cause), "{message}");
        assert_eq!(underlined, shown, "{message}");
    }
    let errors = said.iter().filter(|said| said.is_error).count();
    assert_eq!((errors, output.status.code()), (expected.len(), Some(2)), "{said:?}");
    // The administrator may open the directory before it is needed.
    let log = said.iter().find(|said| said.message.contains("process.log_file: ")).expect("it is said");
    assert!(!log.is_error && log.message.contains("no file can be made in "), "{log:?}");
}

/// What root may give is not said to be refused, and neither is a user that is the test's own.
#[test]
fn a_user_may_be_named_by_who_is_it_and_by_root() {
    let temp = Temp::new();
    let user = if geteuid().is_root() { User::from_name("nobody") } else { User::from_uid(geteuid()) };
    let Some(user) = user.ok().flatten() else { return };

    let output = check(&process(&temp, &format!("user = '{}'\nnice = 19", user.name)));

    assert_eq!((said(&output).len(), output.status.code()), (0, Some(0)), "{output:?}");
}

/// Has a file checked by a user that is not root. `None` where root's tests are closed to others, which is said.
#[expect(clippy::print_stderr, reason = "a test says what it has left out")]
fn check_as_a_user(temp: &Temp, file: &str) -> Option<Output> {
    let demo = env!("CARGO_BIN_EXE_rootward-demo");
    if !geteuid().is_root() {
        let mut command = Command::new(demo);
        return Some(
            command.args(["check", file]).current_dir(temp.path("")).stdin(Stdio::null()).output_in_time(),
        );
    }
    std::fs::set_permissions(temp.path(""), Permissions::from_mode(0o755)).expect("it is the test's own");
    if !is_open_to_others(Path::new(file)) {
        eprintln!("left out: a demo and files that are open to all users");
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]).arg("--clear-groups");
    command.args([demo, "check", file]).current_dir(temp.path("")).stdin(Stdio::null());
    Some(command.output_in_time())
}
