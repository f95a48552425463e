//! One contained program without a tree: how it is started, awaited, and gone with everything that it has started.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use rootward_core::{Exit, Outcome, OutputStream};
use rootward_procs::{
    Contained, Containment, LaunchError, Output, OutputLines, Process, ProgramEnd, ProgramStartError, Ready,
    ReadyError, Signal, Stdin, Step,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::until::{until, within};

mod until;

#[test]
fn a_contained_program_can_be_held_and_awaited_on_any_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}

    is_send_and_sync::<Contained>();
    is_send_and_sync::<ProgramEnd>();
    is_send_and_sync::<ProgramStartError>();
}

#[tokio::test]
async fn every_exit_code_and_every_signal_is_told_exactly() {
    for code in [0, 1, 2, 3, 126, 127, 128, 143, 255] {
        let end = shell(&format!("exit {code}")).spawn().await.unwrap().wait().await;

        assert_eq!((end.code(), end.signal(), end.outcome), (Some(code), None, Outcome::AlreadyGone));
        assert_eq!((end.steps.as_slice(), end.elapsed), (&[][..], None), "no stop was asked for");
        assert_eq!(end.success(), code == 0);
    }
    for signal in [Signal::HUP, Signal::TERM, Signal::KILL, Signal::USR1] {
        let end = shell(&format!("kill -{} $$", signal.number())).spawn().await.unwrap().wait().await;

        assert_eq!((end.code(), end.signal()), (None, Some(signal.number())));
    }
}

#[tokio::test]
async fn it_is_followed_wherever_its_processes_go_without_a_word_about_it() {
    let program = shell("exec sleep 1000").spawn().await.unwrap();

    assert!(program.containment().starts_with("tree"), "{program:?}");
    assert_eq!(program.degraded(), None);
}

#[tokio::test]
async fn a_program_is_ready_when_spawn_returns_and_its_lines_are_kept_from_the_first_on() {
    let script = "echo one; echo two >&2; echo ready; exit 3";
    let mut program = shell(script).ready(Ready::line_containing("ready")).spawn().await.unwrap();
    let mut lines = program.take_output().unwrap();

    let mut seen = Vec::new();
    while let Some(line) = lines.next().await.unwrap() {
        seen.push((line.stream, line.line));
    }

    seen.sort_by_key(|(stream, _)| *stream == OutputStream::Stderr);
    let expected =
        [(OutputStream::Stdout, "one"), (OutputStream::Stdout, "ready"), (OutputStream::Stderr, "two")];
    assert_eq!(seen, expected.map(|(stream, line)| (stream, line.to_owned())));
    assert!(program.take_output().is_none());
    assert_eq!(program.wait().await.code(), Some(3));
    assert_eq!(program.try_wait().unwrap().code(), Some(3));
}

#[tokio::test]
async fn its_streams_can_be_had_as_bytes() {
    let process = shell("read -r line; echo got $line; echo line >&2");
    let mut program = process.stdin(Stdin::Piped).stdout(Output::Piped).spawn().await.unwrap();
    let (mut stdin, mut stdout) = (program.take_stdin().unwrap(), program.take_stdout().unwrap());
    assert!(program.take_stdin().is_none() && program.take_stderr().is_none());

    stdin.write_all(b"it\n").await.unwrap();
    let mut answer = String::new();
    stdout.read_to_string(&mut answer).await.unwrap();

    assert_eq!(answer, "got it\n");
    assert_eq!(line(&mut program.take_output().unwrap()).await, "line");
    assert!(program.wait().await.success());
}

