//! A terminal of its own for a process.

use std::time::Duration;

use rootward_core::{Event, EventKind};
use rootward_procs::{Output, Pipes, Process, Ready, Stdin, Terminal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::given::{shell, tree, tree_with_intensity};

fn at_terminal(script: &str) -> Process {
    shell(script).tty(&Terminal::sized(100, 30))
}

#[tokio::test]
async fn all_three_streams_are_one_terminal_which_is_that_of_its_session() {
    let script = "test -t 0 && test -t 1 && test -t 2 && echo all; tty <&2; tty; stty size; \
                  ps -o tpgid= -p $$ | tr -d ' '; echo $$; (: < /dev/tty) && echo controlling";
    let lines = tree([at_terminal(script).into_child("child")]).lines().await;

    let [all, tty, again, size, foreground, pid, controlling] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!([all, size, controlling], ["all", "30 100", "controlling"]);
    assert!(tty.starts_with("/dev/pts/") && tty == again, "{lines:?}");
    assert_eq!(foreground, pid, "its group is in the foreground");
}

#[tokio::test]
async fn escape_sequences_and_streams_are_kept_as_they_were_written() {
    let given = tree([at_terminal("printf '\\033[32mok\\033[0m\\n'; echo error >&2").into_child("child")]);

    assert_eq!(given.lines().await, ["\u{1b}[32mok\u{1b}[0m", "error"]);
}

#[tokio::test]
async fn a_terminal_that_changes_its_size_is_told_to_the_process() {
    let terminal = Terminal::sized(80, 24);
    let script = "trap 'stty size; exit' WINCH; echo waiting; while :; do sleep 0.01; done";
    let mut given = tree([shell(script).tty(&terminal).into_child("child")]);
    given.wait_for_line("waiting").await;

    terminal.resize(132, 43).unwrap();

    given.wait_for_line("43 132").await;
    assert_eq!(terminal.size(), (132, 43));
}

#[tokio::test]
async fn what_is_typed_reaches_the_process_and_ctrl_c_is_a_signal() {
    let pipes = Pipes::new();
    let script =
        "trap 'echo interrupted; exit 7' INT; read -r line; echo got $line; while :; do sleep 0.01; done";
    let process = at_terminal(script).stdin(Stdin::Piped).pipes(&pipes).into_child("child");
    let mut given = tree([process]);
    let mut keyboard = pipes.next().await.unwrap().stdin.unwrap();

    keyboard.write_all(b"hello\r").await.unwrap();
    given.wait_for_line("got hello").await;
    keyboard.write_all(b"\x03").await.unwrap();

    // It is echoed before it.
    given.wait_for_line("^Cinterrupted").await;
    assert_eq!(given.exit().await, rootward_core::Exit::Code(7));
}

#[tokio::test]
async fn a_terminal_comes_as_bytes_if_it_is_piped() {
    let pipes = Pipes::new();
    let process = at_terminal("printf 'a\\nb'").stdout(Output::Piped).pipes(&pipes).into_child("child");
    let given = tree([process]);
    let mut screen = pipes.next().await.unwrap().stdout.unwrap();

    let mut bytes = Vec::new();
    screen.read_to_end(&mut bytes).await.unwrap();

    assert_eq!(bytes, b"a\r\nb");
    assert!(!given.rest().await.iter().any(|event| matches!(event.what, EventKind::Output { .. })));
}

#[tokio::test]
async fn all_that_a_process_wrote_to_its_terminal_comes_before_its_end() {
    for _ in 0..10 {
        let given = tree([at_terminal("seq 3000; printf 'last words'").into_child("child")]);

        let events = given.rest().await;

        let is_output = |event: &Event| matches!(event.what, EventKind::Output { .. });
        let is_end = |event: &Event| matches!(event.what, EventKind::Exited { .. });
        let text = crate::given::text(&events);
        let mut numbers = text.lines().zip(1..).take(3000);
        assert!(numbers.all(|(line, number)| line.parse() == Ok(number)), "{text}");
        assert_eq!((text.lines().count(), text.lines().last()), (3001, Some("last words")));
        let last = events.iter().rposition(|event| is_output(event)).unwrap();
        assert!(last < events.iter().position(|event| is_end(event)).unwrap());
    }
}

#[tokio::test]
async fn each_incarnation_has_a_terminal_in_the_usual_modes() {
    let script = "stty -a | grep -o -- '-\\?echo\\b'; stty -echo raw; exit 1";
    let given = tree_with_intensity(2, [at_terminal(script).into_child("child")]);

    assert_eq!(given.lines().await, ["echo"; 3]);
}

#[tokio::test]
async fn a_shell_has_job_control() {
    let lines =
        tree([at_terminal("set -m; ps -o pgid=,tpgid=,args=; echo $$").into_child("child")]).lines().await;

    let job: Vec<_> = lines[lines.len() - 2].split_whitespace().collect();
    assert_eq!(job[0], job[1], "the job is in the foreground: {lines:?}");
    assert_ne!(job[0], lines.last().unwrap(), "it has a group of its own: {lines:?}");
}

#[tokio::test]
async fn a_process_at_a_terminal_is_stopped_as_any_other() {
    let process = at_terminal("echo up; exec sleep 1000").ready(Ready::line_containing("up"));
    let given = tree([process.into_child("child").shutdown(Duration::from_secs(500))]);
    given.tree.started().await.unwrap();

    assert!(!given.stop().await.forced);
}

#[tokio::test]
async fn a_process_that_reads_with_nothing_typed_waits_and_its_terminal_has_a_name() {
    let script = "echo $TERM; read -r line; echo read";
    let mut given = tree([at_terminal(script).env("TERM", "vt100").into_child("child")]);

    given.wait_for_line("vt100").await;

    assert!(!given.stop().await.forced);
}
