//! Programs to test with.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::OwnedFd;

use super::{Program, Session, Spawned, Stack, spawn};

/// A program with these arguments, the first of which is its path.
pub(crate) fn program(argv: &[&str]) -> Program {
    let argv: Vec<CString> = argv.iter().map(|arg| CString::new(*arg).unwrap()).collect();
    Program {
        candidates: [argv[0].as_c_str()].into_iter().collect(),
        argv: argv.iter().map(CString::as_c_str).collect(),
        env: [c"PATH=/bin:/usr/bin"].into_iter().collect(),
        directory: None,
        stdio: [const { None }; 3],
        extra: Vec::new(),
        pid_variable: None,
        session: Session::Ours,
        inherited: Vec::new(),
    }
}

/// A shell script that reads nothing.
pub(crate) fn shell(script: &str) -> Program {
    let mut program = program(&["/bin/sh", "-c", script]);
    let null = OwnedFd::from(File::open("/dev/null").unwrap());
    program.stdio[0] = Some(null.try_clone().unwrap());
    program
}

/// A shell script that runs. It lives no longer than the thread that calls this.
pub(crate) fn running(script: &str) -> Spawned {
    match spawn(&shell(script), &mut Stack::new()) {
        Ok(spawned) => spawned,
        Err(failure) => panic!("a shell should start, but: {failure:?}"),
    }
}