#[tokio::test]
async fn a_program_that_was_launched_can_be_read_while_it_gets_ready() {
    let dir = tempfile::tempdir().unwrap();
    let script = "mkfifo go; echo 'shall I?'; read -r line < go; touch there; exec sleep 1000";
    let process = shell(script).current_dir(dir.path()).ready(Ready::path("there"));
    let mut program = process.launch().unwrap();

    assert_eq!(line(&mut program.take_output().unwrap()).await, "shall I?");
    assert!(!dir.path().join("there").exists());
    std::fs::write(dir.path().join("go"), "yes\n").unwrap();
    program.ready().await.unwrap();

    assert!(dir.path().join("there").exists());
    assert!(is_alive(program.pid().unwrap()));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_says_why_as_the_standard_library_does() {
    let missing = Process::new("/no/such/program").spawn().await.unwrap_err();
    let forbidden = Process::new("/etc/passwd").spawn().await.unwrap_err();
    let nonsense = Process::new("").spawn().await.unwrap_err();

    assert!(matches!(missing.launch_error(), Some(LaunchError::ProgramNotFound { .. })));
    assert_eq!(missing.to_string(), "the program `/no/such/program` was not found");
    assert!(matches!(nonsense, ProgramStartError::Description(_)));
    let kinds = [missing, forbidden, nonsense].map(|error| io::Error::from(error).kind());
    assert_eq!(
        kinds,
        [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidInput]
    );
}

#[tokio::test]
async fn a_program_that_is_not_ready_in_time_is_gone_and_says_what_it_wrote() {
    let script = "echo $$; exec sleep 1000";
    let process =
        shell(script).ready(Ready::line_containing("ready")).ready_timeout(Duration::from_millis(300));

    let error = process.spawn().await.unwrap_err();

    let Some(ReadyError::TimedOut { output, .. }) = error.ready_error() else { panic!("{error}") };
    assert!(!is_alive(output[0].parse().unwrap()));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_stop_goes_down_the_ladder_and_takes_a_daemon_along() {
    let script =
        "trap 'echo asked' INT; trap 'exit 7' TERM; setsid sh -c 'echo $$; exec sleep 1000' & echo $!;
        while :; do sleep 1; done";
    let process = shell(script).ladder([
        Step::new(Signal::INT, Duration::from_millis(100)),
        Step::new(Signal::TERM, Duration::from_secs(20)),
    ]);
    let mut program = process.spawn().await.unwrap();
    let mut lines = program.take_output().unwrap();
    let pids = [line(&mut lines).await, line(&mut lines).await].map(|pid| pid.parse().unwrap());

    let end = program.stop().await;

    assert_eq!((end.code(), end.outcome), (Some(7), Outcome::Graceful), "{end:?}");
    while line(&mut lines).await != "asked" {}
    assert!(!pids.into_iter().any(is_alive));
    let steps: Vec<_> = end.steps.iter().map(|step| step.with.as_str()).collect();
    assert_eq!(steps, ["SIGINT", "SIGTERM"]);
    let (first, second) = (end.steps[0].after, end.steps[1].after);
    assert!(first.is_zero() && second >= Duration::from_millis(100), "{end:?}");
    assert!(end.elapsed.is_some_and(|elapsed| elapsed >= second), "{end:?}");
    assert_eq!(program.try_wait(), Some(end.clone()));
    assert_eq!(program.wait().await, end);
}

#[tokio::test]
async fn a_kill_ends_all_of_it_at_once() {
    let (program, pids) = stubborn().await;

    let end = program.kill().await;

    assert_eq!((end.signal(), end.outcome), (Some(9), Outcome::Killed));
    assert!(end.elapsed.is_some(), "{end:?}");
    assert!(!pids.into_iter().any(is_alive));
}

#[tokio::test]
async fn what_is_dropped_is_gone_when_the_drop_is_over() {
    let (program, pids) = stubborn().await;
    assert!(pids.into_iter().all(is_alive));

    drop(program);

    assert!(!pids.into_iter().any(is_alive));
}

#[tokio::test]
async fn a_panic_takes_the_program_along() {
    let (program, pids) = stubborn().await;

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _program = program;
        panic!("a test fails");
    }));

    assert!(panicked.is_err());
    assert!(!pids.into_iter().any(is_alive));
}

#[test]
fn a_runtime_that_is_shut_down_takes_the_program_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (program, pids) = runtime.block_on(stubborn());
    drop(runtime);

    drop(program);

    until("both are gone", || !pids.into_iter().any(is_alive));
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo $$ > pid.new; mv pid.new pid; exec sleep 1000";
    let process = shell(script).current_dir(dir.path()).ready(Ready::line_containing("never"));
    let path = dir.path().join("pid");
    let is_there = async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    };

    tokio::select! {
        it = process.spawn() => panic!("{it:?}"),
        () = within("the process runs", is_there) => {}
    }

    let pid = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
    let is_gone = async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    };
    within("it is gone", is_gone).await;
}

