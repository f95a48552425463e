//! How it is found out while a process runs whether it is healthy: `health`.

use rootward::process::Health;

use super::error::{FileError, Problem};
use super::section::{Field, Keys, TableSection};
use super::{command, ready};

const HEALTH: Keys = Keys {
    of: "health",
    known: &[
        "tcp",
        "unix",
        "http",
        "path",
        "exec",
        "watchdog",
        "status",
        "headers",
        "any_owner",
        "interval",
        "timeout",
        "threshold",
        "start_period",
    ],
    not_yet: &[],
};

const WAYS: [&str; 6] = ["tcp", "unix", "http", "path", "exec", "watchdog"];

/// Keys that belong to some ways only.
const PARTS: [(&str, &[&str]); 6] = [
    ("status", &["http"]),
    ("headers", &["http"]),
    ("any_owner", &["tcp", "unix", "http"]),
    ("interval", &["tcp", "unix", "http", "path", "exec"]),
    ("timeout", &["tcp", "unix", "http", "path", "exec"]),
    ("threshold", &["tcp", "unix", "http", "path", "exec"]),
];

pub(super) fn read(process: &TableSection<'_>) -> Result<Option<Health>, FileError> {
    let Some(field) = process.field("health") else { return Ok(None) };
    let section = field.section(&HEALTH)?;
    let found: Vec<_> = WAYS.iter().filter_map(|way| Some((*way, section.field(way)?))).collect();
    let [(way, value)] = &found[..] else {
        return Err(field.error(Problem::NotOneHealth { ways: &WAYS, found: found.len() }));
    };
    for (key, ways) in PARTS {
        if let Some(stray) = section.field(key).filter(|_| !ways.contains(way)) {
            return Err(stray.error(Problem::Needs { needs: ways[0] }));
        }
    }
    let mut health = match *way {
        "tcp" => Health::tcp(ready::read_address(value)?),
        "unix" => Health::unix(value.system_text()?),
        "http" => Health::http(ready::read_get(&section, value)?),
        "path" => Health::path(value.system_text()?),
        "watchdog" => Health::watchdog(value.positive_duration()?),
        _ => Health::command(command::read(value)?),
    };
    if section.or("any_owner", false, Field::flag)? {
        health = health.any_owner();
    }
    if let Some(interval) = section.field("interval") {
        health = health.interval(interval.positive_duration()?);
    }
    if let Some(timeout) = section.field("timeout") {
        health = health.timeout(timeout.positive_duration()?);
    }
    if let Some(threshold) = section.field("threshold") {
        let count = threshold.count().ok();
        let count =
            count.filter(|count| *count > 0).ok_or_else(|| threshold.expected("a count of at least 1"))?;
        health = health.threshold(count);
    }
    if let Some(period) = section.field("start_period") {
        health = health.start_period(period.duration()?);
    }
    Ok(Some(health))
}
