//! What ends a test that hangs, and decides nothing else.

use std::time::Duration;

/// How long a test waits for something that has to happen. Only a test that fails waits that long.
pub(crate) const BACKSTOP: Duration = Duration::from_secs(60);

/// Awaits something that has to happen.
pub(crate) async fn within_backstop<T>(what: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(BACKSTOP, what).await.ok()
}

/// Awaits something that has to happen, and says what did not.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    within_backstop(future).await.unwrap_or_else(|| panic!("this never happened: {what}"))
}

/// Looks until something is so, for what no event tells.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Lets everything happen that can happen without any time passing. For virtual time only.
///
/// A clock that is paused moves when nobody has anything left to do, and not before.
#[expect(
    clippy::disallowed_methods,
    reason = "in virtual time this waits for no time, but until everybody is idle"
)]
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
