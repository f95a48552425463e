//! Whole programs in which children block every thread that supervisors have, or the root: signals get out, the
//! deadline holds, the report is written, and no process is left.

use nix::sys::signal::Signal;

use crate::support::{Identity, Program, are_gone, press_again};

#[tokio::test]
async fn three_signals_get_out_while_children_block_every_thread_that_supervisors_have() {
    for where_ in ["every_thread", "every_start", "the_root"] {
        for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
            let (mut program, processes) = given_program(where_, "0");

            let stop = format!("{signal} Stop");
            program.signal(signal);
            match where_ {
                "every_thread" => drop(program.wait_for_all([&stop, BLOCKED, BLOCKED])),
                "the_root" => drop(program.wait_for_all([&stop, BLOCKED])),
                _ => drop(program.wait_for(&stop)),
            }
            insist(&mut program, signal, "Force");
            insist(&mut program, signal, "Leave");

            let finished = program.finish();
            assert_eq!(finished.status.code(), Some(status), "{where_}");
            assert_eq!(finished.lines_after("report "), ["Incomplete"], "{where_}");
            are_gone(&processes).await;
        }
    }
}

#[tokio::test]
async fn the_deadline_holds_while_children_block_every_thread_that_supervisors_have() {
    for where_ in ["every_thread", "every_start", "the_root"] {
        let (program, processes) = given_program(where_, "1000");

        program.signal(Signal::SIGTERM);

        let finished = program.finish();
        assert_eq!(finished.status.code(), Some(4), "{where_}");
        assert_eq!(finished.lines_after("report "), ["Incomplete"], "{where_}");
        are_gone(&processes).await;
    }
}

/// What is said of each thread that is blocked.
const BLOCKED: &str = "blocked rootward-control";

/// The program, when it has started and has blocked what it blocks before a stop, and its processes.
fn given_program(where_: &str, deadline: &str) -> (Program, [Identity; 2]) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_blocks_supervisors"), &[where_, deadline]);
    let said = ["keeper pid ", "descendant pid ", "root started"];
    let [keeper, descendant, _] = match where_ {
        "every_start" => {
            let [a, b, c] = said;
            let [a, b, c, ..] = program.wait_for_all([a, b, c, BLOCKED, BLOCKED]);
            [a, b, c]
        }
        _ => program.wait_for_all(said),
    };
    (program, [keeper, descendant].map(|pid| Identity::of(pid.parse().expect("a process id"))))
}

/// Sends a signal that is to mean this. One that follows another at once belongs to the same request, which the program
/// says, and is sent again. Whatever else the program makes of it is wrong, unless it has ended.
pub(super) fn insist(program: &mut Program, signal: Signal, action: &str) {
    // A second of them, and many more than a busy machine needs.
    const MOST: usize = 100;
    let (this, any) = (format!("{signal} {action}"), format!("{signal} "));
    for _ in 0..MOST {
        program.signal(signal);
        match std::iter::from_fn(|| program.next_line()).find(|line| line.starts_with(&any)) {
            Some(line) if line == this => return,
            Some(line) => assert_eq!(line, format!("{signal} Ignore"), "it should be {action}"),
            None => return,
        }
        press_again();
    }
    panic!("{MOST} of {signal} do not mean {action}");
}
