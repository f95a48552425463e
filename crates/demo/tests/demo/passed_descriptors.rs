//! Descriptors that the demo's caller has opened, on their way to a process.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rootward_tests::InTime as _;

use crate::support::{Demo, Temp};

#[test]
fn files_that_the_shell_has_opened_are_a_processs_own_in_each_incarnation() {
    for level in ["group", "auto"] {
        let temp = Temp::new();
        temp.write("in", "first\nsecond\n");
        // What a shell opens for itself has no number below ten.
        let says = "read -r line <&3; echo $line >&4; for n in 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done; \
                    echo no other; [ $line = second ]";
        let file = temp.write(
            "tree.toml",
            format!(
                "[[children]]\nid = 'job'\nrestart = 'transient'\nprocess = {{ command = ['sh', '-c', '{says}'], \
                 descriptors = [{{ from = 8, to = 4 }}, {{ from = 7, to = 3 }}] }}\n"
            ),
        );

        let file = file.to_str().expect("a text");
        let args = ["run", file, "--view=none", "--containment", level];
        let finished = Demo::start_with(args, |command| {
            *command = opened_by_a_shell(&temp, command);
        })
        .finish();

        assert_eq!(finished.code(), 0, "{level}: {}", finished.stderr);
        assert_eq!(finished.paths("restarting"), ["root/job"]);
        // One file in both: the second incarnation goes on where the first has ended.
        assert_eq!(std::fs::read_to_string(temp.path("out")).unwrap(), "first\nsecond\n", "{level}");
        let own: Vec<_> = finished.events.iter().filter_map(|event| event["line"].as_str()).collect();
        assert_eq!(own, ["no other", "no other"], "{level}");
    }
}

#[test]
fn a_descriptor_that_is_not_open_is_named_by_check_and_run_before_anything_is_started() {
    let temp = Temp::new();
    let touch = format!("touch {}", temp.path("started").display());
    let file = temp.write(
        "tree.toml",
        format!(
            "[[children]]\nid = 'first'\nprocess = {{ command = ['sh', '-c', '{touch}'] }}\n\
             [[children]]\nid = 'job'\nprocess = {{ command = ['true'], descriptors = [{{ from = 77, to = 3 }}] }}\n"
        ),
    );
    for command in ["check", "run"] {
        let output = Command::new(env!("CARGO_BIN_EXE_rootward-demo"))
            .arg(command)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .run_in_time();

        let said = String::from_utf8_lossy(&output.stderr);
        let expected = "root/job: process.descriptors[0].from: the demo has no descriptor 77 to pass on: \
                        it is not open; a shell opens one, such as by `5< FILE`";
        assert!(said.contains(expected), "{command}: {said}");
        assert_eq!(output.status.code(), Some(2), "{command}");
    }
    assert!(!temp.path("started").exists());
}

/// The same command, for which a shell has opened two files. What such a command has beside its words is set again.
fn opened_by_a_shell(temp: &Temp, command: &Command) -> Command {
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", "exec 7<in 8>out; exec \"$@\"", "sh"]);
    wrapped.arg(command.get_program()).args(command.get_args()).current_dir(temp.path("."));
    wrapped.process_group(0).env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    wrapped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrapped
}
