//! Panics after a while. Rust's own message is not shown: the panic becomes an event, with the place of the line below.

use std::time::Duration;

use rootward::TaskContext;

use super::wait::{Waited, wait};

pub(super) async fn run(cx: TaskContext, after: Duration) {
    match wait(&cx, after).await {
        Waited::Over => panic!("this sample task panics on purpose"),
        Waited::Stopping => {}
    }
}
