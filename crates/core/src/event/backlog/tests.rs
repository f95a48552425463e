//! What is held for the readers, and how much of it.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, SystemTime};

use super::*;
use crate::child::{ChildId, ChildKind, ChildPath};
use crate::event::OutputStream;

#[test]
fn there_is_room_for_as_many_as_may_be_held_and_for_none_when_all_have_been_read() {
    let mut backlog = backlog(2048, usize::MAX);
    let reader = backlog.subscribe();

    for _ in 0..5000 {
        start(&mut backlog);
    }
    assert_eq!(backlog.held.capacity(), 2048);
    assert!(backlog.unsubscribe(reader).is_none());

    assert_eq!(backlog.held.capacity(), 0);
}

#[test]
fn no_more_text_is_held_for_a_reader_that_does_not_read_than_may_be() {
    let mut backlog = backlog(1000, 100);
    let reader = backlog.subscribe();
    for _ in 0..20 {
        write(&mut backlog, "123456789\n");
    }
    say(&mut backlog, "123456789");
    fail(&mut backlog, "123456789");

    assert_eq!(take(&mut backlog, reader), (TakenEvents::Lost(12), vec![]));

    assert_eq!(take(&mut backlog, reader), (TakenEvents::Some, (13..=22).collect()));
}

#[test]
fn an_event_with_more_text_than_may_be_held_is_held_alone() {
    let mut backlog = backlog(1000, 10);
    let reader = backlog.subscribe();
    write(&mut backlog, "one\n");
    fail(&mut backlog, "more than there is room for");

    assert_eq!(take(&mut backlog, reader), (TakenEvents::Lost(1), vec![]));
    assert_eq!(take(&mut backlog, reader), (TakenEvents::Some, vec![2]));
}

#[test]
fn a_reader_takes_little_more_text_at_once_than_it_should() {
    let mut backlog = backlog(1000, usize::MAX);
    let reader = backlog.subscribe();
    let line = format!("{}\n", "x".repeat(40 * 1024));
    for _ in 0..3 {
        write(&mut backlog, &line);
    }

    assert_eq!(take(&mut backlog, reader), (TakenEvents::Some, vec![1, 2]));
    assert_eq!(take(&mut backlog, reader), (TakenEvents::Some, vec![3]));
}

#[test]
fn a_writer_waits_for_a_reader_that_has_half_the_text_before_it_and_not_for_one_that_loses_some() {
    let mut backlog = backlog(1000, 100);
    let (slow, quick) = (backlog.subscribe(), backlog.subscribe());
    for _ in 0..5 {
        write(&mut backlog, "123456789\n");
    }
    assert!(backlog.waited_readers().is_none());

    write(&mut backlog, "123456789\n");
    take(&mut backlog, quick);
    assert!(backlog.waited_readers().is_some());

    for _ in 0..5 {
        write(&mut backlog, "123456789\n");
        take(&mut backlog, quick);
    }
    assert!(backlog.waited_readers().is_none());
    assert_eq!(take(&mut backlog, slow).0, TakenEvents::Lost(1));
}

// --- a reader that does not take the lines of processes ---

#[test]
fn lines_that_no_reader_takes_are_numbered_and_not_held() {
    let mut backlog = backlog(4, usize::MAX);
    let reader = quiet(&mut backlog);
    assert!(backlog.is_read() && !backlog.is_output_read());
    for _ in 0..10 {
        let first = backlog.number(2);
        backlog.pass_over(first, 2);
        say(&mut backlog, "hello");
    }
    start(&mut backlog);

    assert_eq!(backlog.held.len(), 1);
    assert_eq!(take(&mut backlog, reader), (TakenEvents::Some, vec![31]));
}

#[test]
fn lines_go_by_a_reader_that_does_not_take_them_without_a_word_and_without_being_kept_for_it() {
    let mut backlog = backlog(4, usize::MAX);
    let (quiet, other) = (quiet(&mut backlog), backlog.subscribe());
    let woken = Arc::new(());
    take_with(&mut backlog, quiet, &woken);
    start(&mut backlog);
    assert_eq!(Arc::strong_count(&woken), 1);
    assert_eq!(take_with(&mut backlog, quiet, &woken), (TakenEvents::Some, vec![1]));
    take_with(&mut backlog, quiet, &woken);
    let waiting = Arc::strong_count(&woken);

    write(&mut backlog, "one\ntwo\n");
    take(&mut backlog, other);
    take(&mut backlog, other);

    assert_eq!((backlog.held.len(), Arc::strong_count(&woken)), (0, waiting));
    start(&mut backlog);
    assert_eq!(take(&mut backlog, quiet), (TakenEvents::Some, vec![4]));
}

