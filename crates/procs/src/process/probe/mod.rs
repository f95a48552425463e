//! Looks whether a process is ready, again and again, and a last time when it has ended.
//!
//! A look is bounded in time, and says in words why it has found nothing. What was there before the process does not
//! count: not a path that is as it was before the start, not a listener of another process, and not a connection whose
//! two ends are one.

mod command;
mod http;
mod members_of_set;
mod path;
mod tcp;
mod unix;

use std::sync::Arc;
use std::time::Duration;

use rootward_core::Exit;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::start_log::StartLog;
use crate::spec::HttpGet;

pub(super) use command::CommandProbe;
pub(super) use members_of_set::MembersOfSet;

/// How often something is looked at that does not tell when it changes.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long it is waited after a look that took a search among all processes.
const LOOK_AGAIN_LATER: Duration = Duration::from_millis(250);

/// How long one look may take.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// What is looked at.
pub(super) enum ProbeTarget {
    Tcp { address: String, any_owner: bool },
    Unix { path: std::path::PathBuf, any_owner: bool },
    Http { get: HttpGet, any_owner: bool },
    Path(std::path::PathBuf),
    Command(Box<CommandProbe>),
}

/// Why a look has found nothing.
#[derive(Debug)]
pub(super) struct Miss {
    /// On one line.
    error: String,
    again_after: Duration,
}

impl Miss {
    fn new(error: impl ToString) -> Self {
        Self { error: error.to_string(), again_after: LOOK_AGAIN }
    }

    /// A miss that took a while to find out.
    fn dear(error: String) -> Self {
        Self { error, again_after: LOOK_AGAIN_LATER }
    }
}

/// Looks until the process is ready. When it has ended, the look that is under way is given up and one more is made:
/// what was there at the end counts.
pub(super) async fn until_ready(
    mut probe: ProbeTarget,
    members: MembersOfSet,
    log: Arc<StartLog>,
    mut has_ended: watch::Receiver<bool>,
) -> Exit {
    loop {
        let is_last = *has_ended.borrow_and_update();
        let found = tokio::select! {
            found = look(&mut probe, &members, &log) => found,
            Ok(()) = has_ended.changed(), if !is_last => continue,
        };
        let Err(Miss { error, again_after }) = found else { return Exit::Normal };
        log.note_error(error.clone());
        if is_last {
            return Exit::Failed { error };
        }
        tokio::select! {
            () = sleep_until(Instant::now() + again_after) => {}
            Ok(()) = has_ended.changed() => {}
        }
    }
}

/// Looks once, for as long as it takes. Says on one line why it has found nothing.
pub(super) async fn look_once(
    probe: &mut ProbeTarget,
    members: &MembersOfSet,
    log: &StartLog,
) -> Result<(), String> {
    probe.look(members, log).await.map_err(|miss| miss.error)
}

impl ProbeTarget {
    /// Says whether a listener that is no process of the set will do.
    pub(super) fn set_any_owner(&mut self, any: bool) {
        match self {
            Self::Tcp { any_owner, .. } | Self::Unix { any_owner, .. } | Self::Http { any_owner, .. } => {
                *any_owner = any;
            }
            Self::Path(_) | Self::Command(_) => {}
        }
    }

    async fn look(&mut self, members: &MembersOfSet, log: &StartLog) -> Result<(), Miss> {
        match self {
            Self::Tcp { address, any_owner } => tcp::look(address, *any_owner, members).await,
            Self::Unix { path, any_owner } => unix::look(path, *any_owner, members).await,
            Self::Http { get, any_owner } => http::look(get, *any_owner, members).await,
            Self::Path(path) => path::look(path, log).await,
            Self::Command(command) => command.look().await,
        }
    }
}

async fn look(probe: &mut ProbeTarget, members: &MembersOfSet, log: &StartLog) -> Result<(), Miss> {
    timeout(LONGEST_LOOK, probe.look(members, log))
        .await
        .unwrap_or_else(|_| Err(Miss::new(format!("no answer within {LONGEST_LOOK:?}"))))
}
