//! The warden as a program of its own, for programs that cannot fork it. They start it by themselves.

use std::process::ExitCode;

fn main() -> ExitCode {
    rootward_procs::warden_main()
}
