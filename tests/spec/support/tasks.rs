//! Tasks that do as they are told, or not.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rootward::{ChildSpec, Restart};
use tokio::time::timeout;

/// Ends when it is asked to.
pub(crate) fn obedient(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

/// Never looks whether it is asked to stop.
pub(crate) fn stubborn(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| pending::<()>())
}

/// Ends some time after it is asked to.
pub(crate) fn takes(id: &str, time: Duration) -> ChildSpec {
    ChildSpec::task(id, move |cx| async move {
        cx.stopping().await;
        work_for(time).await;
    })
}

/// Takes its time. For virtual time only.
pub(crate) async fn work_for(time: Duration) {
    let _ = timeout(time, pending::<()>()).await;
}

/// Is done at once, and never runs again.
pub(crate) fn ready_made(id: &str) -> ChildSpec {
    ChildSpec::task(id, |_| async {}).restart(Restart::Temporary)
}

/// Something that is so, or not yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Raises the flag when it is dropped.
    pub(crate) fn raised_on_drop(&self) -> impl Drop + Send + use<> {
        RaiseOnDrop(self.clone())
    }
}

struct RaiseOnDrop(Flag);

impl Drop for RaiseOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}
