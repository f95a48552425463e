//! As whom a process runs, and within which limits: `user`, `limits` and their like.

use rootward::process::Limit;

use super::error::FileError;
use super::model::Attributes;
use super::section::{Field, Keys, TableSection, unknown_name};
use super::value::What;

const SOFT_AND_HARD: Keys = Keys { of: "a limit", known: &["soft", "hard"], not_yet: &[] };

/// Reads the keys of a process.
pub(super) fn read(process: &TableSection<'_>) -> Result<Attributes, FileError> {
    Ok(Attributes {
        user: process.or("user", None, |user| name(user).map(Some))?,
        group: process.or("group", None, |group| name(group).map(Some))?,
        groups: process.or("supplementary_groups", None, |groups| {
            groups.list()?.iter().map(name).collect::<Result<_, _>>().map(Some)
        })?,
        limits: process.or("limits", Vec::new(), read_limits)?,
        umask: process.or("umask", None, |mask| read_mask(mask).map(Some))?,
        nice: process.or("nice", None, |nice| {
            whole_number(nice, "a whole number from -20 to 19", |it| (-20..=19).contains(it)).map(Some)
        })?,
        cpus: process.or("cpus", None, |cpus| read_cpus(cpus).map(Some))?,
        oom_score: process.or("oom_score_adjust", None, |score| {
            let expected = "a whole number from -1000 to 1000";
            whole_number(score, expected, |it| (-1000..=1000).contains(it)).map(Some)
        })?,
        session: process.or("session", false, Field::flag)?,
        capabilities: process.or("capabilities", None, |names| {
            let names = names.list()?;
            names.iter().map(|name| name.system_text().map(str::to_owned)).collect::<Result<_, _>>().map(Some)
        })?,
        no_new_privs: process.or("no_new_privs", false, Field::flag)?,
    })
}

/// A user or a group: a name, or a number with or without quotes.
fn name(field: &Field<'_>) -> Result<String, FileError> {
    match &field.value().what {
        What::Number(_) => field.count().map(|number| number.to_string()),
        What::Text(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => {
            field.system_text().map(str::to_owned)
        }
    }
}

fn read_limits(field: &Field<'_>) -> Result<Vec<(Limit, [u64; 2])>, FileError> {
    let mut limits = Vec::new();
    for (key, value) in field.members()? {
        let limit = Limit::ALL.into_iter().find(|limit| limit.name() == key);
        let limit = limit
            .ok_or_else(|| value.error(unknown_name(key, Limit::ALL.iter().map(|limit| limit.name()))))?;
        let both = match &value.value().what {
            What::Table(_) => {
                let table = value.section(&SOFT_AND_HARD)?;
                let why = "a limit is a number, \"unlimited\", or a table with soft and hard";
                [amount(&table.required("soft", why)?)?, amount(&table.required("hard", why)?)?]
            }
            What::Text(_) | What::Number(_) | What::Flag(_) | What::List(_) | What::DateTime | What::Null => {
                [amount(&value)?; 2]
            }
        };
        limits.push((limit, both));
    }
    Ok(limits)
}

fn amount(field: &Field<'_>) -> Result<u64, FileError> {
    let amount = match &field.value().what {
        What::Number(number) => number.parse().ok(),
        What::Text(text) if text == "unlimited" => Some(Limit::UNLIMITED),
        What::Text(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => None,
    };
    amount.ok_or_else(|| field.expected("a whole number, or \"unlimited\""))
}

fn read_mask(field: &Field<'_>) -> Result<u32, FileError> {
    let expected = "a file mode mask in quotes, as octal digits such as \"0027\"";
    let text = field.text().map_err(|_| field.expected(expected))?;
    // A sign would be read as part of the number.
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let mask = digits.and_then(|text| u32::from_str_radix(text, 8).ok()).filter(|mask| *mask <= 0o777);
    mask.ok_or_else(|| field.expected(expected))
}

fn read_cpus(field: &Field<'_>) -> Result<Vec<usize>, FileError> {
    let expected = "a list of processors, such as [0, 1]";
    let cpus = field.list().map_err(|_| field.expected(expected))?;
    if cpus.is_empty() {
        return Err(field.expected(expected));
    }
    let number = |cpu: &Field<'_>| {
        let number = whole_number(cpu, "a processor's number from 0 to 1023", |it| (0..1024).contains(it))?;
        Ok(usize::try_from(number).unwrap_or_default())
    };
    cpus.iter().map(number).collect()
}

fn whole_number(
    field: &Field<'_>,
    expected: &'static str,
    is_valid: impl FnOnce(&i32) -> bool,
) -> Result<i32, FileError> {
    let number = match &field.value().what {
        What::Number(number) => number.parse().ok().filter(is_valid),
        What::Text(_) | What::Flag(_) | What::List(_) | What::Table(_) | What::DateTime | What::Null => None,
    };
    number.ok_or_else(|| field.expected(expected))
}
