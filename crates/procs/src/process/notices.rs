//! Hears what a process says of itself through systemd's notify protocol.
//!
//! The socket exists for one start, and only the process knows its name. Messages count that come from the process's
//! set; one whose sender has gone before it is heard cannot be told from a stranger's, unless it is the program itself.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::time::Duration;

use rootward_core::{Notice, ProcessEvents};
use tokio::sync::watch;

use super::probe::MembersOfSet;
use super::shown::Shown;
use super::start_log::StartLog;
use crate::policy::Told;
use crate::sys::{self, Watched, WhichLook};

/// How long a message is at most; the rest of a longer one is lost. systemd's bound.
const LONGEST: usize = 4096;

/// How many messages are heard before another task gets its turn, and at the end of the process.
const MOST: usize = 64;

/// The socket of one start.
#[derive(Debug)]
pub(super) struct Notices {
    socket: Watched,
    sink: ProcessEvents,
    log: Option<Arc<StartLog>>,
    shown: Arc<Shown>,
    signs: watch::Sender<Signs>,
}

/// What a process has said of its health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// How often it has said that it is alive, to tell one time from the next.
    pub(super) heard: u64,
    /// How long it may take until it says so again.
    pub(super) timeout: Option<Duration>,
    /// Whether it has said that it is not well.
    pub(super) triggered: bool,
}

/// What follows from a message, beside an event.
pub(super) enum NotifyEffect {
    Ready,
    Extend(Duration),
}

impl Notices {
    /// Opens a socket. Returns what the process finds in `NOTIFY_SOCKET`.
    pub(super) fn open(
        sink: ProcessEvents,
        log: Option<Arc<StartLog>>,
        shown: Arc<Shown>,
    ) -> io::Result<(Self, OsString)> {
        let (socket, name) = sys::notify_socket()?;
        let socket = sys::watch(Arc::new(socket))?;
        let name = [b"@".as_slice(), &name].concat();
        let signs = watch::Sender::default();
        Ok((Self { socket, sink, log, shown, signs }, OsString::from_vec(name)))
    }

    /// What the process says of its health.
    pub(super) fn signs(&self) -> watch::Receiver<Signs> {
        self.signs.subscribe()
    }

    /// Waits until there may be something to hear. Cancel safe.
    pub(super) async fn readable(&self) {
        if self.socket.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// Hears what there is to hear.
    pub(super) fn read(&self, look: WhichLook, members: &MembersOfSet, mut hear: impl FnMut(NotifyEffect)) {
        let mut message = [0; LONGEST];
        for _ in 0..MOST {
            let received = sys::look(&self.socket, look, |fd| sys::receive_notice(fd, &mut message));
            let Ok((bytes, sender)) = received else { return };
            match sender {
                Some(sender) if members.has(sender) => self.take(Told::read(&message[..bytes]), &mut hear),
                _ => self.refuse(sender.unwrap_or_default()),
            }
        }
    }

    fn take(&self, told: Told, hear: &mut impl FnMut(NotifyEffect)) {
        let reloaded = self.shown.notice(&told);
        let has_news = told.has_news() || reloaded;
        let Told {
            ready, extend, status, stopping, reloading, main_pid, errno, exit_status, monotonic, ..
        } = told;
        if told.alive || told.trigger || told.watchdog.is_some() {
            self.signs.send_modify(|signs| {
                signs.heard += u64::from(told.alive);
                signs.triggered |= told.trigger;
                signs.timeout = told.watchdog.or(signs.timeout);
            });
        }
        if let (Some(log), Some(status)) = (&self.log, &status) {
            log.note_error(format!("it said {status:?}"));
        }
        if has_news {
            let mut notice = Notice::default();
            (notice.status, notice.stopping, notice.main_pid) = (status, stopping, main_pid);
            (notice.reloading, notice.reloaded) = (reloading, reloaded);
            notice.monotonic_usec = monotonic.filter(|_| reloading);
            (notice.errno, notice.exit_status) = (errno, exit_status);
            self.sink.notified(notice);
        }
        if let Some(extend) = extend {
            hear(NotifyEffect::Extend(extend));
        }
        if ready {
            hear(NotifyEffect::Ready);
        }
    }

    fn refuse(&self, sender: i32) {
        if let Some(log) = &self.log {
            log.note_error(format!(
                "a message came from process {sender}, which is none of its processes or has gone"
            ));
        }
    }
}
