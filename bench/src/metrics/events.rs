//! `events`: how many events a second reach one subscriber and three of them.

use crate::figure::Figure;
use crate::machine::clock;

/// A subject that has a record of what happens.
pub trait Events {
    /// Writes `n` events as fast as it can, from a thread of its own, and returns when each subscriber has read all of
    /// them.
    fn write(n: usize, subscribers: usize) -> impl Future<Output = Times> + Send;
}

/// When the first was written, and the last one read.
pub struct Times {
    pub begun: u64,
    pub over: u64,
}

pub async fn measure<S: Events>(n: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, subscribers) in [("events.one", 1), ("events.three", 3)] {
        let Times { begun, over } = S::write(n, subscribers).await;
        figures.push(Figure::new(name, n as f64 / ((over - begun) as f64 / 1e9), "1/s"));
    }
    figures
}

impl Times {
    pub fn since(begun: u64) -> Self {
        Self { begun, over: clock::now() }
    }
}
