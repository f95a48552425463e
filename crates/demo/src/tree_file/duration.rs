//! Durations as people write them: `250ms`, `5s`, `1m 30s`.

use std::time::Duration;

use super::error::Problem;

/// What is longer cannot be added to a clock without overflowing it sooner or later.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// Reads a duration.
///
/// # Errors
///
/// [`Problem`] if the text is no duration, or one that is longer than any clock runs.
pub(crate) fn parse(text: &str) -> Result<Duration, Problem> {
    let duration =
        humantime::parse_duration(text).map_err(|_| Problem::NotADuration { text: text.to_owned() })?;
    if duration > LONGEST {
        return Err(Problem::TooLong { text: text.to_owned() });
    }
    Ok(duration)
}

/// Takes a duration in which something has to have a chance to happen.
///
/// # Errors
///
/// [`Problem::Zero`] if it has none.
pub(super) fn positive(duration: Duration) -> Result<Duration, Problem> {
    if duration.is_zero() { Err(Problem::Zero) } else { Ok(duration) }
}

/// Reads a duration in which something has to have a chance to happen.
///
/// # Errors
///
/// What [`parse`] says, and [`Problem::Zero`].
pub(crate) fn parse_positive(text: &str) -> Result<Duration, Problem> {
    positive(parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let table = [("250ms", 250), ("5s", 5_000), ("1m", 60_000), ("1m 30s", 90_000), ("0s", 0)];

        for (text, millis) in table {
            assert_eq!(parse(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_examples() {
        for text in ["", "5", "-5s", "5 parsecs", "s", "1.5.2s", "∞", "infinity"] {
            let message = parse(text).unwrap_err().to_string();

            assert!(message.contains("is not a duration"), "{text}: {message}");
        }
    }

    #[test]
    fn a_duration_that_no_clock_can_reach_is_refused() {
        for text in ["5000years", "18446744073709551615s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
