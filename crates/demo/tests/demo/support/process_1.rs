//! How a test runs a program as process 1.

use std::process::{Command, Stdio};

use nix::unistd::Uid;

/// What makes the program behind it process 1 of a namespace. A user makes a user namespace for that. `None` where the
/// system does not allow it, which is said.
#[expect(clippy::print_stdout, reason = "the test's output says what has not been tested")]
pub(crate) fn as_process_1() -> Option<Vec<String>> {
    const ALONE: [&str; 7] =
        ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let of_user = if Uid::effective().is_root() { 2 } else { 0 };
    let words: Vec<_> = ALONE[..1].iter().chain(&ALONE[1 + of_user..]).map(ToString::to_string).collect();
    let allowed = Command::new(&words[0]).args(&words[1..]).arg("true").stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|it| it.success()) {
        println!("there are no namespaces for this user, so that nothing can be process 1 here");
        return None;
    }
    Some(words)
}
