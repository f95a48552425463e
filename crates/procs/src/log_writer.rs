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
            let lost = waiting.lost;
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
            waiting.lost -= lost;
            if target.lost == 0 {
                // What is missing from now on is something else, be it as much.
                waiting.told = 0;
            }
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
mod tests;
