//! `exec`: one program in the demo's place, and nothing left of it.

mod leftovers;
mod times;

use std::fs::Permissions;
use std::io::Write as _;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_tests::Known;

use crate::support::{InTime as _, Lines, Terminal, collect_in_time, until, wait_in_time};

#[test]
fn every_exit_code_is_passed_on() {
    for code in 0..=255 {
        let status = exec(&[], &format!("exit {code}")).run_in_time().status;

        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn the_signal_that_ends_the_program_ends_the_wrapper_and_is_128_more_in_a_shell() {
    for signal in
        [Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGKILL, Signal::SIGTERM, Signal::SIGSEGV]
    {
        let status = exec(&[], &format!("ulimit -c 0; kill -{} $$", signal as i32)).run_in_time().status;

        assert_eq!(status.signal(), Some(signal as i32));
    }
    let script = format!("{} exec -- sh -c 'kill -TERM $$'; echo $?", env!("CARGO_BIN_EXE_rootward-demo"));
    let output = Command::new("sh").args(["-c", &script]).output_in_time();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "143\n");
}

#[test]
fn a_program_that_is_not_there_or_cannot_be_executed_has_the_status_that_env_gives_it() {
    for (program, status) in
        [("/no/such/program", 127), ("no-such-program-anywhere", 127), ("/etc/passwd", 126)]
    {
        let output = demo().env("PATH", "/usr/bin:/bin").args(["exec", "--", program]).output_in_time();

        assert_eq!(output.status.code(), Some(status), "{program}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(program), "{output:?}");
    }
    assert_eq!(demo().arg("exec").output_in_time().status.code(), Some(2));
}

#[test]
fn a_program_that_cannot_be_executed_is_told_with_what_it_lacks() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    // Another process writes them: one that another test forks meanwhile would hold a file open for writing that is
    // open here, and the file could not be executed.
    let write = |name: &str, contents: &[u8]| {
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(path(name))
            .stdin(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        writer.stdin.take().expect("it is a pipe").write_all(contents).expect("it reads");
        assert!(writer.wait().expect("it is a child").success());
    };
    write("dos", b"#!/bin/sh\r\necho\r\n");
    write("script", b"#!/no/such/interpreter\n");
    let elf = without_its_loader();
    if let Some(elf) = &elf {
        write("elf", elf);
    }
    write("plain", b"#!/bin/sh\n");
    std::fs::set_permissions(path("plain"), Permissions::from_mode(0o644)).expect("it is ours");
    std::fs::create_dir(path("directory")).expect("it is ours");

    for (name, status, why) in [
        ("dos", 127, "carriage return"),
        ("script", 127, "/no/such/interpreter"),
        ("elf", 127, "/no-linux"),
        ("plain", 126, "it has no permission to be executed"),
        ("directory", 126, "it is a directory"),
        ("none", 127, "was not found"),
    ] {
        if name == "elf" && elf.is_none() {
            eprintln!("left out: a program without its loader: there is none here");
            continue;
        }
        let name = format!("./{name}");
        let output = demo().current_dir(place.path()).args(["exec", "--", &name]).output_in_time();

        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&name) && said.contains(why), "{name}: {said}");
        assert_eq!(output.status.code(), Some(status), "{name}: {said}");
    }
}

/// A program of this machine with another name of its loader, of the same length. `None` if its programs have none.
fn without_its_loader() -> Option<Vec<u8>> {
    let mut program = std::fs::read("/bin/sh").expect("there is a shell");
    let loader = b"/ld-linux";
    let at = program.windows(loader.len()).position(|it| it == loader)?;
    program[at + 1..at + 3].copy_from_slice(b"no");
    Some(program)
}

#[test]
fn input_and_outputs_are_the_programs_own() {
    let mut child = exec(&[], "echo $0 >&2; cat; exit 9")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it has been built");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all("more than one line\n".repeat(10_000).as_bytes()).expect("it reads");
    drop(stdin);

    let output = collect_in_time(child);

    assert_eq!(output.stdout.len(), 190_000);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "sh\n");
    assert_eq!(output.status.code(), Some(9));
}

