//! Times as people read them.

use std::time::Duration;

/// A time in seconds, as precise as it is interesting: `3 ms`, `2.04 s`, `1m 12s`.
pub(super) fn short(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.2} s", time.as_secs_f64()),
        _ => humantime::format_duration(Duration::from_secs(time.as_secs())).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_precise_as_it_is_interesting() {
        let table = [(0, "0 ms"), (3, "3 ms"), (999, "999 ms"), (2_041, "2.04 s"), (72_500, "1m 12s")];

        for (millis, expected) in table {
            assert_eq!(short(Duration::from_millis(millis)), expected);
        }
    }
}
