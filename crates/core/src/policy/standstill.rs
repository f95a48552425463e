//! When a guardian that has to end a stop at its deadline, and does not answer, is no longer waited for.

use std::time::Duration;

/// How long the guardian may take to answer. A runtime of which a thread is free answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches over one stop.
#[derive(Debug)]
pub(crate) struct Standstill {
    /// By when the stop has to be over, counted from its request, like all times here.
    deadline: Duration,
    /// When the last question was asked.
    asked: Option<Duration>,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StandstillStep {
    /// Look again later.
    Wait,
    /// Ask for a sign of life.
    Ask,
    /// The deadline is over and the last question was not answered: another thread has to write the report.
    WriteReport,
}

impl Standstill {
    pub(crate) fn new(deadline: Duration) -> Self {
        Self { deadline, asked: None }
    }

    /// Decides. `answered` is whether there was a sign of life since the last question.
    pub(crate) fn look(&mut self, elapsed: Duration, answered: bool) -> StandstillStep {
        let patience_is_over = match self.asked {
            // Soon enough for the answer to be there at the deadline.
            None => elapsed >= self.deadline.saturating_sub(PATIENCE),
            Some(asked) => elapsed.saturating_sub(asked) >= PATIENCE,
        };
        match (patience_is_over, self.asked, answered) {
            (false, _, _) => StandstillStep::Wait,
            (true, None, _) | (true, Some(_), true) => {
                self.asked = Some(elapsed);
                StandstillStep::Ask
            }
            // The question was asked so late that the deadline is over too.
            (true, Some(_), false) => StandstillStep::WriteReport,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_question_is_asked_so_early_that_the_answer_is_due_at_the_deadline() {
        let mut standstill = Standstill::new(10 * SECOND);

        assert_eq!(standstill.look(8 * SECOND, false), StandstillStep::Wait);
        assert_eq!(standstill.look(9 * SECOND, false), StandstillStep::Ask);
        assert_eq!(standstill.look(9 * SECOND + SECOND / 2, false), StandstillStep::Wait);
        assert_eq!(standstill.look(10 * SECOND, false), StandstillStep::WriteReport);
    }

    #[test]
    fn a_guardian_that_answers_is_asked_again_and_never_replaced() {
        let mut standstill = Standstill::new(10 * SECOND);
        standstill.look(9 * SECOND, false);

        assert_eq!(standstill.look(10 * SECOND, true), StandstillStep::Ask);
        assert_eq!(standstill.look(11 * SECOND, true), StandstillStep::Ask);
        assert_eq!(
            standstill.look(12 * SECOND, false),
            StandstillStep::WriteReport,
            "this time there was no answer"
        );
    }

    #[test]
    fn a_deadline_that_is_shorter_than_the_patience_does_not_shorten_it() {
        let mut standstill = Standstill::new(SECOND / 10);

        assert_eq!(standstill.look(Duration::ZERO, false), StandstillStep::Ask);
        assert_eq!(standstill.look(SECOND / 2, false), StandstillStep::Wait);
        assert_eq!(standstill.look(SECOND, false), StandstillStep::WriteReport);
    }
}
