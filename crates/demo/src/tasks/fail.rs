//! Ends with an error after a while.

use std::time::Duration;

use rootward::TaskContext;

use super::wait::{WaitEnd, wait};

#[derive(Debug, thiserror::Error)]
#[error("this sample task fails on purpose")]
pub(super) struct OnPurpose;

pub(super) async fn run(cx: TaskContext, after: Duration) -> Result<(), OnPurpose> {
    match wait(&cx, after).await {
        WaitEnd::Over => Err(OnPurpose),
        WaitEnd::Stopping => Ok(()),
    }
}
