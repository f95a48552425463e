//! The record and its readers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::{Capacity, Event, EventKind, Events, Lagged, OutputStream, Record};
use crate::child::{ChildId, ChildKind, ChildPath};

#[tokio::test]
async fn lines_that_were_written_at_once_are_events_in_order_without_gaps() {
    let record = Record::new(100);
    let mut events = record.subscribe();
    say(&record);
    record.emit_lines(&path(), 3, OutputStream::Stderr, "one\ntwo\r\n\nfo\rur\n");
    say(&record);
    record.close();

    let seen = rest(&mut events).await;

    assert_eq!(seen.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        seen[1..5].iter().map(|event| line_of(event)).collect::<Vec<_>>(),
        ["one", "two", "", "fo\rur"]
    );
    let Event { at, time, path, incarnation, child_kind: kind, .. } = &*seen[1];
    assert_eq!((path, incarnation, kind), (&self::path(), &3, &ChildKind::Process));
    assert!(seen[1..5].iter().all(|event| (&event.at, &event.time) == (at, time)));
    assert!(matches!(
        seen[4].what,
        EventKind::Output { stream: OutputStream::Stderr, truncated: false, lossy: false, .. }
    ));
}

#[tokio::test]
async fn lines_without_a_reader_are_counted_all_the_same() {
    let record = Record::new(100);
    record.emit_lines(&path(), 1, OutputStream::Stdout, "one\ntwo\n");

    let mut events = record.subscribe();
    say(&record);

    assert_eq!(events.next().await.unwrap().unwrap().seq, 3);
}

#[tokio::test]
async fn an_event_that_is_not_allowed_is_neither_written_nor_numbered() {
    let record = Record::new(100);
    let mut events = record.subscribe();
    let starting = || (path(), EventKind::Starting);

    assert!(!record.emit_if(|| false, ChildKind::Task, 1, starting));
    assert!(record.emit_if(|| true, ChildKind::Task, 2, starting));

    let event = events.next().await.unwrap().unwrap();
    assert_eq!((event.seq, event.incarnation), (1, 2));
}

#[test]
fn whether_an_event_is_allowed_is_asked_while_no_other_can_be_written() {
    let record = Record::new(100);

    assert!(record.emit_if(|| record.is_locked(), ChildKind::Task, 1, || (path(), EventKind::Starting)));

    assert!(!record.is_locked());
}