/// `exec` has no readiness of its own: what the program says reaches what has started the command.
#[test]
fn what_the_program_says_of_its_readiness_reaches_the_caller() {
    let program = "echo \"$NOTIFY_SOCKET\" >&3; exec 3>&-; exec sleep 60";
    let script =
        format!("exec {} exec -- sh -c '{program}' 3>&1 >/dev/null", env!("CARGO_BIN_EXE_rootward-demo"));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("NOTIFY_SOCKET", "@caller").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();

    // The end comes although the program goes on: neither the init nor the guard holds its descriptor.
    let told = Lines::of(child.stdout.take().unwrap()).rest();

    assert_eq!(told, "@caller\n");
    assert!(child.try_wait().unwrap().is_none(), "the program goes on");
    signal(&child, Signal::SIGTERM);
    wait_in_time(&mut child);
}

#[test]
fn the_output_ends_when_the_program_closes_it_and_not_when_the_wrapper_ends() {
    let (mut wrapper, stdout) = start(&[], "exec >/dev/null; read -r line; exit 3");

    assert_eq!(stdout.rest(), "");

    drop(wrapper.stdin.take());
    assert_eq!(wait_in_time(&mut wrapper).code(), Some(3));
}

#[test]
fn a_signal_reaches_the_program_once() {
    let script =
        "trap 'echo hup' HUP; trap 'echo term; exit 5' TERM; echo ready; while :; do read -r line; done";
    let (mut wrapper, mut stdout) = start(&[], script);
    assert_eq!(line(&mut stdout), "ready");

    signal(&wrapper, Signal::SIGHUP);
    assert_eq!(line(&mut stdout), "hup");
    signal(&wrapper, Signal::SIGTERM);

    assert_eq!(line(&mut stdout), "term");
    assert_eq!(line(&mut stdout), "");
    assert_eq!(wait_in_time(&mut wrapper).code(), Some(5));
}

#[test]
fn a_daemon_is_asked_and_gone_when_the_wrapper_ends() {
    let daemon = "trap 'echo asked; exit' TERM; echo $$; while :; do sleep 0.1; done";
    let (mut wrapper, mut stdout) =
        start(&[], &format!("setsid sh -c \"{}\" & read -r line; exit 4", escaped(daemon)));
    let pid = known(&mut stdout);

    drop(wrapper.stdin.take());

    assert_eq!(wait_in_time(&mut wrapper).code(), Some(4));
    assert!(!pid.is_alive());
    assert_eq!(line(&mut stdout), "asked");
}

#[test]
fn a_daemon_that_ignores_the_question_is_killed_after_the_grace() {
    let daemon = "trap '' TERM; echo $$; exec sleep 1000";
    let (mut wrapper, mut stdout) =
        start(&["--grace", "50ms"], &format!("setsid sh -c \"{}\" & read -r line; exit 4", escaped(daemon)));
    let pid = known(&mut stdout);

    drop(wrapper.stdin.take());

    assert_eq!(wait_in_time(&mut wrapper).code(), Some(4));
    assert!(!pid.is_alive());
}

#[test]
fn the_program_and_what_it_leaves_are_asked_by_the_stop_signal() {
    let daemon = "trap 'echo daemon usr1; exit' USR1; trap 'echo daemon term; exit' TERM; \
                  echo $$; while :; do sleep 0.1; done";
    let script = format!(
        "trap 'echo usr1; exit 4' USR1; trap 'echo term; exit 5' TERM; \
         setsid sh -c \"{}\" & while :; do read -r line; done",
        escaped(daemon)
    );
    let (mut wrapper, mut stdout) = start(&["--stop-signal", "SIGUSR1"], &script);
    let pid = known(&mut stdout);

    signal(&wrapper, Signal::SIGTERM);

    assert_eq!(line(&mut stdout), "usr1");
    assert_eq!(line(&mut stdout), "daemon usr1");
    assert_eq!(wait_in_time(&mut wrapper).code(), Some(4));
    assert!(!pid.is_alive());
}

