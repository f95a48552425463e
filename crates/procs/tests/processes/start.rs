//! How a program is started, and what becomes of one that cannot be.

use rootward_core::{Exit, Supervisor};
use rootward_procs::{Output, Process};

use crate::given::{script, shell, tree};

#[tokio::test]
async fn a_process_that_runs_has_started() {
    let mut given = script("read -r line < /dev/null; kill -STOP $$");

    let pid = given.started().await;

    assert!(crate::given::is_alive(pid));
}

#[tokio::test]
async fn a_process_that_ends_by_itself_is_reported_with_its_code() {
    assert_eq!(script("exit 7").exit().await, Exit::Code(7));
}

#[tokio::test]
async fn a_process_that_another_process_kills_is_reported_with_the_signal() {
    let exit = script("kill -USR1 $$").exit().await;

    assert_eq!(
        exit,
        Exit::Signal { name: "SIGUSR1".into(), number: 10, core_dumped: false, out_of_memory: false }
    );
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    // A directory that may not be searched would be another answer.
    let program = Process::new("no-such-program-anywhere").env("PATH", "/bin:/usr/bin");
    let given = tree([program.into_child("child")]);

    assert_eq!(given.start_error().await, "the program `no-such-program-anywhere` was not found");
}

#[tokio::test]
async fn a_file_that_is_not_executable_is_named() {
    let given = tree([Process::new("/etc/passwd").into_child("child")]);

    let error = given.start_error().await;

    assert_eq!(
        error,
        "`/etc/passwd` is not executable, it has no permission to be executed: Permission denied (os error 13)"
    );
}

#[tokio::test]
async fn a_script_whose_interpreter_is_missing_is_told_from_a_missing_program() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("script");
    std::fs::write(&path, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let given = tree([Process::new("./script").current_dir(dir.path()).into_child("child")]);

    let error = given.start_error().await;

    assert_eq!(error, "the interpreter \"/no/such/interpreter\" of `./script` was not found");
}

#[tokio::test]
async fn a_missing_working_directory_is_told_from_a_missing_program() {
    let given = tree([Process::new("/bin/true").current_dir("/no/such/place").into_child("child")]);

    let error = given.start_error().await;

    assert_eq!(
        error,
        "the working directory `/no/such/place` cannot be entered: No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn a_relative_program_is_found_from_the_working_directory_of_the_process() {
    let mut given =
        tree([Process::new("./sh").args(["-c", "exit 3"]).current_dir("/bin").into_child("child")]);

    assert_eq!(given.exit().await, Exit::Code(3));
}

#[tokio::test]
async fn a_process_gets_its_arguments_environment_and_directory() {
    let process =
        shell("echo \"$A $B $(pwd) $0\"").arg("zero").env("A", "1").env("B", "2 3").current_dir("/usr");

    assert_eq!(tree([process.into_child("child")]).line().await, "1 2 3 /usr zero");
}

#[tokio::test]
async fn arguments_and_variables_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let process = shell("printf %s \"$1$A\" | od -An -tx1").arg("zero").arg(bytes).env("A", bytes);

    assert_eq!(tree([process.into_child("child")]).line().await.trim(), "ff fe ff fe");
}

#[tokio::test]
async fn a_cleared_environment_holds_only_what_was_added() {
    let process = Process::new("env").env("LOST", "1").env_clear().env("KEPT", "1").into_child("child");

    assert_eq!(tree([process]).lines().await, ["KEPT=1"]);
}

#[tokio::test]
async fn outputs_that_are_not_captured_make_no_events() {
    let process = shell("echo out; echo err >&2").stdout(Output::Null).into_child("child");

    assert_eq!(tree([process]).lines().await, ["err"]);
}

#[tokio::test]
async fn standard_error_may_be_standard_output_and_their_order_is_kept() {
    let numbers: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let script = "i=0; while test $i -lt 200; do echo $i; echo $((i + 1)) >&2; i=$((i + 2)); done";

    let merged = shell(script).stderr_to_stdout().stderr(Output::Null).into_child("child");
    assert_eq!(tree([merged]).lines().await, numbers);

    let nowhere = shell(script).stdout(Output::Null).stderr_to_stdout().into_child("child");
    assert!(tree([nowhere]).lines().await.is_empty());
}

#[test]
fn a_description_that_makes_no_sense_is_refused_with_the_childs_path() {
    let root = Supervisor::new("root").child(Process::new("a\0b").into_child("child"));

    let error = root.into_tree().unwrap_err();

    assert_eq!(error.to_string(), "`root/child`: the program \"a\\0b\" holds a NUL byte");
}
