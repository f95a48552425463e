//! The counts that stand in the repository: a line each, and the compiler with which they were taken.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Instructions a unit, by way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) compiler: Compiler,
    pub(crate) counts: Vec<(String, u64)>,
}

/// What made the program, as far as counts depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// Such as `1.95.0`.
    pub(crate) release: String,
    /// Such as `x86_64`.
    pub(crate) machine: String,
}

impl Compiler {
    /// The one that is called by `cargo` here.
    pub(crate) fn current() -> Result<Self, String> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).arg("-vV").output();
        let output = output.map_err(|error| format!("rustc cannot be asked for its version: {error}"))?;
        let told = String::from_utf8_lossy(&output.stdout);
        let release = told.lines().find_map(|line| line.strip_prefix("release: "));
        let release = release.ok_or("rustc does not say which release it is")?.to_owned();
        Ok(Self { release, machine: std::env::consts::ARCH.to_owned() })
    }
}

impl Counts {
    pub(crate) fn read() -> Result<Self, String> {
        let path = path();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|line| format!("{}: what is this? {line}", path.display()))
    }

    pub(crate) fn write(&self) -> Result<(), String> {
        let path = path();
        std::fs::write(&path, self.to_string()).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn of(&self, way: &str) -> Option<u64> {
        self.counts.iter().find(|(name, _)| name == way).map(|(_, count)| *count)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut compiler = Compiler { release: String::new(), machine: String::new() };
        let mut counts = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["rustc", release] => compiler.release = release.to_owned(),
                ["machine", machine] => compiler.machine = machine.to_owned(),
                [way, count] => counts.push((way.to_owned(), count.parse().map_err(|_| line.to_owned())?)),
                _ => return Err(line.to_owned()),
            }
        }
        Ok(Self { compiler, counts })
    }
}

/// As it stands in the repository.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Instructions for each child, supervisor or restart. To record them anew:")?;
        writeln!(f, "#     cargo run --release --locked -p rootward-counts -- record")?;
        writeln!(f, "rustc          {}", self.compiler.release)?;
        writeln!(f, "machine        {}", self.compiler.machine)?;
        for (way, count) in &self.counts {
            writeln!(f, "{way:<14} {count:>6}")?;
        }
        Ok(())
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let compiler = Compiler { release: "1.95.0".into(), machine: "x86_64".into() };
        let counts = Counts {
            compiler,
            counts: vec![("start".into(), 7), ("a.long.name.of.a.way".into(), 1_234_567)],
        };

        assert_eq!(Counts::parse(&counts.to_string()), Ok(counts));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_shown() {
        assert_eq!(Counts::parse("rustc 1.0.0\nstart many"), Err("start many".into()));
        assert_eq!(Counts::parse("start 1 2"), Err("start 1 2".into()));
    }
}
