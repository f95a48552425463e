//! What a record says of one child.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{ExitClass, Outcome};
use rootward::{Exit, Restart, Strategy};

use super::Supervision;
use crate::describe::Member;

/// What a record says of one child, up to some event.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) path: &'a str,
    pub(crate) member: &'a Member,
    pub(crate) stage: Stage,
    pub(crate) incarnation: u32,
    /// Why its present incarnation was started.
    pub(crate) origin: Origin,
    pub(crate) starting_at: Duration,
    /// When its present incarnation came to run.
    pub(crate) up_at: Option<Duration>,
    /// How its present incarnation was asked to stop.
    pub(crate) asked: Option<Asked>,
    pub(crate) escalated_at: Option<Duration>,
    /// How its last incarnation ended.
    pub(crate) end: Option<End<'a>>,
    /// A group restart may have absorbed its end, and then nothing follows from it (OTP rule 26).
    pub(crate) absorbed: bool,
    /// A restart that was announced and has not been made: when it is due.
    pub(crate) due: Option<Duration>,
    /// Its restarts, since it was added to its supervisor.
    pub(crate) restarts: Vec<Duration>,
    /// How many of them there have been since it last ran well.
    pub(crate) attempts: u32,
    /// What goes on in it, if it is a supervisor.
    pub(crate) supervision: Supervision<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Down,
    Starting,
    Up,
    Stopping,
}

/// Why a child was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Its supervisor was started.
    Init,
    /// It was restarted, or a sibling was and it with it.
    Restart,
    /// A caller asked for it.
    Call,
    /// Either of the last two: the record does not tell which.
    Unclear,
}

/// That an incarnation was asked to stop, gracefully or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Duration,
    pub(crate) cause: StopCause,
}

/// How an incarnation ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) seq: u64,
    pub(crate) how: How<'a>,
    /// Its supervisor was held by then, so that nothing follows from it.
    pub(crate) held: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum How<'a> {
    Ignored,
    StartFailed,
    Exited { status: Option<&'a Exit> },
    Stopped { outcome: Outcome, status: Option<&'a Exit>, elapsed: Duration },
}

impl<'a> Node<'a> {
    /// A child that has just been added.
    pub(crate) fn new(path: &'a str, member: &'a Member) -> Self {
        Self {
            path,
            member,
            stage: Stage::Down,
            incarnation: 0,
            origin: Origin::Init,
            starting_at: Duration::ZERO,
            up_at: None,
            asked: None,
            escalated_at: None,
            end: None,
            absorbed: false,
            due: None,
            restarts: Vec::new(),
            attempts: 0,
            supervision: Supervision::default(),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.stage != Stage::Down
    }

    pub(crate) fn is_root(&self) -> bool {
        !self.path.contains('/')
    }

    pub(crate) fn is_group(&self) -> bool {
        self.member.group().is_some()
    }

    /// Whether it is a supervisor that restarts several children together.
    pub(crate) fn shares_fates(&self) -> bool {
        self.member.group().is_some_and(|group| group.strategy() != Strategy::OneForOne)
    }

    pub(crate) fn is_in_motion(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Stopping)
    }

    /// Whether it is down because it ended by itself, and is one that is never started again after such an end.
    pub(crate) fn has_ended_for_good(&self) -> bool {
        self.end_by_itself().is_some_and(|class| !is_restarted(self.member.restart, class))
    }

    /// Whether it is down because it ended by itself, and is one that is started again after such an end.
    pub(crate) fn is_to_be_restarted(&self) -> bool {
        self.end_by_itself().is_some_and(|class| is_restarted(self.member.restart, class))
    }

    /// Whether it was asked to stop while its supervisor went on.
    pub(crate) fn was_asked_alone(&self) -> bool {
        self.asked.is_some_and(|asked| matches!(asked.cause, StopCause::Api | StopCause::Sibling))
    }

    fn end_by_itself(&self) -> Option<ExitClass> {
        match self.end.filter(|_| self.stage == Stage::Down)?.how {
            // A supervisor that ends by itself always ends as OTP's do, with `shutdown`.
            How::Exited { status } => Some(status.map_or(ExitClass::Normal, Exit::class)),
            How::Ignored | How::StartFailed | How::Stopped { .. } => None,
        }
    }
}

fn is_restarted(restart: Restart, class: ExitClass) -> bool {
    match restart {
        Restart::Permanent => true,
        Restart::Transient => class == ExitClass::Abnormal,
        Restart::Temporary => false,
    }
}
