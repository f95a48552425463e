//! Standard streams as bytes, for the code of this program.

use std::time::Duration;

use rootward_core::EventKind;
use rootward_procs::{Output, PipeEnds, Pipes, Process, Stdin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::given::{shell, tree, tree_with_intensity};
use crate::until::within;

fn piped(process: Process, pipes: &Pipes) -> Process {
    process.stdin(Stdin::Piped).stdout(Output::Piped).pipes(pipes)
}

async fn read_all(ends: &mut PipeEnds) -> Vec<u8> {
    let mut bytes = Vec::new();
    ends.stdout.take().unwrap().read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn bytes_go_in_and_come_out_as_they_are_and_none_of_them_is_an_event() {
    let pipes = Pipes::new();
    let given = tree([piped(Process::new("cat"), &pipes).into_child("child")]);
    let mut ends = pipes.next().await.unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();

    let mut stdin = ends.stdin.take().unwrap();
    let write = async {
        stdin.write_all(&bytes).await.unwrap();
        stdin.shutdown().await.unwrap();
    };
    let ((), read) = tokio::join!(write, read_all(&mut ends));

    assert!(read == bytes);
    let events = given.rest().await;
    assert!(events.iter().any(|event| event.what == EventKind::Started { pid: Some(ends.pid) }));
    assert!(!events.iter().any(|event| matches!(event.what, EventKind::Output { .. })));
}

#[tokio::test]
async fn what_is_not_piped_has_no_ends_and_is_captured_as_ever() {
    let pipes = Pipes::new();
    let process = shell("echo bytes; echo line >&2").stdout(Output::Piped).pipes(&pipes);
    let given = tree([process.into_child("child")]);

    let mut ends = pipes.next().await.unwrap();

    assert!(ends.stdin.is_none() && ends.stderr.is_none());
    assert_eq!(read_all(&mut ends).await, b"bytes\n");
    assert_eq!(given.lines().await, ["line"]);
}

#[tokio::test]
async fn each_incarnation_has_pipes_of_its_own_and_when_none_can_come_that_is_said() {
    let pipes = Pipes::new();
    let process = piped(shell("read -r line; echo $$ $line"), &pipes);
    let given = tree_with_intensity(2, [process.into_child("child")]);

    for number in 0..3 {
        let mut ends = pipes.next().await.unwrap();
        ends.stdin.take().unwrap().write_all(format!("{number}\n").as_bytes()).await.unwrap();
        assert_eq!(read_all(&mut ends).await, format!("{} {number}\n", ends.pid).as_bytes());
    }

    drop(given.rest().await);
    assert!(pipes.next().await.is_none());
}

#[tokio::test]
async fn ends_that_are_not_taken_are_kept_for_eight_incarnations() {
    let pipes = Pipes::new();
    let process = shell("exit 1").stdout(Output::Piped).pipes(&pipes);
    let given = tree_with_intensity(9, [process.into_child("child")]);
    given.rest().await;

    let mut kept = 0;
    while within("the end of what is kept", pipes.next()).await.is_some() {
        kept += 1;
    }

    assert_eq!(kept, 8);
}

#[tokio::test]
async fn a_reader_that_does_not_read_and_a_writer_that_does_not_write_hold_up_no_stop() {
    let pipes = Pipes::new();
    let process = piped(shell("exec yes"), &pipes);
    let given = tree([process.into_child("child").shutdown(Duration::from_secs(500))]);
    let _ends = pipes.next().await.unwrap();

    assert!(!given.stop().await.forced);
}

#[tokio::test]
async fn what_a_process_wrote_before_its_end_can_be_read_after_it() {
    let pipes = Pipes::new();
    let process = shell("head -c 60000 /dev/zero").stdout(Output::Piped).pipes(&pipes);
    let given = tree([process.into_child("child")]);
    given.rest().await;

    assert_eq!(read_all(&mut pipes.next().await.unwrap()).await.len(), 60_000);
}

#[tokio::test]
async fn writing_to_a_process_that_has_ended_is_an_error_of_a_broken_pipe() {
    let pipes = Pipes::new();
    let process = piped(shell("exit 0"), &pipes);
    let given = tree([process.into_child("child")]);
    let mut stdin = pipes.next().await.unwrap().stdin.unwrap();
    given.rest().await;

    let error = stdin.write_all(b"?").await.unwrap_err();

    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn commands_beside_the_process_get_no_pipes() {
    let pipes = Pipes::new();
    let ready = rootward_procs::Ready::command(["sh", "-c", "! read -r line"]);
    let process = piped(shell("exec sleep 1000"), &pipes).ready(ready);
    let given = tree([process.ready_timeout(Duration::from_secs(500)).into_child("child")]);

    given.tree.started().await.unwrap();

    assert!(pipes.next().await.is_some());
    given.stop().await;
    assert!(pipes.next().await.is_none());
}
