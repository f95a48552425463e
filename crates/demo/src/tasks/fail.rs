//! Ends with an error after a while.

use std::time::Duration;

use rootward::TaskContext;

use super::wait::{Waited, wait};

#[derive(Debug, thiserror::Error)]
#[error("this sample task fails on purpose")]
pub(super) struct OnPurpose;

pub(super) async fn run(cx: TaskContext, after: Duration) -> Result<(), OnPurpose> {
    match wait(&cx, after).await {
        Waited::Over => Err(OnPurpose),
        Waited::Stopping => Ok(()),
    }
}
