//! Writes log files, on one thread for all of them: a disk may take long, and holds up nothing but what is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::policy::{Filled, Rotation, WriteStep};
use crate::worker::Worker;

/// How much may wait to be written before the process that writes it waits, too.
const ENOUGH: usize = 256 * 1024;

/// How much may wait to be written at all. What comes then is lost.
const MOST: usize = 4 << 20;

/// How long it is waited for the disk.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Writes the log of one child, through all of its incarnations.
#[derive(Debug, Default)]
pub(crate) struct LogWriter {
    waiting: Mutex<LogQueue>,
    /// Tells those that wait for the disk.
    written: Notify,
    /// Locked while it is written to, by the thread for it, and when it is opened.
    target: Mutex<OpenLog>,
}

#[derive(Debug, Default)]
struct LogQueue {
    bytes: Vec<u8>,
    /// Whether the thread has it in hand, or will have.
    is_busy: bool,
    /// How many bytes were too many.
    lost: u64,
    /// How many bytes the thread has in hand.
    in_hand: usize,
    /// How many bytes the file lacks at its end, and why.
    missing: (u64, String),
    /// How many were missing when that was told last.
    told: u64,
    /// What has gone wrong and has not been told.
    trouble: Option<String>,
}

/// The file, and what is known of it.
#[derive(Debug)]
struct OpenLog {
    path: PathBuf,
    rotation: Rotation,
    file: Option<File>,
    size: u64,
    begun: SystemTime,
    in_line: bool,
    /// How many bytes are missing where it goes on, and why.
    lost: u64,
    why: String,
}

static WORKER: Worker<Arc<LogWriter>> = Worker::new("rootward-logs", work);

fn work(jobs: &Receiver<Arc<LogWriter>>) {
    for writer in jobs {
        // A bug that panics here must not end the logs of all others.
        let _ = catch_unwind(AssertUnwindSafe(|| writer.write()));
    }
}

impl LogWriter {
    /// Opens the file. This may block.
    pub(crate) fn open(&self, path: PathBuf, rotation: Rotation) -> io::Result<()> {
        let mut target = lock(&self.target);
        if target.path != path || target.rotation != rotation {
            *target = OpenLog { path, rotation, ..OpenLog::default() };
        }
        target.open()
    }

    /// Has bytes written. Never waits.
    pub(crate) fn push(self: &Arc<Self>, bytes: &[u8]) {
        let mut waiting = lock(&self.waiting);
        if waiting.bytes.len() + bytes.len() > MOST {
            waiting.lost += bytes.len() as u64;
            return;
        }
        waiting.bytes.extend_from_slice(bytes);
        if mem::replace(&mut waiting.is_busy, true) {
            return;
        }
        drop(waiting);
        if let Err((_, error)) = WORKER.give(Arc::clone(self)) {
            let mut waiting = lock(&self.waiting);
            waiting.lost += mem::take(&mut waiting.bytes).len() as u64;
            waiting.is_busy = false;
            waiting.trouble = Some(format!("there is no thread to write it: {error}"));
        }
    }

    /// Waits until less is waiting to be written, or the patience for it is over. Cancel safe.
    pub(crate) async fn room(&self) {
        self.until(|waiting| waiting.bytes.len() < ENOUGH).await;
    }

    /// Waits until all has been written, or the patience for it is over. Cancel safe.
    pub(crate) async fn flushed(&self) {
        self.until(|waiting| !waiting.is_busy).await;
    }

    /// What has gone wrong since this was called last, on one line.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        lock(&self.waiting).trouble.take()
    }

    /// How much the file lacks at its end and why, on one line. `None` if that is nothing, or has been told.
    pub(crate) fn take_missing(&self) -> Option<String> {
        let waiting = &mut *lock(&self.waiting);
        let (missing, why) = &waiting.missing;
        let late = (waiting.bytes.len() + waiting.in_hand) as u64;
        let count = missing + waiting.lost + late;
        if mem::replace(&mut waiting.told, count) == count {
            return None;
        }
        let why = match (missing, waiting.lost, late) {
            (0, 0, 0) => return None,
            (0, 0, _) => "the disk has not taken them yet",
            (0, ..) => "they were written faster than the disk takes them",
            _ => why,
        };
        Some(format!("{count} bytes are missing at its end: {why}"))
    }

    /// Has the disk take nothing until [`Self::go_on`].
    #[cfg(test)]
    pub(crate) fn hold_up(&self) {
        // As if the thread had it in hand.
        lock(&self.waiting).is_busy = true;
    }

    /// Has the disk take what has come meanwhile.
    #[cfg(test)]
    pub(crate) fn go_on(&self) {
        self.write();
    }

    async fn until(&self, condition: impl Fn(&LogQueue) -> bool) {
        let mut deadline = None;
        loop {
            let written = self.written.notified();
            if condition(&lock(&self.waiting)) {
                return;
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
            if timeout_at(deadline, written).await.is_err() {
                return;
            }
        }
    }

    /// Writes all that is waiting.
    fn write(&self) {
        let mut target = lock(&self.target);
        loop {
            let mut waiting = lock(&self.waiting);
            let bytes = mem::take(&mut waiting.bytes);
            let lost = mem::take(&mut waiting.lost);
            if bytes.is_empty() && lost == 0 {
                waiting.is_busy = false;
                drop(waiting);
                self.written.notify_waiters();
                return;
            }
            waiting.in_hand = bytes.len();
            drop(waiting);
            let mut trouble = target.write(&bytes);
            if lost > 0 {
                let why = "it was written faster than the disk takes it".to_owned();
                trouble = trouble.or_else(|| Some(why.clone()));
                target.miss(lost, why);
            }
            let mut waiting = lock(&self.waiting);
            waiting.in_hand = 0;
            waiting.missing = (target.lost, target.lost_why());
            if trouble.is_some() {
                waiting.trouble = trouble;
            }
            drop(waiting);
            self.written.notify_waiters();
        }
    }
}