#[tokio::test]
async fn a_reader_loses_no_more_than_it_has_to() {
    let record = Record::new(4);
    let mut events = record.subscribe();
    for _ in 0..3 {
        record.emit_lines(&path(), 1, OutputStream::Stdout, "one\ntwo\nthree\n");
    }

    assert_eq!(events.next().await, Err(Lagged { missed: 3 }));
    record.close();
    let seen = rest(&mut events).await;
    assert_eq!(seen.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn no_more_than_sixteen_mebibytes_are_held_for_a_reader_that_does_not_read() {
    let record = Record::new(Capacity::default());
    let mut events = record.subscribe();
    let line = format!("{}\n", "x".repeat(60_000));
    for _ in 0..1000 {
        record.emit_lines(&path(), 1, OutputStream::Stdout, &line);
    }
    record.close();

    assert!(events.next().await.is_err());
    let held: usize = rest(&mut events).await.iter().map(|event| line_of(event).len()).sum();
    assert!((15 << 20..=16 << 20).contains(&held), "{held}");
}

#[tokio::test]
async fn an_event_is_held_until_all_readers_have_taken_it_and_no_longer() {
    let record = Record::new(4);
    let (mut one, mut other, idle) = (record.subscribe(), record.subscribe(), record.subscribe());
    say(&record);

    let event = one.next().await.unwrap().unwrap();
    drop(other.next().await);
    assert_eq!(Arc::strong_count(&event), 2);
    drop(idle);

    assert_eq!(Arc::strong_count(&event), 1);
}

#[tokio::test]
async fn a_reader_that_takes_the_place_of_another_reads_from_then_on() {
    let record = Record::new(4);
    let (gone, mut stays) = (record.subscribe(), record.subscribe());
    say(&record);
    drop(gone);

    let mut new = record.subscribe();
    say(&record);

    assert_eq!(new.next().await.unwrap().unwrap().seq, 2);
    assert_eq!(stays.next().await.unwrap().unwrap().seq, 1);
}

#[tokio::test]
async fn a_reader_is_woken_once_for_lines_that_were_written_at_once() {
    let record = Record::new(100);
    let mut events = record.subscribe();
    let wakes = Arc::new(Wakes::default());
    poll_with(&wakes, &mut events);

    record.emit_lines(&path(), 1, OutputStream::Stdout, "one\ntwo\nthree\n");
    say(&record);

    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_waker_is_woken_and_dropped_when_the_record_is_free() {
    let record = Arc::new(Record::new(4));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let [woken, mut replaced, gone] = [(); 3].map(|()| {
        let mut events = record.subscribe();
        let looks = Looks { record: Arc::clone(&record), seen: Arc::clone(&seen) };
        assert!(poll(&Waker::from(Arc::new(looks)), &mut events).is_pending());
        events
    });

    assert!(poll(Waker::noop(), &mut replaced).is_pending());
    drop(gone);
    say(&record);

    let free = ["dropped while free", "dropped while free", "woken while free", "dropped while free"];
    assert_eq!(*seen.lock().unwrap(), free);
    drop((woken, replaced));
}

#[tokio::test]
async fn a_waker_that_panics_harms_neither_the_writer_nor_other_readers() {
    let record = Record::new(4);
    let (mut one, mut other) = (record.subscribe(), record.subscribe());
    let wakes = Arc::new(Wakes::default());
    assert!(poll(&Waker::from(Arc::new(Panics)), &mut one).is_pending());
    poll_with(&wakes, &mut other);

    say(&record);

    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert_eq!(one.next().await.unwrap().unwrap().seq, 1);
}

#[tokio::test]
async fn a_record_that_is_dropped_ends() {
    let record = Record::new(4);
    let mut events = record.subscribe();
    say(&record);
    drop(record);

    assert_eq!(rest(&mut events).await.len(), 1);
}

#[tokio::test]
#[should_panic(expected = "block")]
async fn a_task_may_not_block_even_if_an_event_is_there_to_be_read() {
    let record = Record::new(4);
    let mut events = record.subscribe();
    say(&record);

    let _ = events.blocking_next();
}

#[tokio::test(start_paused = true)]
async fn a_writer_of_a_lot_waits_until_readers_have_almost_caught_up() {
    let record = Record::new(8);
    let mut events = record.subscribe();
    for _ in 0..5 {
        say(&record);
    }
    let begun = Instant::now();

    tokio::join!(record.room(), async {
        tokio::time::advance(Duration::from_millis(3)).await;
        let _ = events.next().await;
    });

    assert_eq!(begun.elapsed(), Duration::from_millis(3));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_is_not_waited_for() {
    let record = Record::new(8);
    let events = record.subscribe();
    for _ in 0..5 {
        say(&record);
    }
    let begun = Instant::now();

    tokio::join!(record.room(), async { drop(events) });

    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_is_waited_for_until_it_has_lost_events() {
    let record = Record::new(8);
    let mut lazy = record.subscribe();
    let mut waits = Vec::new();
    for _ in 0..10 {
        say(&record);
        waits.push(waited(&record).await);
    }

    assert_eq!(waits, [0, 0, 0, 0, 10, 10, 10, 10, 0, 0]);

    // It goes on with the oldest there is, and that it is late is forgotten only when it has caught up.
    let _ = lazy.next().await;
    say(&record);
    assert_eq!(waited(&record).await, 0);
    read_all(&mut lazy);
    for _ in 0..5 {
        say(&record);
    }
    assert_eq!(waited(&record).await, 10);
}

/// P6: a reader that must lose nothing is waited for as long as it takes something.
#[tokio::test(start_paused = true)]
async fn a_reader_that_says_so_is_waited_for_as_long_as_it_takes_events() {
    let record = Record::new(800);
    let mut events = record.subscribe();
    events.hold_up_output(Duration::from_millis(100));
    (0..790).for_each(|_| say(&record));

    let (waited, ()) = tokio::join!(waited(&record), async {
        for _ in 0..3 {
            tokio::time::advance(Duration::from_millis(70)).await;
            // Readers take 64 events at once.
            for _ in 0..64 {
                let _ = events.next().await;
            }
        }
    });

    // It was waited for until it had taken nothing for 100 ms, which is looked at every 100 ms.
    assert!((310..=400).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_finds_the_room_used_up_waits_on() {
    let record = Record::new(8);
    let mut events = record.subscribe();
    for _ in 0..5 {
        say(&record);
    }

    let write_a_lot = async || {
        let waited = waited(&record).await;
        (0..5).for_each(|_| say(&record));
        waited
    };

    let (one, other, ()) = tokio::join!(write_a_lot(), write_a_lot(), async { read_all(&mut events) });

    assert_eq!(one.min(other), 0);
    assert_eq!(one.max(other), 10, "the room is enough for one of them");
}

/// For how many milliseconds a writer has to wait.
async fn waited(record: &Record) -> u128 {
    let begun = Instant::now();
    record.room().await;
    begun.elapsed().as_millis()
}

fn read_all(events: &mut Events) {
    while poll_with(&Arc::new(Wakes::default()), events) {}
}

/// Reads one event, if there is one.
fn poll_with(wakes: &Arc<Wakes>, events: &mut Events) -> bool {
    poll(&Waker::from(Arc::clone(wakes)), events).is_ready()
}

fn poll(waker: &Waker, events: &mut Events) -> Poll<Result<Option<Arc<Event>>, Lagged>> {
    events.poll_next(&mut Context::from_waker(waker))
}

/// A waker that looks whether a thread is in the middle of something with the record.
struct Looks {
    record: Arc<Record>,
    seen: Arc<Mutex<Vec<&'static str>>>,
}

impl Looks {
    fn look(&self, when_free: &'static str, when_not: &'static str) {
        self.seen.lock().unwrap().push(if self.record.is_locked() { when_not } else { when_free });
    }
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.look("woken while free", "woken while locked");
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.look("dropped while free", "dropped while locked");
    }
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

async fn rest(events: &mut Events) -> Vec<Arc<Event>> {
    let mut seen = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        seen.push(event);
    }
    seen
}

fn say(record: &Record) {
    record.emit(&path(), ChildKind::Task, 1, EventKind::Starting);
}

fn line_of(event: &Event) -> &str {
    let EventKind::Output { line, .. } = &event.what else { panic!("{event:?} is no line") };
    line
}

fn path() -> ChildPath {
    ChildPath::root(&ChildId::new("root").unwrap())
}
