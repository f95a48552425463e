//! How tests wait for what no event tells: by looking, and not for ever.

use std::time::{Duration, SystemTime};

/// Far longer than anything here takes: it ends a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = SystemTime::now();
    while !is_so() {
        assert!(begin.elapsed().is_ok_and(|elapsed| elapsed < PATIENCE), "this never happened: {what}");
        std::thread::yield_now();
    }
}

/// Awaits something that has to happen.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let output = tokio::time::timeout(PATIENCE, future).await;
    output.unwrap_or_else(|_| panic!("this never happened: {what}"))
}
