//! Panics after a while. Rust's own message is not shown: the panic becomes an event, with the place of the line below.

use std::time::Duration;

use rootward::TaskContext;

use super::wait::{WaitEnd, wait};

pub(super) async fn run(cx: TaskContext, after: Duration) {
    match wait(&cx, after).await {
        WaitEnd::Over => panic!("this sample task panics on purpose"),
        WaitEnd::Stopping => {}
    }
}
