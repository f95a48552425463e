//! What is written of a log, and what is said of the rest.

use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

fn target(path: &Path, max_size: u64, keep: u32) -> OpenLog {
    let rotation = Rotation { max_size, max_age: None, keep };
    OpenLog { path: path.to_owned(), rotation, ..OpenLog::default() }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn full_files_are_kept_by_number_and_no_byte_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    fs::write(&path, "before\n").unwrap();
    let mut target = target(&path, 10, 2);

    for line in ["1\n", "22222222\n", "3\n", "44444444", "4\n", "555555\n"] {
        assert_eq!(target.write(line.as_bytes()), None);
    }

    let files = ["log", "log.1", "log.2", "log.3"].map(|name| text(&directory.path().join(name)));
    assert_eq!(files, ["555555\n", "3\n444444444\n", "22222222\n", ""]);
}

#[test]
fn a_disk_that_was_full_is_written_to_again_and_what_is_missing_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (path, file) = (directory.path().join("log"), directory.path().join("file"));
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut target = target(&path, 1000, 1);

    let trouble = target.write(b"lost\n").unwrap();
    assert_eq!(trouble, "it cannot be written: No space left on device (os error 28)");
    assert_eq!(target.write(b"lost too\n"), None, "it has been said");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&file, &path).unwrap();
    assert_eq!(target.write(b"again\n"), None);

    let note = "[rootward: 14 bytes are missing here: No space left on device (os error 28)]\n";
    assert_eq!(target.write(b"and again\n"), None);
    assert_eq!(text(&file), format!("{note}again\nand again\n"));
}

#[test]
fn a_file_that_another_program_has_taken_away_is_made_anew_by_the_next_rotation() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let mut target = target(&path, 4, 0);
    target.write(b"one\n");
    fs::rename(&path, directory.path().join("taken")).unwrap();

    assert_eq!(target.write(b"two\n"), None);

    assert_eq!((text(&path), text(&directory.path().join("taken"))), ("two\n".into(), "one\n".into()));
}

#[tokio::test(start_paused = true)]
async fn what_the_file_lacks_at_its_end_is_told_once_with_its_number() {
    let writer = opened(Path::new("/dev/full"));
    writer.push(b"four");
    is_idle(&writer).await;
    let why = "No space left on device (os error 28)";
    assert_eq!(writer.take_missing(), Some(format!("4 bytes are missing at its end: {why}")));
    assert_eq!(writer.take_missing(), None, "it has been told");

    writer.push(b"five!");
    is_idle(&writer).await;
    assert_eq!(writer.take_missing(), Some(format!("9 bytes are missing at its end: {why}")));
}

#[tokio::test(start_paused = true)]
async fn what_the_disk_has_not_taken_is_told_and_nothing_is_missing_when_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let writer = opened(&directory.path().join("log"));
    writer.hold_up();
    writer.push(b"late");
    writer.flushed().await;
    let late = "4 bytes are missing at its end: the disk has not taken them yet";
    assert_eq!(writer.take_missing().as_deref(), Some(late));

    writer.push(&[b'x'; MOST]);
    let lost = format!(
        "{} bytes are missing at its end: they were written faster than the disk takes them",
        MOST + 4
    );
    assert_eq!(writer.take_missing(), Some(lost));

    // How much is missing is written before more output.
    writer.go_on();
    assert!(writer.take_missing().is_some_and(|it| it.starts_with(&format!("{MOST} bytes"))));
    writer.push(b"on\n");
    is_idle(&writer).await;
    assert_eq!(writer.take_missing(), None, "it is in the file");
}

/// Waits until all has been written, however long the thread takes for that.
async fn is_idle(writer: &LogWriter) {
    while lock(&writer.waiting).is_busy {
        writer.flushed().await;
    }
}

fn opened(path: &Path) -> Arc<LogWriter> {
    let writer = Arc::new(LogWriter::default());
    let rotation = Rotation { max_size: 1 << 30, max_age: None, keep: 0 };
    writer.open(path.to_owned(), rotation).unwrap();
    writer
}

#[tokio::test]
async fn what_is_flushed_is_in_the_file_when_the_disk_has_taken_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let writer = opened(&path);
    writer.hold_up();
    writer.push(b"late\n");
    let mut flushed = pin!(writer.flushed());
    let mut is_flushed = || flushed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    assert!(!is_flushed());

    writer.go_on();

    assert!(is_flushed());
    assert_eq!(text(&path), "late\n");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_takes_nothing_is_waited_for_until_the_patience_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let writer = opened(&directory.path().join("log"));
    let begin = Instant::now();
    writer.hold_up();
    writer.push(b"late\n");

    writer.flushed().await;

    let waited = begin.elapsed();
    assert!((PATIENCE..PATIENCE * 2).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn what_is_pushed_is_written_in_its_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let writer = opened(&path);

    let lines: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
    for line in &lines {
        writer.room().await;
        writer.push(line.as_bytes());
    }
    // On a machine that stands still the patience may be over before.
    for _ in 0..60 {
        writer.flushed().await;
        if !lock(&writer.waiting).is_busy {
            break;
        }
    }

    assert_eq!(text(&path), lines.concat());
    assert_eq!(writer.take_trouble(), None);
}
