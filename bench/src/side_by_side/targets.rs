//! What has to be reached, and whether it was.

use super::results::Results;

/// What is said of one metric.
pub struct Target {
    pub metric: &'static str,
    pub text: &'static str,
    rule: Rule,
}

enum Rule {
    /// At most this many times what another subject takes.
    Times(&'static str, f64),
    /// This many times as fast as each of these.
    Ahead(&'static [&'static str], f64),
    /// At least this part of what another subject reaches.
    Part(&'static str, f64),
    AtMost(f64),
    AtLeast(f64),
    /// The cost of one does not grow with their number: from the smallest number that is large enough to be measured to
    /// the largest it grows at most this many times.
    Flat {
        from: usize,
        times: f64,
    },
}

/// A verdict about one number, or about all of them together.
pub struct Verdict {
    pub n: Option<usize>,
    pub found: String,
    pub met: bool,
}

const PEERS: [&str; 5] = ["otp", "tokio-graceful-shutdown", "task-supervisor", "ractor", "kameo"];

const fn target(metric: &'static str, text: &'static str, rule: Rule) -> Target {
    Target { metric, text, rule }
}

pub const TARGETS: [Target; 34] = [
    target("flat.start", "at most 2 × floor", Rule::Times("floor", 2.0)),
    target("flat.start", "ahead of every peer", Rule::Ahead(&PEERS, 1.0)),
    target("flat.stop", "at most 4 × floor", Rule::Times("floor", 4.0)),
    target("flat.stop", "at most half of OTP's time", Rule::Ahead(&["otp"], 2.0)),
    target("flat.stop", "ahead of every peer", Rule::Ahead(&PEERS, 1.0)),
    target("flat.heap", "at most 1100 B", Rule::AtMost(1100.0)),
    target("deep.start", "linear: at most twice as much for each", Rule::Flat { from: 100, times: 2.0 }),
    target("deep.stop", "linear: at most twice as much for each", Rule::Flat { from: 100, times: 2.0 }),
    target("deep.stop", "at most 5 × floor", Rule::Times("floor", 5.0)),
    target("wide.stop", "3 times as fast as OTP", Rule::Ahead(&["otp"], 3.0)),
    target("stuck.stop", "at most 2 × floor", Rule::Times("floor", 2.0)),
    target("stuck.alive", "no task alive at return", Rule::AtMost(0.0)),
    target("restart", "at most 10 µs", Rule::AtMost(10.0)),
    target("restart", "independent of siblings: at most 1.5 ×", Rule::Flat { from: 1, times: 1.5 }),
    target("group.restart", "ahead of OTP", Rule::Ahead(&["otp"], 1.0)),
    target("events.one", "at least a million a second", Rule::AtLeast(1e6)),
    target("events.three", "at least a million a second", Rule::AtLeast(1e6)),
    target("proc.spawn.10MB.0", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.spawn.10MB.10000", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.spawn.4GB.0", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.spawn.4GB.10000", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.start", "at most 1.3 × floor", Rule::Times("floor", 1.3)),
    target("proc.stop", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.stop.in-turn", "at most 1.5 × floor", Rule::Times("floor", 1.5)),
    target("proc.restart", "at most 2 × floor", Rule::Times("floor", 2.0)),
    target("proc.memory", "at most 20 KiB", Rule::AtMost(20_480.0)),
    target("proc.output", "at least 0.5 × floor", Rule::Part("floor", 0.5)),
    target("proc.output.lost", "nothing lost", Rule::AtMost(0.0)),
    target("proc.output.long", "at least 0.5 × floor", Rule::Part("floor", 0.5)),
    target("proc.output.long.lost", "nothing lost", Rule::AtMost(0.0)),
    target("health.cpu.tcp", "at most 1 % of a processor", Rule::AtMost(1.0)),
    target("health.cpu.http", "at most 1 % of a processor", Rule::AtMost(1.0)),
    target("idle.tasks.wakes", "no wake-up", Rule::AtMost(0.0)),
    target("idle.processes.wakes", "no wake-up", Rule::AtMost(0.0)),
];

impl Target {
    pub fn verdicts(&self, results: &Results, subject: &str) -> Vec<Verdict> {
        let sizes = results.sizes(self.metric);
        if let Rule::Flat { from, times } = self.rule {
            return self.flat(results, subject, (from, times)).into_iter().collect();
        }
        sizes.into_iter().filter_map(|n| self.verdict(results, subject, n)).collect()
    }

    fn verdict(&self, results: &Results, subject: &str, n: usize) -> Option<Verdict> {
        let value = || results.median(self.metric, n, subject);
        let ratio = |other| results.ratio(self.metric, n, subject, other);
        let unit = || results.unit(self.metric);
        let (found, met) = match self.rule {
            Rule::Times(other, times) => {
                let ratio = ratio(other)?;
                (format!("{ratio:.2} ×"), ratio <= times)
            }
            Rule::Part(other, part) => {
                let ratio = ratio(other)?;
                (format!("{ratio:.2} ×"), ratio >= part)
            }
            Rule::Ahead(others, by) => {
                let ratios = others.iter().filter_map(|other| Some((*other, ratio(*other)?)));
                let (nearest, ratio) = ratios.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
                (format!("{ratio:.2} × {nearest}"), ratio * by <= 1.0)
            }
            Rule::AtMost(limit) => {
                (format!("{} {}", super::tables::number(value()?), unit()), value()? <= limit)
            }
            Rule::AtLeast(limit) => {
                (format!("{} {}", super::tables::number(value()?), unit()), value()? >= limit)
            }
            Rule::Flat { .. } => return None,
        };
        Some(Verdict { n: Some(n), found, met })
    }

    fn flat(&self, results: &Results, subject: &str, (from, times): (usize, f64)) -> Option<Verdict> {
        let sizes = results.sizes(self.metric);
        let smallest = sizes.iter().copied().find(|n| *n >= from)?;
        let largest = sizes.last().copied().filter(|n| *n > smallest)?;
        let value = |n| results.median(self.metric, n, subject);
        let growth = value(largest)? / value(smallest)?;
        let found = format!("{growth:.2} × from {smallest} to {largest}");
        Some(Verdict { n: None, found, met: growth <= times })
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::results;
    use super::*;

    const MEASURED: &str =
        "0 rootward m 10 3.0 us\n0 floor m 10 2.0 us\n0 otp m 10 4.0 us\n0 rootward m 100 5.0 us\n";

    fn verdict(rule: Rule) -> (String, bool) {
        let verdicts = target("m", "", rule).verdicts(&results(MEASURED), "rootward");
        let Verdict { found, met, .. } = verdicts.into_iter().next().expect("it has been measured");
        (found, met)
    }

    #[test]
    fn a_ratio_is_met_up_to_its_limit() {
        assert_eq!(verdict(Rule::Times("floor", 1.5)), ("1.50 ×".to_owned(), true));
        assert_eq!(verdict(Rule::Times("floor", 1.4)), ("1.50 ×".to_owned(), false));
        assert_eq!(verdict(Rule::Part("floor", 1.6)), ("1.50 ×".to_owned(), false));
    }

    #[test]
    fn the_nearest_subject_decides_about_being_ahead() {
        assert_eq!(verdict(Rule::Ahead(&["otp"], 1.0)), ("0.75 × otp".to_owned(), true));
        assert_eq!(verdict(Rule::Ahead(&["otp"], 2.0)), ("0.75 × otp".to_owned(), false));
        assert_eq!(verdict(Rule::Ahead(&["otp", "floor"], 1.0)), ("1.50 × floor".to_owned(), false));
    }

    #[test]
    fn what_grows_with_the_number_is_not_flat() {
        assert!(verdict(Rule::Flat { from: 10, times: 2.0 }).1);
        assert!(!verdict(Rule::Flat { from: 10, times: 1.5 }).1);
    }
}
