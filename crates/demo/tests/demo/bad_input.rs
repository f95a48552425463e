//! Command lines and tree files that make no sense: status 2, a clear message, and nothing started.

use std::process::{Command, Output, Stdio};

use crate::support::{InTime as _, Temp, tree};

fn demo(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.args(args).stdin(Stdio::null()).output_in_time()
}

/// Runs the demo, which has to refuse what it is given, and returns what it says.
fn refused(args: &[&str]) -> String {
    let output = demo(args);
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");

    assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
    assert!(output.stdout.is_empty(), "{args:?} wrote to standard output");
    assert!(message.starts_with("error: "), "{args:?}: {message}");
    assert!(!message.contains("panicked"), "{args:?}: {message}");
    message
}

#[test]
fn a_bad_tree_file_is_refused_with_file_line_child_and_key_and_the_line_itself() {
    let temp = Temp::new();
    let file = temp.write("web.toml", "id = 'root'\n[[children]]\nid = 'web'\nprocess = { command = [] }\n");
    let file = file.to_str().unwrap();

    for command in ["run", "check"] {
        let message = refused(&[command, file]);

        let (said, lines) = message.split_once('\n').unwrap();
        assert!(said.contains("web.toml:4: root/web: process.command: the command is empty"), "{message}");
        let expected = "  |\n4 | process = { command = [] }\n  |                       ^^\n";
        assert_eq!(lines, expected, "{message}");
    }
}

#[test]
fn nothing_is_written_when_nothing_is_started() {
    let temp = Temp::new();
    let file = temp.write("bad.toml", "children = 1");
    let (events, report) = (temp.path("events"), temp.path("report"));

    refused(&[
        "run",
        file.to_str().unwrap(),
        "--events",
        events.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
    ]);

    assert!(!events.exists() && !report.exists());
}

#[test]
fn what_is_no_tree_file_is_refused_by_name() {
    let temp = Temp::new();
    let unreadable = temp.write("secret.toml", "id = 'root'");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&unreadable, mode).unwrap();
    let files = [
        ("/no/such/tree.toml".into(), "no such file"),
        (temp.path("."), "directory"),
        (temp.write("empty.toml", ""), "empty"),
        (temp.write("binary.json", [0x7f, b'E', b'L', b'F', 0xff, 0xfe]), "not a text file"),
        (temp.write("tree.yaml", "id: root"), ".toml or .json"),
        ("/dev/null".into(), "neither a file nor a pipe"),
    ];

    for (file, expected) in files {
        let message = refused(&["check", file.to_str().unwrap()]);

        assert!(message.contains(file.to_str().unwrap()) && message.contains(expected), "{message}");
    }
    // A test that runs as root can read every file.
    if std::fs::File::open(&unreadable).is_err() {
        assert!(refused(&["check", unreadable.to_str().unwrap()]).contains("cannot be read"));
    }
}

#[test]
fn a_bad_command_line_is_refused() {
    let calm = tree("calm.toml");
    let calm = calm.to_str().unwrap();

    for args in [
        &["walk"][..],
        &["run"],
        &["check"],
        &["run", calm, "--deadline", "soon"],
        &["run", calm, "--no-such-option"],
        &["--view", "3d"],
        &["check", calm, "--events", "-"],
    ] {
        refused(args);
    }
}

#[test]
fn a_record_that_cannot_be_written_is_refused_before_anything_starts() {
    let temp = Temp::new();
    let pid_file = temp.path("started");
    let file = temp.write(
        "tree.toml",
        format!(
            "[[children]]\nid = 'a'\nprocess = {{ command = ['touch', {:?}] }}",
            pid_file.to_str().unwrap()
        ),
    );
    let file = file.to_str().unwrap();

    for option in ["--events", "--report"] {
        for target in ["/no/such/directory/file", temp.path(".").to_str().unwrap(), ""] {
            let message = refused(&["run", file, option, target]);

            assert!(message.contains("cannot write to"), "{message}");
            assert!(!pid_file.exists(), "nothing was started");
        }
    }
}

#[test]
fn the_tree_file_is_never_written_over() {
    let temp = Temp::new();
    let text = "[[children]]\nid = 'a'\ntask = { run = 'finish', after = '0s' }";
    let file = temp.write("tree.toml", text);
    let link = temp.path("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let (file, link) = (file.to_str().unwrap(), link.to_str().unwrap());

    for option in ["--events", "--report"] {
        for target in [file, link] {
            let message = refused(&["run", file, option, target]);

            assert!(message.contains("it is the tree file"), "{message}");
        }
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

#[test]
fn check_says_what_a_file_describes_and_explains_the_sample_tasks_that_it_names() {
    let [calm, idle] = ["calm.toml", "burst.toml"].map(|file| {
        let output = demo(&["check", tree(file).to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    });

    for part in
        ["  a · process sleep 1000", "    b · task forever", "forever       runs until", "calm.toml: ok"]
    {
        assert!(calm.contains(part), "{part}\n{calm}");
    }
    assert!(!calm.contains("never_yield") && !idle.contains("Sample tasks"), "{calm}{idle}");
    let help = String::from_utf8(demo(&["check", "--help"]).stdout).unwrap();
    assert!(help.contains("never_yield") && help.contains("block_thread"), "{help}");
}

#[test]
fn check_warns_of_what_is_missing_now_which_is_no_mistake_of_the_file() {
    let temp = Temp::new();
    let file = temp.write(
        "tree.toml",
        "[[children]]\nid = 'a'\nprocess = { command = ['no-such-program'], env_file = '/no/such/file' }\n\
         [[children]]\nid = 'b'\nprocess = { command = ['sh'], cwd = '/no/such/directory' }\n\
         [[children]]\nid = 's'\nsupervisor.children = [ { id = 'c', \
         process = { command = ['sh'], stop_command = { exec = ['/no/ctl'], wait = '1s' }, \
         health = { exec = ['/no/check'] } } } ]\n",
    );

    // What is in a directory that this user may not look into is not known.
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.arg("check").arg(file).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    let output = command.output_in_time();

    let said = String::from_utf8(output.stderr).unwrap();
    let expected = [
        "tree.toml:3: root/a: process.command[0]: the program `no-such-program` was not found",
        "tree.toml:3: root/a: process.env_file: the environment file `/no/such/file` is not there",
        "tree.toml:6: root/b: process.cwd: the working directory `/no/such/directory` is not there",
        "root/s/c: process.stop_command.exec: its stop command: the program `/no/ctl` was not found",
        "root/s/c: process.health.exec: its health check: the program `/no/check` was not found",
    ];
    let warnings: Vec<_> = said.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(warnings.len() == expected.len(), "{said}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.ends_with(expected), "{said}");
    }
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_and_version_are_no_errors() {
    for option in ["--help", "--version"] {
        assert!(demo(&[option]).status.success());
    }
}

#[test]
fn the_help_for_what_runs_a_tree_says_what_each_exit_status_means() {
    for args in [&["--help"][..], &["run", "--help"]] {
        let help = String::from_utf8(demo(args).stdout).unwrap();

        for status in ["0 stopped", "1 the tree", "2 bad", "3 something", "4 something", "128 + n"] {
            assert!(help.contains(status), "{args:?}: {help}");
        }
    }
}
