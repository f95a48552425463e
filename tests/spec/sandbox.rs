//! Sandboxes that refuse one system call that the library uses: another way or the next weaker level, which is said, or
//! one error that names what is refused; never a hang, and no process is left.

use nix::libc::{EINVAL, ENOSYS, EPERM};

use crate::support::{Finished, Program, for_each};

/// R12, and the calls beside it.
#[test]
fn a_call_that_is_refused_makes_a_program_weaker_or_is_an_error_that_names_it() {
    // Each of them is a program with some threads and helpers.
    const AT_ONCE: usize = 8;
    for some in all().chunks(AT_ONCE) {
        for_each(some, |(call, error, level)| {
            let arguments = [call.name, &error.to_string(), level];
            let finished = Program::run(env!("CARGO_BIN_EXE_is_refused_a_call"), &arguments).finish();

            let what = || format!("{} {error} {level}: {:#?}", call.name, finished.said);
            assert_eq!(finished.lines_after("left "), [""; 0], "{}", what());
            match call.names {
                None => has_stopped(&finished, level, what),
                Some(named) => {
                    assert_eq!(finished.status.code(), Some(1), "{}", what());
                    let said = finished.lines_after("refused ");
                    assert!(matches!(said[..], [one] if one.contains(named)), "{}", what());
                }
            }
        });
    }
}

/// A program in which the call is not needed, or something else is in its place.
fn has_stopped(finished: &Finished, level: &str, what: impl Fn() -> String) {
    // Without `pidfd_send_signal` there is SIGKILL for those below a reaper, and no asking.
    assert!(matches!(finished.status.code(), Some(0 | 3)), "{}", what());
    assert_eq!(finished.lines_after("keeper pid ").len(), 1, "{}", what());
    let is_weaker = finished.lines_after("report ").iter().any(|report| report.ends_with(" at group"));
    let is_said = !finished.lines_after("degraded containment: ").is_empty();
    assert_eq!(is_weaker && level == "auto", is_said, "{}", what());
}

#[derive(Clone, Copy, Debug)]
struct Call {
    name: &'static str,
    /// What the error names, if nothing can be started without this call.
    names: Option<&'static str>,
}

const fn missed(name: &'static str) -> Call {
    Call { name, names: None }
}

const fn needed(name: &'static str, names: &'static str) -> Call {
    Call { name, names: Some(names) }
}

const CALLS: [Call; 25] = [
    needed("clone", "`clone`"),
    missed("close_range"),
    needed("dup3", "`dup3`"),
    missed("kill"),
    missed("madvise"),
    missed("memfd_create"),
    missed("pidfd_open"),
    missed("pidfd_send_signal"),
    missed("ppoll"),
    needed("prctl", "`prctl`"),
    missed("prctl for a subreaper"),
    needed("prctl for a death signal", "`prctl`"),
    needed("prlimit64", "`prlimit64`"),
    missed("rt_sigqueueinfo"),
    missed("sched_setaffinity"),
    missed("sched_setscheduler"),
    needed("setpgid", "`setpgid`"),
    missed("setpriority"),
    missed("setsid"),
    // Each runtime has a pair for the signals that it hears.
    needed("socketpair", "the system refuses a descriptor"),
    missed("statx"),
    missed("timerfd_create"),
    missed("unshare"),
    missed("waitid"),
    missed("waitid of a pidfd"),
];

fn all() -> Vec<(Call, i32, &'static str)> {
    let everywhere = CALLS.iter().flat_map(|call| [EPERM, ENOSYS].map(|error| (*call, error)));
    let everywhere = everywhere.flat_map(|(call, error)| ["auto", "group"].map(|level| (call, error, level)));
    // The C library makes threads by `clone` where the system does not know `clone3`.
    let threads = [(needed("clone3", "the system refuses a thread"), EPERM), (missed("clone3"), ENOSYS)];
    // Linux 5.10 does not know the flag for an exec.
    let flag = ["auto", "group"].map(|level| (missed("close_range"), EINVAL, level));
    everywhere.chain(threads.map(|(call, error)| (call, error, "auto"))).chain(flag).collect()
}
