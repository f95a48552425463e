//! What the compiler says of programs that do not compile, in the words that the library gives it.
//!
//! The programs stand in `tests/compile_fail`. The compiler of this build reads them with the library of this build.
//! Absent on purpose: the compiler's own words, which differ from version to version.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs};

/// What a compiler says if a library is not of this build.
const OF_ANOTHER_BUILD: [&str; 5] = ["E0460", "E0462", "E0463", "E0464", "E0514"];

#[test]
fn everything_that_a_task_may_return_compiles() {
    let Some(compiler) = compiler() else { return };
    let said = compile(&compiler, "returns_what_it_may");

    assert!(said.is_empty(), "{said}");
}

#[test]
fn a_task_that_returns_another_type_is_told_what_it_may_return() {
    let Some(compiler) = compiler() else { return };
    for (program, returned) in [
        ("returns_a_number", "`{integer}`"),
        ("returns_a_value_in_a_result", "`Vec<u8>`"),
        ("spawns_what_returns_a_text", "`&str`"),
        ("blocks_and_returns_a_vector", "`Vec<{integer}>`"),
    ] {
        let said = compile(&compiler, program);

        for words in [
            "a task cannot return",
            "return `()`, `Result<(), E>`, `Exit` or `!` here",
            "`E` has to convert into `Box<dyn Error + Send + Sync>`",
            "what a task computes is handed over by `TaskSupervisor::run`, or by a channel",
        ] {
            assert!(said.contains(words), "{program}: the compiler does not say {words:?}, but\n{said}");
        }
        // How the compiler writes down a type is its own affair, but for these, which have been the same for years.
        assert!(
            said.contains(&returned[1..returned.len() - 1]),
            "{program}: {returned} is missing in\n{said}"
        );
    }
}

/// The compiler with which this was built. A user that runs the finished test by hand need not have one.
#[expect(clippy::print_stdout, reason = "a reader of the test's output wants to know")]
fn compiler() -> Option<OsString> {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let can_run = Command::new(&compiler).arg("--version").output().is_ok_and(|ended| ended.status.success());
    assert!(can_run || env::var_os("CARGO").is_none(), "cargo runs this, and {compiler:?} cannot be run");
    if !can_run {
        println!("nothing to show here: this user has no compiler");
    }
    can_run.then_some(compiler)
}

/// Compiles a program, and returns what the compiler says.
fn compile(compiler: &OsStr, program: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("compile_fail").join(format!("{program}.rs"));
    let directory =
        env::current_exe().expect("a test is a file").parent().expect("in a directory").to_owned();
    let output = tempfile::tempdir().expect("there is room for an empty file");
    let libraries = libraries(&directory);
    assert!(!libraries.is_empty(), "no library of this build is in {}", directory.display());
    for library in &libraries {
        let mut named = OsString::from("rootward=");
        named.push(library);
        let ended = Command::new(compiler)
            .args(["--edition", "2024", "--emit", "metadata", "--crate-type", "bin", "--out-dir"])
            .arg(output.path())
            .arg("--extern")
            .arg(named)
            .arg("-L")
            .arg(&directory)
            .arg(&source)
            .output()
            .expect("the compiler can be run");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.success(), said.is_empty(), "{said}");
        if !OF_ANOTHER_BUILD.iter().any(|code| said.contains(code)) {
            return said;
        }
    }
    panic!("the compiler can use none of {libraries:?}");
}

/// The builds of the library that lie beside this test, the newest first: other features leave others there.
fn libraries(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).expect("a build directory can be read");
    let mut found: Vec<(SystemTime, PathBuf)> = files
        .filter_map(|file| {
            let path = file.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let is_one = name.starts_with("librootward-") && name.ends_with(".rlib");
            is_one.then(|| Some((path.metadata().ok()?.modified().ok()?, path.clone())))?
        })
        .collect();
    found.sort();
    found.reverse();
    found.into_iter().map(|(_, path)| path).collect()
}