#[test]
fn a_program_that_does_not_go_is_killed_after_its_time_with_all_that_it_has_started() {
    for (options, asked_by) in [
        (&["--grace", "1h", "--kill-after", "50ms"][..], Signal::SIGTERM),
        (&["--grace", "1h", "--kill-after", "50ms", "--stop-signal", "USR1"], Signal::SIGUSR1),
        (&["--grace", "1h", "--kill-after", "0ms", "--stop-signal", "USR1"], Signal::SIGTERM),
    ] {
        let (mut wrapper, pids) = stubborn(options);

        signal(&wrapper, asked_by);

        assert_eq!(wait_in_time(&mut wrapper).signal(), Some(9), "{options:?}");
        assert!(!pids.iter().any(|pid| pid.is_alive()));
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for option in
        [["--stop-signal", "SIGNONE"], ["--containment", "moon"], ["--kill-after", "5"], ["--grace", "soon"]]
    {
        let output = demo().arg("exec").args(option).args(["--", "true"]).output_in_time();

        assert_eq!(output.status.code(), Some(2), "{option:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(option[1]), "{output:?}");
    }
}

#[test]
fn a_signal_that_suspends_is_no_stop_signal() {
    for signal in ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"] {
        let output = demo().args(["exec", "--stop-signal", signal, "--", "echo", "started"]).output_in_time();

        assert_eq!(output.status.code(), Some(125), "{signal}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(signal), "{output:?}");
        assert!(output.stdout.is_empty(), "nothing is started");
    }
}

#[test]
fn a_second_stop_signal_ends_the_grace() {
    let daemon = "trap '' TERM; echo $$; exec sleep 1000";
    let script = format!(
        "trap 'exit 4' TERM; setsid sh -c \"{}\" & echo $$; while :; do read -r line; done",
        escaped(daemon)
    );
    let (mut wrapper, mut stdout) = start(&["--grace", "1h"], &script);
    let pids = [known(&mut stdout), known(&mut stdout)];

    signal(&wrapper, Signal::SIGTERM);
    // The program, which is one of the two, has gone.
    until("one of the two is gone", || pids.iter().any(|pid| !pid.is_alive()));
    signal(&wrapper, Signal::SIGTERM);

    assert_eq!(wait_in_time(&mut wrapper).code(), Some(4));
    assert!(!pids.iter().any(|pid| pid.is_alive()));
}

#[test]
fn a_killed_wrapper_leaves_nothing() {
    let (mut wrapper, pids) = stubborn(&[]);

    wrapper.kill().expect("it is our child");
    wait_in_time(&mut wrapper);

    until("both are gone", || !pids.iter().any(|pid| pid.is_alive()));
}

#[test]
fn a_killed_guard_leaves_nothing_and_the_wrapper_ends_by_the_same_signal() {
    let (mut wrapper, pids) = stubborn(&[]);
    let guard = Known::of(wrapper.id()).expect("it runs").descendants()[0];

    guard.signal(Signal::SIGKILL).expect("it runs");

    assert_eq!(wait_in_time(&mut wrapper).signal(), Some(9));
    assert!(!pids.iter().any(|pid| pid.is_alive()));
}

#[test]
fn ctrl_c_reaches_the_program_once_and_the_terminal_is_the_programs() {
    let script =
        "trap 'echo interrupted' INT; tty -s && echo ready; while ! read -r line; do :; done; echo over";
    let mut terminal = Terminal::demo(&["exec", "--", "sh", "-c", script]);
    terminal.wait_for("ready");

    terminal.press("\x03");
    terminal.wait_for("interrupted");
    terminal.press("x\n");
    terminal.wait_for("over");
    let left = terminal.finish();

    assert_eq!(left.status.code(), Some(0));
    assert_eq!(left.screen.matches("interrupted").count(), 1, "{}", left.screen);
    assert!(left.is_as_before);
}

#[test]
fn a_shell_suspends_it_and_brings_it_back() {
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "$ ");
    let mut terminal = Terminal::start(command, 100, 24);
    terminal.wait_for("$");
    let demo = env!("CARGO_BIN_EXE_rootward-demo");
    terminal.press(&format!("{demo} exec -- sh -c 'echo re\"\"ady; read -r line; echo got $line; exit 6'\n"));
    terminal.wait_for("ready");

    terminal.press("\x1a");
    terminal.wait_for("Stopped");
    terminal.press("fg\n");
    terminal.wait_until(|screen| screen.matches("read -r line").count() > 2);
    terminal.press("word\n");
    terminal.wait_for("got word");
    terminal.press("echo status=$?; exit\n");

    assert!(terminal.finish().screen.contains("status=6"));
}

#[test]
fn as_process_1_it_passes_signals_on_and_ends_with_128_and_the_signal() {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    let mut command = with(
        command,
        &[],
        "echo $PPID; trap 'kill -KILL $$' USR1; echo ready; while :; do read -r line; done",
    );
    let mut wrapper = command.spawn().expect("util-linux is installed");
    let mut stdout = Lines::of(wrapper.stdout.take().expect("it is piped"));
    if line(&mut stdout).is_empty() {
        // This system lets no user make namespaces.
        wait_in_time(&mut wrapper);
        return;
    }
    assert_eq!(line(&mut stdout), "ready");
    let first = Known::of(wrapper.id()).expect("it runs").descendants()[0];

    first.signal(Signal::SIGUSR1).expect("it runs");

    assert_eq!(wait_in_time(&mut wrapper).code(), Some(137));
}

fn demo() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
}

