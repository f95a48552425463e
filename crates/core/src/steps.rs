//! Waits in steps, of which each that ends late says how much of it this program did not run.

use std::time::{Duration, Instant};

use crate::clock::{now, sleep_until};
use crate::policy::{lost_in_step, step_end};

/// Waits for a moment in steps, and says of each that ends late how much of it was lost.
pub async fn sleep_in_steps(at: Instant, mut tell: impl FnMut(Duration)) {
    loop {
        let begun = now();
        let end = step_end(at, begun);
        let lost = sleep_noting_loss(begun, end).await;
        if !lost.is_zero() {
            tell(lost);
        }
        if end >= at {
            return;
        }
    }
}

/// Waits for the end of a step that begins now, and says how much of it was lost.
pub async fn sleep_noting_loss(begun: Instant, end: Instant) -> Duration {
    let by_system = system_now();
    sleep_until(end).await;
    lost_in_step(begun..end, now(), system_now().saturating_duration_since(by_system))
}

#[expect(clippy::disallowed_methods, reason = "a test may have tokio's clock jump, which is no suspension")]
fn system_now() -> Instant {
    Instant::now()
}