#[test]
fn a_reader_loses_no_lines_that_it_does_not_take() {
    let mut backlog = backlog(4, usize::MAX);
    let (quiet, other) = (quiet(&mut backlog), backlog.subscribe());
    start(&mut backlog);
    for _ in 0..10 {
        write(&mut backlog, "one\ntwo\n");
    }

    assert_eq!(take(&mut backlog, quiet), (TakenEvents::Lost(1), vec![]));
    assert_eq!(take(&mut backlog, quiet), (TakenEvents::Nothing, vec![]));
    assert_eq!(take(&mut backlog, other).0, TakenEvents::Lost(17));
}

#[test]
fn what_comes_behind_many_lines_is_found() {
    let mut backlog = backlog(1000, usize::MAX);
    let (quiet, _other) = (quiet(&mut backlog), backlog.subscribe());
    start(&mut backlog);
    for _ in 0..200 {
        write(&mut backlog, "one\n");
    }
    start(&mut backlog);

    assert_eq!(take(&mut backlog, quiet), (TakenEvents::Some, vec![1, 202]));
    assert_eq!(take(&mut backlog, quiet), (TakenEvents::Nothing, vec![]));
}

#[test]
fn a_writer_does_not_wait_for_a_reader_that_does_not_take_lines() {
    let mut backlog = backlog(4, 4);
    let quiet = quiet(&mut backlog);
    for _ in 0..3 {
        start(&mut backlog);
    }
    fail(&mut backlog, "oh no");

    assert!(backlog.waited_readers().is_none());
    assert_eq!(take(&mut backlog, quiet).0, TakenEvents::Lost(3));
}

fn backlog(events: usize, bytes: usize) -> EventBacklog {
    EventBacklog::new(Capacity { events, bytes })
}

/// A reader that does not take the lines of processes.
fn quiet(backlog: &mut EventBacklog) -> usize {
    let reader = backlog.subscribe();
    backlog.take_output(reader, false);
    reader
}

fn take(backlog: &mut EventBacklog, reader: usize) -> (TakenEvents, Vec<u64>) {
    let mut into = VecDeque::new();
    let taken = backlog.take(reader, &mut into, &mut None);
    (taken, into.iter().map(|held| held.first).collect())
}

/// The same, and leaves a waker that holds this.
fn take_with(backlog: &mut EventBacklog, reader: usize, held: &Arc<()>) -> (TakenEvents, Vec<u64>) {
    struct Holds(#[expect(dead_code, reason = "it is counted, and not looked at")] Arc<()>);
    impl Wake for Holds {
        fn wake(self: Arc<Self>) {}
    }
    let mut into = VecDeque::new();
    let mut waker = Some(Waker::from(Arc::new(Holds(Arc::clone(held)))));
    let taken = backlog.take(reader, &mut into, &mut waker);
    (taken, into.iter().map(|held| held.first).collect())
}

fn start(backlog: &mut EventBacklog) {
    push(backlog, EventKind::Starting);
}

fn fail(backlog: &mut EventBacklog, error: &str) {
    push(backlog, EventKind::StartFailed { error: error.to_owned(), stragglers: Vec::new() });
}

/// Writes a line as one event.
fn say(backlog: &mut EventBacklog, line: &str) {
    let (stream, line) = (OutputStream::Stdout, line.to_owned());
    push(backlog, EventKind::Output { stream, line, truncated: false, lossy: false, continued: false });
}

fn push(backlog: &mut EventBacklog, what: EventKind) {
    let (seq, at, time, path) = (backlog.number(1), Duration::ZERO, SystemTime::UNIX_EPOCH, path());
    drop(backlog.push(Event { seq, at, time, path, incarnation: 1, child_kind: ChildKind::Task, what }));
}

/// Writes lines at once.
fn write(backlog: &mut EventBacklog, lines: &str) {
    let first = backlog.number(output_batch::count(lines));
    let (at, time, path, lines) = (Duration::ZERO, SystemTime::UNIX_EPOCH, path(), Box::from(lines));
    let (incarnation, kind, stream) = (1, ChildKind::Process, OutputStream::Stdout);
    drop(backlog.push_lines(OutputBatch { first, at, time, path, incarnation, kind, stream, lines }));
}

fn path() -> ChildPath {
    ChildPath::root(&ChildId::new("root").unwrap())
}
