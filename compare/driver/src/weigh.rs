//! What each program weighs: lines, crates, and the time of a clean build.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::programs::{PROGRAMS, Program};

/// The table of weights. With `builds` of 0 the builds are left out.
///
/// # Errors
///
/// If cargo cannot be run or fails, or a source cannot be read.
pub fn weigh(workspace: &Path, builds: usize) -> io::Result<String> {
    let mut text =
        String::from("| library | lines of user code | crates in the tree | clean debug build |\n");
    text.push_str("| --- | --- | --- | --- |\n");
    // One after the other and not each program by itself, so that noise is spread over all of them.
    let mut seconds = vec![Vec::new(); PROGRAMS.len()];
    for _ in 0..builds {
        for (program, seconds) in PROGRAMS.iter().zip(&mut seconds).filter(|(program, _)| !program.variant) {
            let took = build(workspace, program)?;
            eprintln!("{}: {took:.1} s", program.library);
            seconds.push(took);
        }
    }
    for (program, seconds) in PROGRAMS.iter().zip(&mut seconds) {
        seconds.sort_by(f64::total_cmp);
        let build = match seconds.as_slice() {
            [] => "–".into(),
            [only] => format!("{only:.0} s"),
            [least, most] => format!("{least:.0}–{most:.0} s"),
            [least, .., most] => format!("{:.0} s ({least:.0}–{most:.0})", seconds[seconds.len() / 2]),
        };
        let (lines, crates) = (lines(workspace, program)?, crates(workspace, program)?);
        let _ = writeln!(text, "| {} | {lines} | {crates} | {build} |", program.library);
    }
    Ok(text)
}

fn lines(workspace: &Path, program: &Program) -> io::Result<usize> {
    let main = workspace.join("programs").join(program.library).join("src/main.rs");
    let shared = program.shared.iter().map(|file| workspace.join("shared").join(file));
    std::iter::once(main).chain(shared).map(|file| Ok(code_lines(&fs::read_to_string(file)?))).sum()
}

/// Lines that are neither empty nor nothing but a comment.
fn code_lines(source: &str) -> usize {
    let code = source.lines().map(str::trim);
    code.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The crates that `cargo tree -e normal --prefix none` lists, each once, without the program itself.
fn crates(workspace: &Path, program: &Program) -> io::Result<usize> {
    let output = cargo(workspace)
        .args(["tree", "--package", &program.package(), "-e", "normal", "--prefix", "none"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("cargo tree failed"));
    }
    Ok(distinct(&String::from_utf8_lossy(&output.stdout)) - 1)
}

/// Distinct crates of a tree. A crate that was shown before has a mark.
fn distinct(tree: &str) -> usize {
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)").trim());
    lines.filter(|line| !line.is_empty()).collect::<std::collections::BTreeSet<_>>().len()
}

fn build(workspace: &Path, program: &Program) -> io::Result<f64> {
    let target = workspace.join("target/weigh");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let begun = Instant::now();
    let status = cargo(workspace)
        .args(["build", "--quiet", "--locked", "--package", &program.package()])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_BUILD_JOBS", "2")
        .status()?;
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(io::Error::other("cargo build failed"));
    }
    fs::remove_dir_all(&target)?;
    Ok(seconds)
}

fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace).stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_no_code() {
        assert_eq!(code_lines("//! What it is.\n\nfn main() {\n    // why\n    go(); // here\n}\n"), 3);
    }

    #[test]
    fn a_crate_that_is_shown_twice_is_one() {
        assert_eq!(distinct("a v1.0.0\nb v1.0.0\n\nb v1.0.0 (*)\nb v2.0.0\n"), 3);
    }

    #[test]
    fn every_file_that_is_counted_is_there() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();

        for program in &PROGRAMS {
            assert!(lines(workspace, program).unwrap() > 10, "{}", program.library);
        }
    }

    #[test]
    fn a_program_includes_exactly_what_is_counted_for_it() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();

        for program in &PROGRAMS {
            let main = workspace.join("programs").join(program.library).join("src/main.rs");
            let main = fs::read_to_string(main).unwrap();
            for file in ["process.rs", "run_process.rs", "limit.rs"] {
                let included = main.contains(&format!("shared/{file}\""));
                assert_eq!(included, program.shared.contains(&file), "{} {file}", program.library);
            }
        }
    }
}
