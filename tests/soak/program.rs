//! The programs that the subject supervises: this one again, in several roles.

use std::process::ExitCode;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, raise};
use nix::unistd::setsid;
use rootward_tests::{Register, Side, Signals, argument, fork, number, say, sleep_for_ever};

/// What a program says that has to be waited for.
pub(crate) const READY: &str = "listening";

/// Reports, and plays this role. Its arguments come behind it.
pub(crate) fn run(role: &str) -> ExitCode {
    let register = Register::of_member();
    register.enter();
    match role {
        "waits" => say(READY),
        "talks" => talk(number(4)),
        "exits" => {
            talk(number(4));
            return ExitCode::from(number::<u8>(5));
        }
        "crashes" => crash(),
        "ignores" => {
            let signals = Signals::take(&[Signal::SIGTERM]);
            say(READY);
            loop {
                signals.wait();
            }
        }
        "has_a_family" => {
            start_family(&register, argument(4) == "anywhere");
            say(READY);
        }
        "leaves_a_family" => {
            start_family(&register, argument(4) == "anywhere");
            return ExitCode::SUCCESS;
        }
        _ => panic!("there is no role {role:?}"),
    }
    sleep_for_ever()
}

fn talk(lines: u32) {
    for line in 1..=lines {
        say(format_args!("line {line} of {lines}, and some more of it, so that there is something to carry"));
    }
    say(READY);
}

fn crash() -> ! {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("a limit may always be lowered");
    loop {
        raise(Signal::SIGABRT).expect("a program may signal itself");
    }
}

/// A child in the same group, and if they may be anywhere, one in a session of its own and one whose parent has gone as
/// well.
fn start_family(register: &Register, anywhere: bool) {
    start_relative(register, || {});
    if anywhere {
        let leave = || {
            setsid().expect("a new process leads no group");
        };
        start_relative(register, leave);
        start_relative(register, || {
            leave();
            if fork() == Some(Side::Parent) {
                std::process::exit(0);
            }
        });
    }
}

fn start_relative(register: &Register, become_what_it_is: impl Fn()) {
    if fork() == Some(Side::Child) {
        become_what_it_is();
        register.enter();
        sleep_for_ever();
    }
}
