//! The `backoff` of a child: how long its restarts are put off.

use rootward::Backoff;

use super::error::{FileError, Problem};
use super::section::{Field, Keys};

const BACKOFF: Keys = Keys { of: "a backoff", known: &["initial", "max", "factor", "jitter"], not_yet: &[] };

pub(super) fn read(field: &Field<'_>) -> Result<Backoff, FileError> {
    let section = field.section(&BACKOFF)?;
    let initial = section.required("initial", "it says how long the first restart is put off")?.duration()?;
    let longest = section.required("max", "it says how long a restart is put off at most")?;
    let max = longest.duration()?;
    if max < initial {
        return Err(longest.error(Problem::MaxBelowInitial));
    }
    let default = Backoff::new(initial, max);
    let factor = section.or("factor", default.factor, |field| {
        field.fraction("a number that is at least 1", |factor| factor.is_finite() && factor >= 1.0)
    })?;
    let jitter = section.or("jitter", default.jitter, |field| {
        field.fraction("a number from 0 to 1", |jitter| (0.0..=1.0).contains(&jitter))
    })?;
    Ok(default.factor(factor).jitter(jitter))
}