/// The wrapper around a shell that does this.
fn exec(options: &[&str], script: &str) -> Command {
    let mut command = demo();
    command.arg("exec").args(options).args(["--", "sh", "-c", script]);
    command
}

/// The same started by another program.
fn with(mut command: Command, options: &[&str], script: &str) -> Command {
    command
        .arg(env!("CARGO_BIN_EXE_rootward-demo"))
        .arg("exec")
        .args(options)
        .args(["--", "sh", "-c", script]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn start(options: &[&str], script: &str) -> (Child, Lines<ChildStdout>) {
    let mut command = exec(options, script);
    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it has been built");
    let stdout = child.stdout.take().expect("it is piped");
    (child, Lines::of(stdout))
}

/// A program and a daemon that ignore what asks them to go.
fn stubborn(options: &[&str]) -> (Child, [Known; 2]) {
    let daemon = "trap '' TERM USR1; echo $$; exec sleep 1000";
    let script =
        format!("trap '' TERM USR1; setsid sh -c \"{}\" & echo $$; exec sleep 1000", escaped(daemon));
    let (wrapper, mut stdout) = start(options, &script);
    (wrapper, [known(&mut stdout), known(&mut stdout)])
}

/// What stands between double quotes.
fn escaped(script: &str) -> String {
    script.replace('$', "\\$")
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().expect("a process id"));
    kill(pid, signal).expect("it is our child and has not been waited for");
}

fn line(stdout: &mut Lines<ChildStdout>) -> String {
    stdout.next_line().unwrap_or_default().trim_end().to_owned()
}

/// A process that does not survive the test, whatever that asserts.
struct KillOnDrop(Known);

impl Deref for KillOnDrop {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // After it has ended, this does nothing.
        let _ = self.signal(Signal::SIGKILL);
    }
}

fn known(stdout: &mut Lines<ChildStdout>) -> Known {
    Known::of(line(stdout).parse().expect("a process id")).expect("it runs")
}