impl Default for OpenLog {
    fn default() -> Self {
        let rotation = Rotation { max_size: u64::MAX, max_age: None, keep: 0 };
        let (path, why) = (PathBuf::new(), String::new());
        let begun = SystemTime::UNIX_EPOCH;
        Self { path, rotation, file: None, size: 0, begun, in_line: false, lost: 0, why }
    }
}

impl OpenLog {
    /// Opens the file, if it is not open.
    fn open(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        // A FIFO must not be waited for.
        let options = File::options().append(true).create(true).custom_flags(libc::O_NONBLOCK).clone();
        let file = options.open(&self.path)?;
        let metadata = file.metadata()?;
        self.size = metadata.len();
        self.begun = metadata.created().unwrap_or_else(|_| SystemTime::now());
        self.file = Some(file);
        Ok(())
    }

    /// Writes bytes. What cannot be written is missed, and the file is opened again for the next ones. Says what went
    /// wrong, unless that was known.
    fn write(&mut self, bytes: &[u8]) -> Option<String> {
        let mut rest = bytes;
        let was_well = self.lost == 0;
        match self.write_some(&mut rest) {
            Ok(rotated) => rotated.map(|error| format!("another file cannot be begun: {error}")),
            Err(error) => {
                self.file = None;
                self.miss(rest.len() as u64, error.to_string());
                was_well.then(|| format!("it cannot be written: {error}"))
            }
        }
    }

    /// Writes bytes, and takes away those that were written. Answers why the files could not be renamed, if so.
    fn write_some(&mut self, rest: &mut &[u8]) -> io::Result<Option<io::Error>> {
        let mut stuck = None;
        while !rest.is_empty() {
            self.open()?;
            self.note_loss()?;
            let age = self.begun.elapsed().unwrap_or_default();
            let filled = Filled { size: self.size, age, in_line: self.in_line };
            match self.rotation.next(filled, rest) {
                WriteStep::Rotate => stuck = self.rotate()?.or(stuck),
                WriteStep::Write(count) => {
                    let (now, later) = rest.split_at(count);
                    let mut unwritten = now;
                    let result = self.put(&mut unwritten);
                    *rest = &rest[count - unwritten.len()..];
                    result?;
                    debug_assert_eq!(rest.len(), later.len());
                }
            }
        }
        Ok(stuck)
    }

    fn put(&mut self, bytes: &mut &[u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        while !bytes.is_empty() {
            match file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.in_line = bytes[count - 1] != b'\n';
                    self.size += count as u64;
                    *bytes = &bytes[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn miss(&mut self, bytes: u64, why: String) {
        self.lost += bytes;
        self.why = why;
    }

    /// Why bytes are missing, if some are.
    fn lost_why(&self) -> String {
        if self.lost > 0 { self.why.clone() } else { String::new() }
    }

    /// Writes how much is missing here.
    fn note_loss(&mut self) -> io::Result<()> {
        if self.lost == 0 {
            return Ok(());
        }
        let end = if self.in_line { "\n" } else { "" };
        let note = format!("{end}[rootward: {} bytes are missing here: {}]\n", self.lost, self.why);
        let mut rest = note.as_bytes();
        self.put(&mut rest)?;
        self.lost = 0;
        Ok(())
    }

    /// Begins another file. If the files cannot be renamed, the one that there is is written on, and the answer says
    /// why.
    fn rotate(&mut self) -> io::Result<Option<io::Error>> {
        self.file = None;
        let renamed = rename_all(&self.path, self.rotation.keep);
        self.open()?;
        self.in_line = false;
        match renamed {
            Ok(()) => {
                self.begun = SystemTime::now();
                Ok(None)
            }
            Err(error) => {
                // It is tried again when as much has been written once more.
                (self.size, self.begun) = (0, SystemTime::now());
                Ok(Some(error))
            }
        }
    }
}

/// Makes room at this path: what stands there gets the number 1, and so on.
fn rename_all(path: &Path, keep: u32) -> io::Result<()> {
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let there = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if keep == 0 {
        return there(fs::remove_file(path));
    }
    for number in (1..keep).rev() {
        there(fs::rename(numbered(number), numbered(number + 1)))?;
    }
    there(fs::rename(path, numbered(1)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
}
