//! How an incarnation ended, in few bytes.
//!
//! Every child that is down has one of these, and so has every report of an end that waits to be read. Most have
//! nothing more to tell than which kind of end it was, and take no memory of their own.

use super::Ended;
use crate::blame::Failures;
use crate::child::{Exit, ExitClass, StartError, Straggler};
use crate::report::{Below, StopStep};

/// What [`Ended`] says.
#[derive(Debug)]
pub(crate) enum CompactEnd {
    Normal,
    Shutdown,
    Aborted,
    Unknown,
    /// There is more to tell.
    Full(Box<Ended>),
}

impl From<Ended> for CompactEnd {
    fn from(ended: Ended) -> Self {
        let is_plain = ended.stragglers.is_empty()
            && ended.steps.is_empty()
            && ended.start_error.is_none()
            && ended.children.is_empty()
            && ended.failures.is_none();
        if !is_plain {
            return Self::Full(Box::new(ended));
        }
        match ended.exit {
            Exit::Normal => Self::Normal,
            Exit::Shutdown => Self::Shutdown,
            Exit::Aborted => Self::Aborted,
            Exit::Unknown => Self::Unknown,
            Exit::Failed { .. }
            | Exit::Panicked(_)
            | Exit::Code(_)
            | Exit::Signal { .. }
            | Exit::Success { .. } => Self::Full(Box::new(ended)),
        }
    }
}

impl CompactEnd {
    pub(crate) fn class(&self) -> ExitClass {
        match self {
            Self::Normal | Self::Shutdown => ExitClass::Normal,
            Self::Aborted | Self::Unknown => ExitClass::Abnormal,
            Self::Full(ended) => ended.exit.class(),
        }
    }

    /// Whether it was a process that has ended as programs do because of a stop signal.
    pub(crate) fn may_be_a_stop(&self) -> bool {
        match self {
            Self::Full(ended) => ended.exit.may_be_a_stop(),
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => false,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Normal => Exit::Normal,
            Self::Shutdown => Exit::Shutdown,
            Self::Aborted => Exit::Aborted,
            Self::Unknown => Exit::Unknown,
            Self::Full(ended) => ended.exit.clone(),
        }
    }

    /// Why the start failed, if the child had not started.
    pub(crate) fn start_error(&self) -> StartError {
        match self {
            Self::Full(ended) => ended.start_error.clone(),
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => None,
        }
        .unwrap_or_else(|| StartError::Ended(self.exit()))
    }

    pub(crate) fn stragglers(&self) -> &[Straggler] {
        match self {
            Self::Full(ended) => &ended.stragglers,
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => &[],
        }
    }

    pub(crate) fn steps(&self) -> &[StopStep] {
        match self {
            Self::Full(ended) => &ended.steps,
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => &[],
        }
    }

    pub(crate) fn failures(&self) -> Option<&Failures> {
        match self {
            Self::Full(ended) => ended.failures.as_deref(),
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => None,
        }
    }

    pub(crate) fn children(&self) -> Below {
        match self {
            Self::Full(ended) => ended.children.clone(),
            Self::Normal | Self::Shutdown | Self::Aborted | Self::Unknown => Below::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::child::Outcome;
    use crate::child::Panic;

    #[test]
    fn a_compact_end_tells_all_of_any_end() {
        let signal =
            Exit::Signal { name: "SIGKILL".into(), number: 9, core_dumped: false, out_of_memory: false };
        let failed = Exit::Failed { error: "boom".into() };
        let panicked = Exit::Panicked(Panic::new("boom"));
        let plain = [Exit::Normal, Exit::Shutdown, Exit::Aborted, Exit::Unknown];
        for exit in plain.into_iter().chain([failed, panicked, Exit::Code(0), Exit::Code(3), signal]) {
            let end = CompactEnd::from(Ended::new(exit.clone()));

            assert_eq!((end.exit(), end.class()), (exit.clone(), exit.class()));
        }
    }

    #[test]
    fn a_compact_end_keeps_what_an_end_without_a_word_has_left_behind() {
        let straggler = Straggler::new(7, "sleep", Outcome::Killed);

        let end = CompactEnd::from(Ended::new(Exit::Normal).with_stragglers(vec![straggler.clone()]));

        assert_eq!((end.exit(), end.stragglers()), (Exit::Normal, &[straggler][..]));
    }

    #[test]
    fn a_compact_end_keeps_the_steps_of_a_stop() {
        let steps =
            [StopStep::new("SIGTERM", Duration::ZERO), StopStep::new("SIGKILL", Duration::from_secs(1))];

        let end = CompactEnd::from(Ended::new(Exit::Normal).with_steps(steps.to_vec()));

        assert_eq!(end.steps(), steps);
    }
}
