//! A whole program that supervises processes: what it says when it stops, and what is left when it is gone.

use nix::sys::signal::Signal;

use crate::support::{Finished, Program, until};

#[test]
fn a_program_with_one_child_leaves_after_it() {
    every_childs_last_word_comes_before_the_programs(1);
}

#[test]
fn a_program_with_five_children_leaves_after_all_of_them() {
    every_childs_last_word_comes_before_the_programs(5);
}

#[tokio::test]
async fn a_program_that_is_killed_takes_its_processes_along() {
    let mut program = Program::run(env!("CARGO_BIN_EXE_supervises"), &["3", "ignores_sigterm"]);
    let children = program.wait_for_children(3);

    program.signal(Signal::SIGKILL);

    until("every process is gone", || children.iter().all(|child| !child.is_alive())).await;
    assert!(!program.finish().status.success());
}

fn every_childs_last_word_comes_before_the_programs(count: usize) {
    let mut program = Program::run(env!("CARGO_BIN_EXE_supervises"), &[&count.to_string(), "prints_signals"]);
    let children = program.wait_for_children(count);
    assert!(children.len() == count && children.iter().all(|child| child.is_alive()));

    program.signal(Signal::SIGTERM);

    let Finished { status, said, .. } = program.finish();
    assert_eq!(
        (status.code(), said.last().map(String::as_str)),
        (Some(0), Some("supervisor exiting cleanly"))
    );
    for n in 1..=count {
        let of_child: Vec<_> =
            said.iter().filter_map(|line| line.strip_prefix(&format!("child-{n} "))).collect();
        assert_eq!(of_child[of_child.len() - 3..], ["got SIGTERM", "bye", "stopped"]);
    }
    let stopped: Vec<_> = said.iter().filter_map(|line| line.strip_suffix(" stopped")).collect();
    let in_reverse = (1..=count).rev().map(|n| format!("child-{n}")).chain(["root".to_owned()]);
    assert_eq!(stopped, in_reverse.collect::<Vec<_>>());
    assert!(children.iter().all(|child| !child.is_there()));
}
