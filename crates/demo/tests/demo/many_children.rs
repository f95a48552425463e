//! More children than the usual limit of descriptors has room for.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::support::{InTime as _, Temp};

/// P13: 300 children are more than 1024 descriptors are enough for. The program raises its own limit, and its children
/// have the one that was there.
#[test]
fn three_hundred_children_start_where_the_soft_limit_of_descriptors_is_1024() {
    let temp = Temp::new();
    let mut text = "auto_shutdown = 'any_significant'\n".to_owned();
    for child in 0..300 {
        let _ =
            writeln!(text, "[[children]]\nid = 'child-{child}'\nprocess = {{ command = ['sleep', '1000'] }}");
    }
    let says_its_limit = "[[children]]\nid = 'last'\nrestart = 'temporary'\nsignificant = true\n\
                          process = { command = ['sh', '-c', 'echo my limit is $(ulimit -Sn)'] }\n";
    let file = temp.write("tree.toml", &(text + says_its_limit));

    let demo = Command::new("sh")
        .args(["-c", "ulimit -S -n 1024; exec \"$0\" run \"$1\" --view lines"])
        .arg(env!("CARGO_BIN_EXE_rootward-demo"))
        .arg(&file)
        .stdin(Stdio::null())
        .output_in_time();

    let said = String::from_utf8_lossy(&demo.stderr);
    assert_eq!(demo.status.code(), Some(0), "{said}");
    assert!(said.contains("my limit is 1024"), "{said}");
}
