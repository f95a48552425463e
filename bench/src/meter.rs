//! Time and memory.

use std::time::Instant;

/// One figure of a measurement.
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
}

/// Measures time from now on.
pub struct Watch(Instant);

impl Watch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds for each of `n`.
    pub fn each(&self, name: &'static str, n: usize) -> Figure {
        let value = self.0.elapsed().as_secs_f64() * 1e6 / n as f64;
        Figure { name, value, unit: "us" }
    }
}

/// Live bytes on the heap.
#[cfg(feature = "heap")]
pub fn heap() -> f64 {
    let stats = crate::ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}

/// Without the feature `heap` nobody counts.
#[cfg(not(feature = "heap"))]
pub fn heap() -> f64 {
    f64::NAN
}
