//! At most so many restarts within a window, for the two programs whose library does not count them.

use std::collections::VecDeque;
use std::time::Instant;

use super::work::{Failure, RESTARTS, WINDOW};

#[derive(Default)]
pub struct Limit {
    restarts: VecDeque<Instant>,
}

impl Limit {
    pub fn count(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        self.restarts.retain(|at| now.duration_since(*at) < WINDOW);
        self.restarts.push_back(now);
        if self.restarts.len() > RESTARTS as usize {
            return Err(Failure("the worker failed too often".into()));
        }
        Ok(())
    }
}
