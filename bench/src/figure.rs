//! What a measurement yields.

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    pub metric: String,
    pub value: f64,
    pub unit: &'static str,
}

impl Figure {
    pub fn new(metric: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { metric: metric.into(), value, unit }
    }

    /// Microseconds for each of `n`, of this many nanoseconds altogether.
    pub fn each(metric: impl Into<String>, nanos: u64, n: usize) -> Self {
        Self::new(metric, nanos as f64 / 1e3 / n as f64, "us")
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
