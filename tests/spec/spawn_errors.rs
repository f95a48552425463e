//! Programs that cannot be started.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal as Sent;
use rootward::Supervisor;
use rootward::error::{SpecProblem, StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::process::{LaunchError, Process, Stdin};
use rootward::report::Ending;

use crate::support::{cause_of, fixture, given, identity_of, launched, obedient};

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let error = start_error(Process::new("/nowhere/to/be/found")).await;

    assert!(matches!(spawn_error(&error), LaunchError::ProgramNotFound { .. }), "{error}");
    assert_eq!(error.describe(), "failed to start root/a: the program `/nowhere/to/be/found` was not found");
}

#[tokio::test]
async fn a_name_is_looked_for_in_the_path_that_the_process_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let named = || Process::new("rootward-test-program").env("PATH", directory.path());

    let error = start_error(named()).await;
    assert!(matches!(spawn_error(&error), LaunchError::ProgramNotFound { .. }), "{error}");
    symlink(env!("CARGO_BIN_EXE_runs_forever"), directory.path().join("rootward-test-program")).unwrap();

    let (tree, _log) = given(Supervisor::new("root").child(named().into_child("a"))).await;
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_file_without_execute_permission_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();

    let error = start_error(Process::new(file.path())).await;

    assert!(matches!(spawn_error(&error), LaunchError::NotExecutable { .. }), "{error}");
    assert!(error.describe().contains(&*file.path().to_string_lossy()), "{}", error.describe());
}

#[tokio::test]
async fn a_directory_is_not_executable() {
    let directory = tempfile::tempdir().unwrap();

    let error = start_error(Process::new(directory.path())).await;

    assert!(matches!(spawn_error(&error), LaunchError::NotExecutable { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_program_is_not_executable() {
    let error = start_error(Process::new(checked_in("not_a_program"))).await;

    assert!(matches!(spawn_error(&error), LaunchError::NotExecutable { .. }), "{error}");
}

#[tokio::test]
async fn a_script_without_its_interpreter_is_told_from_a_program_that_does_not_exist() {
    let error = start_error(Process::new(checked_in("wants_an_interpreter"))).await;

    assert!(matches!(spawn_error(&error), LaunchError::InterpreterNotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_working_directory_that_does_not_exist_is_named_and_not_the_program() {
    let error = start_error(fixture!("runs_forever").current_dir("/nowhere/to/be/found")).await;

    assert!(matches!(spawn_error(&error), LaunchError::WorkingDirectory { .. }), "{error}");
    let expected = "failed to start root/a: the working directory `/nowhere/to/be/found` cannot be entered: ";
    assert!(error.describe().starts_with(expected), "{}", error.describe());
}

#[tokio::test]
async fn a_working_directory_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();

    let error = start_error(fixture!("runs_forever").current_dir(file.path())).await;

    assert!(matches!(spawn_error(&error), LaunchError::WorkingDirectory { .. }), "{error}");
}

/// P8.
#[tokio::test]
async fn an_input_that_is_not_there_is_named() {
    let error = start_error(fixture!("runs_forever").stdin(Stdin::File("/nowhere/to/be/found".into()))).await;

    assert!(matches!(spawn_error(&error), LaunchError::Input { .. }), "{error}");
    assert!(error.describe().contains("`/nowhere/to/be/found`"), "{}", error.describe());
}

#[tokio::test]
async fn what_no_program_could_be_told_is_refused_before_anything_is_started() {
    let wrong = [
        (Process::new(""), "the program is empty"),
        (fixture!("runs_forever").arg("a\0b"), r#"the argument "a\0b" holds a NUL byte"#),
        (fixture!("runs_forever").env("A=B", "c"), r#""A=B" is not a name for an environment variable"#),
    ];

    for (process, problem) in wrong {
        let root = Supervisor::new("root").child(obedient("first")).child(process.into_child("a"));
        let error = root.start().await.unwrap_err();

        let TreeStartError::Spec(error) = error else { panic!("something was started: {error}") };
        assert_eq!((error.path.as_str(), error.problem), ("root/a", SpecProblem::Child(problem.into())));
    }
}

#[tokio::test]
async fn a_program_that_vanishes_uses_up_the_restarts_and_is_no_exit() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("program");
    symlink(env!("CARGO_BIN_EXE_runs_forever"), &link).unwrap();
    let a = Process::new(&link).retry_start(Duration::ZERO).into_child("a");
    let (tree, mut log) = given(Supervisor::new("root").intensity(3, HOUR).child(a)).await;
    let process = identity_of(&*log.wait_for_event("a", "started").await);

    fs::remove_file(link).unwrap();
    process.signal(Sent::SIGKILL);

    let report = tree.wait().await;
    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    let record = log.until_the_end().await;
    assert_eq!((record.count("a", "exited"), record.count("a", "start_failed")), (1, 3));
}

const HOUR: Duration = Duration::from_secs(3600);

/// Why a tree with this one process cannot be started.
async fn start_error(process: Process) -> StartError {
    let (tree, log) = launched(Supervisor::new("root").child(process.into_child("a")));
    let Err(TreeStartError::Start { error, report }) = tree.started().await else { panic!("it has started") };
    assert_eq!(report.ending, Ending::Failed);
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "start_failed"]);
    error
}

fn spawn_error(error: &StartError) -> &LaunchError {
    cause_of(error).unwrap_or_else(|| panic!("there is no spawn error in {error:?}"))
}

fn checked_in(name: &str) -> impl AsRef<Path> + Into<std::ffi::OsString> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}
