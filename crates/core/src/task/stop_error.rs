//! Errors that come of a stop, and the end of a child that returns one.
//!
//! The stop of a tree begins for all of it at once and asks child after child. Until a child is asked, what it wants
//! to start is refused. The usual `?` makes that refusal the child's own error, although nothing has failed.

use std::error::Error;
use std::sync::Arc;

use crate::child::{Exit, RefusedByStop, StartError};

/// Makes an error an exit of a child that was being stopped, or whose supervisor was: no failure, if it comes of that.
pub(crate) fn failed_in_a_stop(error: &(dyn Error + 'static)) -> Exit {
    if comes_of_a_stop(error) { Exit::Shutdown } else { Exit::failed(error) }
}

/// Whether an error, or one of its sources, says that something did not happen because of a stop.
///
/// The sources are the user's code, and may panic.
fn comes_of_a_stop(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if says_stop(error) {
            return true;
        }
        next = error.source();
    }
    false
}

fn says_stop(error: &(dyn Error + 'static)) -> bool {
    error.is::<RefusedByStop>()
        || matches!(error.downcast_ref(), Some(StartError::Stopped))
        || error.downcast_ref().is_some_and(|error: &Arc<StartError>| matches!(**error, StartError::Stopped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{ChildId, ChildPath};
    use crate::supervisor::{
        DeleteChildError, ReserveError, RestartChildError, SignalChildError, StartChildError,
        TerminateChildError,
    };
    use crate::task::{SpawnError, SpawnErrorKind, TaskError};

    /// An error of a program around another one.
    #[derive(Debug, thiserror::Error)]
    #[error("no connection could be served")]
    struct Outer(#[source] Box<dyn Error + Send + Sync>);

    fn spawn(kind: SpawnErrorKind) -> SpawnError<()> {
        SpawnError::new(None, kind, None)
    }

    /// An error whose own type cannot be seen, as a library makes it that wraps what it is given.
    #[derive(Debug)]
    struct Opaque<E>(E);

    impl<E: Error> std::fmt::Display for Opaque<E> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Display::fmt(&self.0, f)
        }
    }

    impl<E: Error> Error for Opaque<E> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.source()
        }
    }

    #[test]
    fn a_refusal_is_seen_also_where_a_library_hides_its_type() {
        assert_eq!(failed_in_a_stop(&Opaque(ReserveError::Stopping)), Exit::Shutdown);
        assert_eq!(failed_in_a_stop(&Opaque(spawn(SpawnErrorKind::Stopping))), Exit::Shutdown);
        assert_eq!(failed_in_a_stop(&Opaque(TaskError::Stopped)), Exit::Shutdown);
        assert_eq!(failed_in_a_stop(&Opaque(RestartChildError::Stopping)), Exit::Shutdown);
        assert_eq!(failed_in_a_stop(&Opaque(TerminateChildError::NotRunning)), Exit::Shutdown);
        assert_eq!(failed_in_a_stop(&Opaque(DeleteChildError::Stopping)), Exit::Shutdown);
    }

    #[test]
    fn every_refusal_of_a_stop_comes_of_it_however_deep_it_lies() {
        let of_child = StartError::Child {
            path: ChildPath::root(&ChildId::new("a").unwrap()),
            source: Arc::new(StartError::Stopped),
        };
        let refusals: [Box<dyn Error + Send + Sync>; 11] = [
            Box::new(spawn(SpawnErrorKind::Start(StartError::Stopped))),
            Box::new(of_child),
            Box::new(spawn(SpawnErrorKind::Stopping)),
            Box::new(spawn(SpawnErrorKind::NotRunning)),
            std::io::Error::other(ReserveError::NotRunning).into(),
            Box::new(ReserveError::Stopping),
            Box::new(RestartChildError::NotRunning),
            Box::new(TerminateChildError::Stopping),
            Box::new(DeleteChildError::Stopping),
            Box::new(StartChildError::Failed(StartError::Stopped)),
            Box::new(TaskError::Stopped),
        ];
        for refusal in refusals {
            assert_eq!(failed_in_a_stop(refusal.as_ref()), Exit::Shutdown, "{refusal}");
            let deep = Outer(Outer(refusal).into());
            assert_eq!(failed_in_a_stop(&deep), Exit::Shutdown, "{deep:?}");
        }
    }

    #[test]
    fn any_other_error_is_a_failure_in_a_stop_too() {
        let failures: [Box<dyn Error + Send + Sync>; 5] = [
            Box::new(spawn(SpawnErrorKind::MaxChildren)),
            Box::new(StartChildError::AlreadyStarted),
            Box::new(RestartChildError::Running),
            Box::new(SignalChildError::NotRunning),
            "the disk is full".into(),
        ];
        for failure in failures {
            let failed = Exit::failed(failure.as_ref());
            assert_eq!(failed_in_a_stop(failure.as_ref()), failed, "{failure}");
        }
    }
}
