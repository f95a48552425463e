//! How long a restart is put off.

use std::time::Duration;

/// Says how long a child's restarts are put off, the longer the more of them there have been in a row (systemd's
/// `RestartSec=`, `RestartSteps=` and `RestartMaxDelaySec=`; OTP has no such thing).
///
/// The n-th restart in a row waits `initial · factor^(n-1)`, at most `max`, more or less by up to the fraction
/// `jitter`. The count begins anew when the child has run for [`reset_after`](Self::reset_after).
///
/// The restart limit counts restarts within a time: if the delays are longer than that, it is never reached, and the
/// child is tried for ever. A supervisor that is to give up needs a window longer than the delays together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The delay of the first restart.
    pub initial: Duration,
    /// The longest delay, with jitter and all.
    pub max: Duration,
    /// By how much each delay is longer than the one before. Default 2; at least 1.
    pub factor: f64,
    /// By what fraction a delay may be longer or shorter, so that children that failed together do not all come back at
    /// the same moment. Default 0, which makes the delays exact; at most 1.
    pub jitter: f64,
    /// How long a child has to run for its count to begin anew. By default the window of its supervisor's intensity.
    pub reset_after: Option<Duration>,
}

impl Backoff {
    /// Delays that double from `initial` up to `max`.
    pub fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max, factor: 2.0, jitter: 0.0, reset_after: None }
    }

    /// Sets the factor by which each delay is longer than the one before.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Sets the fraction by which a delay may be longer or shorter.
    #[must_use]
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how long a child has to run for its count to begin anew.
    #[must_use]
    pub fn reset_after(mut self, healthy: Duration) -> Self {
        self.reset_after = Some(healthy);
        self
    }

    /// What is wrong with these numbers, if anything is.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.max < self.initial {
            Some("the longest delay is shorter than the first")
        } else if !(self.factor.is_finite() && self.factor >= 1.0) {
            Some("the factor is less than 1")
        } else if !(0.0..=1.0).contains(&self.jitter) {
            Some("the jitter is not between 0 and 1")
        } else {
            None
        }
    }

    /// How long the n-th restart in a row waits, for a random number between 0 and 1.
    pub(crate) fn delay(&self, attempt: u32, random: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let max = self.max.as_secs_f64();
        // An infinite product is cut like any other that is too long.
        let exact = (self.initial.as_secs_f64() * self.factor.powi(exponent)).min(max);
        if self.jitter == 0.0 {
            return if exact >= max {
                self.max
            } else {
                Duration::try_from_secs_f64(exact).unwrap_or(self.max)
            };
        }
        let jittered = exact * (1.0 + self.jitter * (2.0 * random - 1.0));
        Duration::try_from_secs_f64(jittered.clamp(0.0, max)).unwrap_or(self.max)
    }
}

/// Random numbers for the delays of restarts, which depend on nothing but a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what a double can hold")]
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn delays_grow_by_the_factor_up_to_the_longest() {
        let backoff = Backoff::new(MS(100), MS(1000));

        let delays: Vec<_> = (1..=6).map(|attempt| backoff.delay(attempt, 0.5)).collect();

        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000].map(MS));
        assert_eq!(backoff.delay(u32::MAX, 0.5), MS(1000));
    }

    #[test]
    fn jitter_makes_a_delay_longer_or_shorter_by_at_most_its_fraction() {
        let backoff = Backoff::new(MS(100), MS(1000)).jitter(0.5);

        assert_eq!(backoff.delay(1, 0.0), MS(50));
        assert_eq!(backoff.delay(1, 0.5), MS(100));
        assert_eq!(backoff.delay(1, 1.0), MS(150));
        assert_eq!(backoff.delay(9, 1.0), MS(1000), "the longest delay is never exceeded");
    }

    #[test]
    fn delays_can_grow_by_any_factor() {
        let backoff = Backoff::new(MS(100), MS(1000)).factor(3.0);

        assert_eq!([1, 2, 3].map(|attempt| backoff.delay(attempt, 0.5)), [100, 300, 900].map(MS));
    }

    #[test]
    fn a_longest_delay_that_no_float_holds_is_kept_as_it_is() {
        let max = Duration::new(u64::MAX, 1);
        let backoff = Backoff::new(max, max);

        assert_eq!(backoff.delay(1, 0.5), max);
        assert_eq!(backoff.jitter(0.5).delay(9, 1.0), max);
    }

    #[test]
    fn a_factor_of_one_waits_the_same_each_time() {
        let backoff = Backoff::new(MS(100), MS(1000)).factor(1.0);

        assert_eq!(backoff.delay(50, 0.5), MS(100));
    }

    #[test]
    fn numbers_that_make_no_sense_are_named() {
        let backoff = Backoff::new(MS(100), MS(1000));

        assert_eq!(backoff.problem(), None);
        assert_eq!(Backoff::new(MS(1), MS(1)).factor(1.0).jitter(1.0).problem(), None);
        assert!(Backoff::new(MS(2), MS(1)).problem().is_some());
        assert!(backoff.factor(f64::INFINITY).problem().is_some());
        assert!(backoff.factor(0.5).problem().is_some());
        assert!(backoff.factor(f64::NAN).problem().is_some());
        assert!(backoff.jitter(1.5).problem().is_some());
        assert!(backoff.jitter(-0.1).problem().is_some());
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what a double can hold")]
    fn the_numbers_are_those_of_the_published_generator() {
        let published: [u64; 3] =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        let mut jitter = Jitter::new(1_234_567);

        for number in published {
            assert_eq!(jitter.next().to_bits(), ((number >> 11) as f64 / 9_007_199_254_740_992.0).to_bits());
        }
    }
}
