//! Pure: what is known of a child beyond what it is doing, and why it does that, line by line.

use rootward_observer::wire::{Child, Usage, Why};

use super::text::{brief, safe};

/// What a process tells beyond what it is doing.
pub(crate) fn details(child: &Child, now: f64) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(readiness) = &child.readiness {
        let left =
            readiness.until.map_or_else(String::new, |until| format!(" · {} left", brief(until - now)));
        lines.push(format!("is ready with {}{left}", safe(&readiness.awaits)));
        lines.extend(readiness.last_miss.as_ref().map(|miss| format!("the last look found: {}", safe(miss))));
    }
    if let Some(health) = &child.health {
        let checks = health.checks.as_ref().map_or_else(String::new, |checks| format!(" · {}", safe(checks)));
        lines.push(match (health.failures, health.threshold) {
            (0, _) => format!("healthy{checks}"),
            (failures, Some(threshold)) => format!("unhealthy, {failures} of {threshold} misses{checks}"),
            (failures, None) => format!("unhealthy, {failures} misses{checks}"),
        });
        lines.extend(health.error.as_ref().map(|error| format!("the last check: {}", safe(error))));
    }
    lines.extend(child.said.as_ref().map(|said| format!("says: {}", safe(said))));
    lines.extend(child.reloading.then(|| "reads its configuration again".to_owned()));
    if let Some(step) = &child.stop_step {
        let next =
            step.next.map_or_else(String::new, |next| format!(" · next step in {}", brief(next - now)));
        lines.push(format!("asked with {}{next}", safe(&step.with)));
    }
    lines
}

/// What a process uses, with all that it has started.
pub(crate) fn usage(usage: &Usage) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a time of centuries")]
    let cpu = usage.cpu_ms as f64 / 1e3;
    let mut parts = vec![
        format!("uses {} of processor time", brief(cpu)),
        format!("{} of memory", bytes(usage.memory)),
        counted(usage.processes.into(), "process", "processes"),
        counted(usage.threads.into(), "thread", "threads"),
    ];
    parts.extend((usage.stopped > 0).then(|| format!("{} stopped", usage.stopped)));
    parts.extend(usage.descriptors.map(|count| counted(count, "descriptor", "descriptors")));
    parts.extend(usage.read.map(|read| format!("{} read", bytes(read))));
    parts.extend(usage.written.map(|written| format!("{} written", bytes(written))));
    parts.join(" · ")
}

/// What a child waits for.
pub(crate) fn waits(why: &Why, now: f64) -> Vec<String> {
    why.waits_for.iter().map(|wait| format!("waits for {}{}", safe(&wait.says), due(wait.at, now))).collect()
}

/// What has led to the state of a child, counted back from now.
pub(crate) fn because(why: &Why, now: f64) -> Vec<String> {
    let reasons = why.because.iter().map(|reason| {
        let says = if reason.says.is_empty() { String::new() } else { format!(": {}", safe(&reason.says)) };
        let ago = brief(now - reason.at);
        format!("{ago:>6} ago  {} {}{says}", safe(&reason.path), reason.event)
    });
    let known: Vec<String> = reasons.collect();
    if known.is_empty() { vec!["No event has told why yet.".to_owned()] } else { known }
}

/// What time, or an end, would bring, if the machine of the supervisor has said so.
pub(crate) fn changes(why: &Why, now: f64) -> Vec<String> {
    let changes = why.changed_by.iter().filter(|_| why.decided.is_some());
    let changes = changes.filter(|change| matches!(&*change.what, "due" | "end" | "failure" | "success"));
    changes.map(|change| format!("after {}{}", safe(&change.says), due(change.at, now))).collect()
}

fn due(at: Option<f64>, now: f64) -> String {
    match at.map(|at| at - now) {
        Some(left) if left > 0.0 => format!(", in {}", brief(left)),
        Some(_) => ", now".to_owned(),
        None => String::new(),
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A number of bytes, in the unit that makes it short.
pub(crate) fn bytes(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(size, _)| bytes >= *size) {
        #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
        Some((size, unit)) => format!("{:.1} {unit}", bytes as f64 / *size as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::{HealthFindings, Readiness, StopStep};

    use super::*;
    use crate::terminal::samples::up;

    #[test]
    fn what_is_not_known_is_not_said() {
        let child = up().model().find("root/front/flaky").unwrap().clone();

        assert!(details(&child, 9.0).is_empty());
    }

    #[test]
    fn what_a_process_tells_is_said_line_by_line() {
        let mut child = up().model().find("root/front/flaky").unwrap().clone();
        child.readiness = Some(Box::new(Readiness {
            awaits: "a listener at 127.0.0.1:80".to_owned(),
            until: Some(12.0),
            last_miss: Some("connection refused".to_owned()),
        }));
        child.health = Some(Box::new(HealthFindings {
            checks: Some("`true` to succeed".to_owned()),
            failures: 2,
            threshold: Some(3),
            error: Some("exit code 1".to_owned()),
        }));
        (child.said, child.reloading) = (Some("17 clients\u{1b}".to_owned()), true);
        child.stop_step = Some(Box::new(StopStep { with: "SIGINT".to_owned(), next: Some(10.5) }));

        let expected = [
            "is ready with a listener at 127.0.0.1:80 · 3.0s left",
            "the last look found: connection refused",
            "unhealthy, 2 of 3 misses · `true` to succeed",
            "the last check: exit code 1",
            "says: 17 clients\u{fffd}",
            "reads its configuration again",
            "asked with SIGINT · next step in 1.5s",
        ];
        assert_eq!(details(&child, 9.0), expected);
    }

    #[test]
    fn usage_is_said_in_units_that_make_it_short() {
        let used = Usage {
            cpu_ms: 1234,
            memory: 3 << 20,
            processes: 1,
            stopped: 0,
            threads: 2,
            descriptors: Some(9),
            read: None,
            written: Some(1536),
        };

        let said = "uses 1.2s of processor time · 3.0 MiB of memory · 1 process · 2 threads · 9 descriptors · \
                    1.5 KiB written";
        assert_eq!(usage(&used), said);
    }
}
