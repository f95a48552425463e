//! What supervisors answer, in the words of the scenarios.

use rootward::error::{
    DeleteChildError, RestartChildError, StartChildError, StartError, TerminateChildError,
};
use rootward::snapshot::{ChildKind, ChildState, StartedChild};
use rootward::{ChildSpec, Restart, Shutdown};

use crate::build::tag;
use crate::planned::Rejection;

pub(crate) const OK: &str = "ok";
/// OTP's `{ok, undefined}`: there is a child, and it has nothing to run.
pub(crate) const UNDEFINED: &str = "ok undefined";
pub(crate) const NO_PROCESS: &str = "error noproc";
pub(crate) const NOT_FOUND: &str = "error not_found";
pub(crate) const START_FAILED: &str = "error start_failed";
pub(crate) const SIMPLE: &str = "error simple_one_for_one";

/// How the start of the root came out.
pub(crate) fn to_init(answer: Result<StartedChild, StartChildError>) -> String {
    match answer {
        Err(StartChildError::Failed(error)) => why_init_failed(&error),
        answer => to_start(answer),
    }
}

fn why_init_failed(error: &StartError) -> String {
    // The outer error names the root itself.
    let StartError::Child { source, .. } = error else { return START_FAILED.into() };
    match &**source {
        StartError::Child { path, .. } => format!("error failed_to_start_child {}", path.id()),
        StartError::Failed(error) => match error.downcast_ref::<Rejection>() {
            Some(Rejection::Specs(tag)) => format!("error start_spec {tag}"),
            Some(Rejection::Flags(tag)) => format!("error supervisor_data {tag}"),
            Some(Rejection::Planned | Rejection::Template) | None => START_FAILED.into(),
        },
        StartError::Panicked(_)
        | StartError::Ended(_)
        | StartError::TimedOut(_)
        | StartError::Stopped
        | _ => START_FAILED.into(),
    }
}

/// How `start_child` and `spawn` came out.
pub(crate) fn to_start(answer: Result<StartedChild, StartChildError>) -> String {
    match answer {
        Ok(_) => OK.into(),
        Err(StartChildError::Ignored) => UNDEFINED.into(),
        Err(StartChildError::Spec(error)) => format!("error {}", tag(&error)),
        Err(StartChildError::AlreadyStarted) => "error already_started".into(),
        Err(StartChildError::AlreadyPresent) => "error already_present".into(),
        Err(StartChildError::MaxChildren { .. }) => "error max_children".into(),
        Err(StartChildError::Failed(_)) => START_FAILED.into(),
        Err(StartChildError::Stopping { .. } | StartChildError::NotRunning { .. } | _) => NO_PROCESS.into(),
    }
}

pub(crate) fn to_terminate(answer: Result<(), TerminateChildError>) -> &'static str {
    match answer {
        Ok(()) => OK,
        Err(TerminateChildError::NotFound) => NOT_FOUND,
        Err(TerminateChildError::Stopping | TerminateChildError::NotRunning | _) => NO_PROCESS,
    }
}

pub(crate) fn to_restart(answer: Result<StartedChild, RestartChildError>) -> String {
    match answer {
        Ok(_) => OK.into(),
        Err(RestartChildError::Ignored) => UNDEFINED.into(),
        Err(RestartChildError::Running) => "error running".into(),
        Err(RestartChildError::Restarting) => "error restarting".into(),
        Err(RestartChildError::NotFound) => NOT_FOUND.into(),
        Err(RestartChildError::Dynamic) => SIMPLE.into(),
        Err(RestartChildError::Failed(_)) => START_FAILED.into(),
        Err(RestartChildError::Stopping | RestartChildError::NotRunning | _) => NO_PROCESS.into(),
    }
}

pub(crate) fn to_delete(answer: Result<(), DeleteChildError>) -> &'static str {
    match answer {
        Ok(()) => OK,
        Err(DeleteChildError::Running) => "error running",
        Err(DeleteChildError::Restarting) => "error restarting",
        Err(DeleteChildError::NotFound) => NOT_FOUND,
        Err(DeleteChildError::Dynamic) => SIMPLE,
        Err(DeleteChildError::Stopping | DeleteChildError::NotRunning | _) => NO_PROCESS,
    }
}

pub(crate) fn to_get_spec(spec: &ChildSpec) -> String {
    let restart = match spec.restart_type() {
        Restart::Permanent => "permanent",
        Restart::Transient => "transient",
        Restart::Temporary => "temporary",
    };
    let shutdown = match spec.shutdown_type() {
        Shutdown::Kill => "brutal_kill".into(),
        Shutdown::Grace(grace) => grace.as_millis().to_string(),
        Shutdown::Infinity => "infinity".into(),
    };
    let significant = spec.is_significant();
    let kind = kind(spec.kind());
    format!("{OK} restart={restart} significant={significant} shutdown={shutdown} type={kind}")
}

/// OTP's word for a kind of child.
pub(crate) fn kind(kind: ChildKind) -> &'static str {
    match kind {
        ChildKind::Supervisor => "supervisor",
        ChildKind::Process | ChildKind::Task | ChildKind::Actor | _ => "worker",
    }
}

/// OTP's word for what a child is doing.
pub(crate) fn state(state: ChildState) -> &'static str {
    match state {
        ChildState::Running => "running",
        ChildState::Down => "undefined",
        ChildState::Restarting => "restarting",
        ChildState::Starting => "starting",
        ChildState::Stopping => "stopping",
        _ => "unknown",
    }
}
