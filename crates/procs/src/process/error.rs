//! Why a process that ran did not count as started.

use std::fmt::Write as _;
use std::time::Duration;

use rootward_core::Exit;
use rootward_core::sibling::background_hint;

/// Says why a process that ran did not count as started.
///
/// The process is gone by the time this is reported. It reaches the supervisor inside a
/// [`StartError`](rootward_core::StartError).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyError {
    /// It was not ready in time.
    #[error("`{program}` was not ready within {within:?}: {}", found(condition, last_error.as_deref(), output))]
    #[non_exhaustive]
    TimedOut {
        /// The program as it was given.
        program: String,
        /// How long it was waited for.
        within: Duration,
        /// What it was waited for, in words: "a listener at 127.0.0.1:80".
        condition: String,
        /// Why the last look found nothing, for conditions that are looked at from time to time.
        last_error: Option<String>,
        /// The last lines that it wrote to outputs that are captured, as a person sees them.
        output: Vec<String>,
    },
    /// It ended before it was ready.
    #[error("it ended before it had started: {exit}; {}{}", found(condition, last_error.as_deref(), output), hint(exit, *left_behind))]
    #[non_exhaustive]
    Ended {
        /// The program as it was given.
        program: String,
        /// How it ended.
        exit: Exit,
        /// What it was waited for, in words: "a listener at 127.0.0.1:80".
        condition: String,
        /// Why the last look found nothing, for conditions that are looked at from time to time.
        last_error: Option<String>,
        /// The last lines that it wrote to outputs that are captured, as a person sees them.
        output: Vec<String>,
        /// How many processes it left behind, which were ended.
        left_behind: usize,
    },
    /// The user's own check said that it will never be ready.
    #[error("the readiness check of `{program}` {reason}")]
    Refused {
        /// The program as it was given.
        program: String,
        /// How the check ended.
        reason: Exit,
    },
}

fn found(condition: &str, last_error: Option<&str>, output: &[String]) -> String {
    let mut text = format!("waited for {condition}");
    if let Some(error) = last_error {
        // Writing to memory does not fail.
        let _ = write!(text, "; the last look: {error}");
    }
    if let [first, rest @ ..] = output {
        let _ = write!(text, "; it wrote last: {first:?}");
        for line in rest {
            let _ = write!(text, ", {line:?}");
        }
    }
    text
}

/// What would help, if it ended in a way that is seldom meant.
fn hint(exit: &Exit, left_behind: usize) -> String {
    background_hint(exit, left_behind)
        .map_or_else(String::new, |hint| format!("; it left {left_behind} behind: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_waited_for_what_was_found_and_what_was_written() {
        let error = ReadyError::TimedOut {
            program: "web".into(),
            within: Duration::from_secs(2),
            condition: "a listener at localhost:80".into(),
            last_error: Some("connection refused".into()),
            output: vec!["one".into(), "say \"two\"".into()],
        };

        assert_eq!(
            error.to_string(),
            "`web` was not ready within 2s: waited for a listener at localhost:80; the last look: connection \
             refused; it wrote last: \"one\", \"say \\\"two\\\"\""
        );
    }

    #[test]
    fn only_a_program_that_succeeds_and_leaves_processes_behind_has_gone_to_the_background() {
        assert!(hint(&Exit::Code(0), 2).contains("foreground"));
        assert_eq!((hint(&Exit::Code(0), 0), hint(&Exit::Code(1), 2)), (String::new(), String::new()));
    }
}
