//! What a child finds when it has become a program.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigHandler, Signal, signal};

use super::super::given::{program, shell};
use super::super::pidfd::{self, Status, WaitStatus};
use super::*;

#[test]
fn an_exit_code_is_reported_exactly() {
    let mut stack = Stack::new();

    let codes = [0, 1, 42, 255].map(|code| status_of(spawn(&shell(&format!("exit {code}")), &mut stack)));

    assert_eq!(codes, [0, 1, 42, 255].map(Status::Code));
}

#[test]
fn a_deadly_signal_is_reported_exactly_real_time_signals_too() {
    let mut stack = Stack::new();

    let killed =
        [9, 15, 34, 64].map(|number| status_of(spawn(&shell(&format!("kill -{number} $$")), &mut stack)));

    assert_eq!(killed, [9, 15, 34, 64].map(|number| Status::Signal { number, core_dumped: false }));
}

#[test]
fn a_program_that_does_not_exist_fails_with_its_stage_and_errno() {
    assert_eq!(failure_of(program(&["/nowhere/to/be/found"])), (SpawnStage::Exec, libc::ENOENT));
}

#[test]
fn a_file_that_is_not_executable_fails_with_eacces() {
    assert_eq!(failure_of(program(&["/etc/passwd"])), (SpawnStage::Exec, libc::EACCES));
}

#[test]
fn a_directory_that_cannot_be_entered_is_told_from_the_program() {
    let mut program = program(&["/bin/true"]);
    program.directory = Some(c"/nowhere/to/be/found".to_owned());

    assert_eq!(failure_of(program), (SpawnStage::Directory, libc::ENOENT));
}

#[test]
fn the_first_candidate_that_can_be_executed_is_taken_and_a_refusal_is_remembered() {
    let mut found = shell("exit 3");
    found.candidates = [c"/nowhere/sh", c"/etc/passwd", c"/bin/sh"].into_iter().collect();
    let mut denied = shell("exit 3");
    denied.candidates = [c"/etc/passwd", c"/nowhere/sh"].into_iter().collect();

    assert_eq!(status_of(spawn(&found, &mut Stack::new())), Status::Code(3));
    assert_eq!(failure_of(denied), (SpawnStage::Exec, libc::EACCES));
}

#[test]
fn a_start_that_fails_leaves_no_zombie() {
    let mut stack = Stack::new();
    let me = format!("/proc/{}/task/{}/children", std::process::id(), nix::unistd::gettid());

    assert!(spawn(&program(&["/nowhere/to/be/found"]), &mut stack).is_err());

    assert_eq!(std::fs::read_to_string(me).unwrap(), "");
}

#[test]
fn a_child_has_no_blocked_and_no_ignored_signal() {
    // SAFETY: ignoring a signal that nothing in this test program uses runs no code of ours.
    let before = unsafe { signal(Signal::SIGWINCH, SigHandler::SigIgn) }.unwrap();
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGTERM);
    let mask = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap();

    let status = output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status");
    mask.thread_set_mask().unwrap();
    // SAFETY: as above.
    unsafe { signal(Signal::SIGWINCH, before) }.unwrap();

    assert_eq!(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

#[test]
fn the_spawning_thread_keeps_its_own_signal_mask() {
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR2);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).unwrap();

    status_of(spawn(&shell("exit 0"), &mut Stack::new()));
    let after = SigSet::thread_get_mask().unwrap();
    before.thread_set_mask().unwrap();

    assert_eq!(after, blocked);
}

#[test]
fn a_child_leads_a_group_of_its_own() {
    let spawned = spawn(&shell("exec cat"), &mut Stack::new());
    let Ok(spawned) = spawned else { panic!("cat should start") };

    let group = nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(spawned.pid))).unwrap();
    pidfd::send_to_group(&spawned.pidfd, libc::SIGKILL).unwrap();
    let _ = pidfd::wait_blocking(spawned.pidfd.as_fd());

    assert_eq!(group.as_raw(), spawned.pid);
}

#[test]
fn a_child_inherits_no_descriptor_that_it_was_not_given() {
    // High enough that the shell has no descriptor of its own there.
    let leak = fcntl(File::open("/dev/null").unwrap(), FcntlArg::F_DUPFD(200)).unwrap();

    let seen = output_of(&format!(
        "[ -e /proc/$$/fd/0 ] && echo stdin; [ -e /proc/$$/fd/{leak} ] && echo leak; exit 0"
    ));
    nix::unistd::close(leak).unwrap();

    assert_eq!(seen, "stdin\n");
}

#[test]
fn only_the_child_keeps_what_it_is_given_and_the_starter_keeps_what_the_child_leaves_behind() {
    let mut stack = Stack::for_many();
    let kept: Vec<File> = (0..50).map(|_| File::open("/proc/self/exe").unwrap()).collect();
    let (_reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).unwrap();
    let mut script = shell("exit 3");
    script.stdio[1] = Some(writer);

    let status = status_of(spawn(&script, &mut stack));

    assert_eq!(status, Status::Code(3));
    let places = stack.numbers.unwrap().places.map(|place| File::from(place).metadata().unwrap());
    assert!(places.iter().all(|place| place.file_type().is_char_device()), "{places:?}");
    assert!(kept.iter().all(|file| file.metadata().unwrap().is_file()));
}

#[test]
fn a_child_dies_with_the_thread_that_started_it() {
    let spawned = std::thread::spawn(|| spawn(&shell("kill -STOP $$"), &mut Stack::new())).join().unwrap();

    assert_eq!(status_of(spawned), Status::Signal { number: libc::SIGKILL, core_dumped: false });
}

fn output_of(script: &str) -> String {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).unwrap();
    let mut program = shell(script);
    program.stdio[1] = Some(writer);
    let spawned = spawn(&program, &mut Stack::new());
    drop(program);
    let mut output = String::new();
    File::from(reader).read_to_string(&mut output).unwrap();
    assert_eq!(status_of(spawned), Status::Code(0));
    output
}

fn status_of(spawned: Result<Spawned, SpawnFailure>) -> Status {
    match spawned {
        Ok(spawned) => match pidfd::wait_blocking(spawned.pidfd.as_fd()).unwrap() {
            WaitStatus::Ended(status) => status,
            other @ (WaitStatus::NotYet | WaitStatus::Stolen) => {
                panic!("the child should have ended, but: {other:?}")
            }
        },
        Err(failure) => panic!("the child should have started, but: {failure:?}"),
    }
}

fn failure_of(program: Program) -> (SpawnStage, i32) {
    match spawn(&program, &mut Stack::new()) {
        Ok(_) => panic!("{:?} should not start", program.argv),
        Err(SpawnFailure { stage, error }) => (stage, error.raw_os_error().unwrap()),
    }
}
