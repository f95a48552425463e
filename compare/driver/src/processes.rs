//! Which processes of a run are there. They are found twice: by what they have said in the log, and by the mark that
//! every descendant inherits in its environment.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::log::Born;

/// The processes of a run that live, with their times of birth and names. The program itself is not among them.
pub fn alive(mark: &str, said: &[Born], program: u32) -> BTreeMap<i32, (u64, String)> {
    let mut found = BTreeMap::new();
    let marked = fs::read_dir("/proc").into_iter().flatten().flatten();
    let marked = marked.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for pid in marked.filter(|pid| has_mark(*pid, mark)) {
        if let Some(status) = status(pid) {
            found.insert(pid, status);
        }
    }
    for born in said {
        if let Some((birth, name)) = status(born.pid).filter(|(birth, _)| *birth == born.birth) {
            found.insert(born.pid, (birth, name));
        }
    }
    found.remove(&program.cast_signed());
    found
}

/// Kills a process, provided that it is still the one that was born then.
pub fn end(pid: i32, birth: u64) {
    if status(pid).is_some_and(|(now, _)| now == birth) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

fn has_mark(pid: i32, mark: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.windows(mark.len()).any(|window| window == mark.as_bytes())
}

/// Birth and name of a process that is there and no zombie.
fn status(pid: i32) -> Option<(u64, String)> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(stat: &str) -> Option<(u64, String)> {
    // A name may have brackets and spaces in it.
    let (before, after) = stat.rsplit_once(") ")?;
    let name = before.split_once('(')?.1;
    let mut fields = after.split(' ');
    let state = fields.next()?;
    let birth = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then(|| (birth, name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "1 17 17 0 -1 4194304 90 0 0 0 0 0 0 0 20 0 1 0 4711 2600960 200";

    #[test]
    fn a_name_may_have_brackets_in_it() {
        assert_eq!(parse(&format!("17 (a) b) S {FIELDS}")), Some((4711, "a) b".into())));
    }

    #[test]
    fn a_zombie_is_not_there() {
        assert_eq!(parse(&format!("17 (store) Z {FIELDS}")), None);
    }

    #[test]
    fn this_process_is_there_and_is_known_by_its_birth() {
        let me = std::process::id().cast_signed();
        let (birth, _) = status(me).unwrap();

        let found = alive("a mark that no environment has", &[Born { pid: me, birth }], 0);
        let other = alive("a mark that no environment has", &[Born { pid: me, birth: birth + 1 }], 0);

        assert!(found.contains_key(&me));
        assert!(other.is_empty());
    }
}
