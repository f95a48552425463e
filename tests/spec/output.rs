//! What processes write, as events.

use std::fs;

use rootward::event::OutputStream;
use rootward::process::{Containment, Output};
use rootward::{ChildSpec, Event, EventKind, Exit, Restart, Supervisor};

use crate::support::{
    Record, builder, fixture, given, identity_of, launched, launched_tree, line_in, until, within,
};

#[tokio::test]
async fn everything_a_process_wrote_comes_before_its_end() {
    let lines = 5000;
    let a = fixture!("writes_a_lot").arg(lines.to_string()).into_child("a").restart(Restart::Temporary);

    let record = record_of(a).await;

    assert_eq!(record.output("a").len(), lines);
    let names = record.of_child("a");
    // What a program writes at once may be heard before its supervisor has heard that it runs.
    assert!(names[..lines + 2].contains(&"started"));
    assert_eq!(names[lines + 2], "exited");
}

#[tokio::test]
async fn lines_of_one_stream_keep_their_order_and_streams_are_told_apart() {
    let a = fixture!("writes_a_lot").arg("100").into_child("a").restart(Restart::Temporary);

    let record = record_of(a).await;

    let of = |wanted: OutputStream| {
        let here = record
            .events()
            .iter()
            .filter(move |event| matches!(event.what, EventKind::Output { stream, .. } if stream == wanted));
        here.filter_map(|event| line_in(event)).map(str::to_owned).collect::<Vec<_>>()
    };
    let numbered = |first| (first..=100).step_by(2).map(|n: u32| format!("line {n}")).collect::<Vec<_>>();
    assert_eq!(of(OutputStream::Stdout), numbered(2));
    assert_eq!(of(OutputStream::Stderr), numbered(1));
}

#[tokio::test]
async fn a_last_line_without_an_end_is_a_line() {
    let a = fixture!("partial_line").into_child("a").restart(Restart::Temporary);

    assert_eq!(record_of(a).await.output("a"), ["whole", "part"]);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced_and_that_is_said() {
    let a = fixture!("not_utf8").into_child("a").restart(Restart::Temporary);

    let record = record_of(a).await;

    let expected = EventKind::Output {
        stream: OutputStream::Stdout,
        line: "\u{fffd}\u{fffd}\0bytes".into(),
        truncated: false,
        lossy: true,
        continued: false,
    };
    assert_eq!(record.find("a", "output").what, expected);
    assert_eq!(record.output("a")[1], "and a line");
}

#[tokio::test]
async fn a_line_of_any_length_comes_in_pieces_and_nothing_of_it_is_lost() {
    let a = fixture!("one_long_line").arg("10000000").into_child("a").restart(Restart::Temporary);

    let record = record_of(a).await;

    let pieces: Vec<_> = record.events().iter().filter_map(|event| piece(event)).collect();
    let (last, long) = pieces.split_last().expect("there are pieces");
    assert_eq!(*last, ("short".len(), false, false));
    assert_eq!(long.iter().map(|(length, ..)| length).sum::<usize>(), 10_000_000);
    assert_eq!((long[0], long[1]), ((64 * 1024, true, false), (64 * 1024, true, true)));
}

#[tokio::test]
async fn an_end_does_not_wait_for_another_process_that_holds_the_pipe() {
    let a = fixture!("holds_the_pipe").into_child("a").restart(Restart::Temporary);
    // It leaves the group, which is all that this level follows.
    let builder = Containment::group().apply(builder(Supervisor::new("root").child(a)));
    let (tree, mut log) = launched_tree(builder);
    let holder = identity_of(&*log.wait_for_line("a", "descendant").await);

    log.wait_for_event("a", "exited").await;

    assert!(holder.is_alive());
    assert!(tree.stop().await.clean);
    assert_eq!(log.until_the_end().await.output("a").last(), Some(&"bye"));
}

#[tokio::test]
async fn a_process_that_writes_while_it_stops_is_heard() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("prints_signals").into_child("a"))).await;
    log.wait_for_line("a", "ready").await;

    let _ = tree.stop().await;

    let record = log.until_the_end().await;
    let names: Vec<_> = record.of_child("a").into_iter().skip_while(|name| *name != "stopping").collect();
    assert_eq!(names, ["stopping", "output", "output", "stopped"]);
}

#[tokio::test]
async fn a_process_that_closes_its_output_still_runs() {
    let (tree, mut log) =
        given(Supervisor::new("root").child(fixture!("closes_its_output").into_child("a"))).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);
    log.wait_for_line("a", "bye").await;
    let descriptors = format!("/proc/{}/fd", process.pid());
    until("both are closed", || fs::read_dir(&descriptors).is_ok_and(|open| open.count() == 1)).await;

    let report = tree.stop().await;

    let a = report.find("root/a").unwrap();
    assert!(matches!(&a.status, Some(Exit::Signal { name, .. }) if name == "SIGTERM"), "{a:?}");
    assert_eq!(
        log.until_the_end().await.of_child("a"),
        ["starting", "started", "output", "stopping", "stopped"]
    );
}

#[tokio::test]
async fn a_process_that_never_stops_writing_can_be_stopped() {
    let a = fixture!("writes_forever").into_child("a");
    let mut builder = Supervisor::new("root").child(a).into_tree().unwrap().event_capacity(16);
    let mut events = builder.subscribe();
    let tree = builder.start().await.unwrap();
    // A slow reader of this loses lines, and gets some.
    let first_line =
        async { while !matches!(events.next().await, Ok(Some(event)) if line_in(&event).is_some()) {} };
    within("the first line", first_line).await;

    let report = within("the stop", tree.stop()).await;

    assert!(report.clean);
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_no_process_up() {
    let a = fixture!("writes_a_lot").arg("5000").into_child("a").restart(Restart::Temporary);
    let mut builder = Supervisor::new("root").child(a).into_tree().unwrap().event_capacity(16);
    let lazy = builder.subscribe();

    let tree = builder.stop_when_idle(true).start().await.unwrap();

    assert!(tree.wait().await.clean);
    drop(lazy);
}

#[tokio::test]
async fn output_that_is_not_captured_is_no_event() {
    let a = fixture!("writes_a_lot").arg("100").stdout(Output::Null).stderr(Output::Null);

    let record = record_of(a.into_child("a").restart(Restart::Temporary)).await;

    assert_eq!(record.of_child("a"), ["starting", "started", "exited"]);
}

#[tokio::test]
async fn the_lines_of_an_incarnation_carry_its_number() {
    let a = fixture!("exits_with").arg("1").into_child("a");
    let (tree, mut log) = launched(Supervisor::new("root").child(a));

    let first = log.wait_for_line("a", "bye").await;
    let second = log.wait_for_line("a", "bye").await;

    assert_eq!((first.incarnation, second.incarnation), (1, 2));
    let _ = tree.wait().await;
}

/// The length of a line, whether it was cut, and whether it goes on with the one before it.
fn piece(event: &Event) -> Option<(usize, bool, bool)> {
    let EventKind::Output { line, truncated, continued, .. } = &event.what else { return None };
    Some((line.len(), *truncated, *continued))
}

/// The record of a tree with this one child, which ends by itself.
async fn record_of(child: ChildSpec) -> Record {
    let (tree, mut log) = launched(Supervisor::new("root").child(child));
    log.wait_for_event("a", "exited").await;
    let _ = tree.stop().await;
    log.until_the_end().await
}