#[tokio::test]
async fn at_level_group_the_program_is_gone_all_the_same() {
    let program = shell("exec sleep 1000").spawn_in(&Containment::group()).await.unwrap();
    let pid = program.pid().unwrap();
    assert_eq!(program.containment(), "group");

    drop(program);

    until("it is gone", || !is_alive(pid));
}

#[tokio::test]
async fn what_the_program_has_left_behind_is_gone_when_its_end_is_told() {
    let mut program = shell("setsid sleep 1000 & echo $!; exit 5").spawn().await.unwrap();
    let mut lines = program.take_output().unwrap();
    let pid: u32 = line(&mut lines).await.parse().unwrap();

    let end = program.wait().await;

    assert_eq!(end.exit, Exit::Code(5));
    assert!(!is_alive(pid));
    assert!(end.stragglers.iter().all(|left| left.pid == pid), "{end:?}");
}

#[tokio::test]
async fn a_program_that_no_one_reads_is_never_held_up_for_long_and_its_last_lines_are_kept() {
    let script = "i=0; while [ $i -lt 40000 ]; do echo \"line $i of many that are never read while it runs\"; \
                  i=$((i+1)); done";
    let mut program = shell(script).spawn().await.unwrap();

    assert!(program.wait().await.success());

    let mut lines = program.take_output().unwrap();
    let lost = lines.next().await.unwrap_err();
    assert!(lost.missed > 0);
    assert!(program.pid().is_some());
    let mut last = None;
    while let Some(line) = lines.next().await.unwrap() {
        last = Some(line.line);
    }
    assert_eq!(last.unwrap(), "line 39999 of many that are never read while it runs");
}

#[tokio::test]
async fn ten_megabytes_that_are_written_just_before_the_exit_arrive_whole_and_in_order() {
    let mut program = shell("seq 1 1500000; exit 7").spawn().await.unwrap();
    let mut lines = program.take_output().unwrap();
    lines.hold_up(Duration::from_secs(60));

    // Where the program had to wait for the processor in the middle of a line, that comes in two pieces.
    let mut text = String::new();
    while let Some(line) = lines.next().await.unwrap() {
        text.push_str(if line.continued { "" } else { "\n" });
        text.push_str(&line.line);
    }

    let mut expected = text.split('\n').skip(1).zip(1..);
    assert!(expected.all(|(line, number)| line.parse() == Ok(number)));
    assert_eq!(text.matches('\n').count(), 1_500_000);
    assert_eq!(program.wait().await.code(), Some(7));
}

/// What a second copy of this program does, which is killed: see the next test.
const HOST: &str = "ROOTWARD_CONTAINED_HOST";

#[tokio::test]
async fn a_host_that_is_to_be_killed() {
    if std::env::var_os(HOST).is_some() {
        let (_program, pids) = stubborn().await;
        eprintln!("{}", pids.map(|pid| pid.to_string()).join(" "));
        std::future::pending::<()>().await;
    }
}

#[test]
fn a_killed_host_leaves_no_process() {
    use std::io::BufRead as _;
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_host_that_is_to_be_killed", "--nocapture"])
        .env(HOST, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    io::BufReader::new(host.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<u32> = line.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| is_alive(*pid)), "{line}");

    host.kill().unwrap();
    host.wait().unwrap();

    until("both are gone", || !pids.iter().any(|pid| is_alive(*pid)));
}

fn shell(script: &str) -> Process {
    Process::new("/bin/sh").args(["-c", script])
}

/// A program with a daemon, both of which ignore SIGTERM, and the process ids of both.
async fn stubborn() -> (Contained, [u32; 2]) {
    let script = "trap '' TERM INT; setsid sh -c 'echo $$; exec sleep 1000' & echo $$; exec sleep 1000";
    let mut program = shell(script).spawn().await.unwrap();
    let mut lines = program.take_output().unwrap();
    let pids = [line(&mut lines).await, line(&mut lines).await].map(|pid| pid.parse().unwrap());
    (program, pids)
}

async fn line(lines: &mut OutputLines) -> String {
    within("a line", lines.next()).await.unwrap().expect("it writes a line").line
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
