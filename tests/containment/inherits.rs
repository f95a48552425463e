//! What a child inherits is what `std::process::Command` would give it at that moment, at every level, also when the
//! program has changed since it has made its warden.

use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::Uid;
use rootward_tests::{Heard, LIMITS, wait_in_time};

use crate::place::{can_be_run_by_another_user, nothing_to_show};

const LEVELS: [&str; 3] = ["group", "tree", "auto"];

/// P16: at `tree` and `auto` its children were root, with all capabilities.
#[test]
fn a_child_has_the_user_and_the_rights_that_the_program_has_now() {
    if !Uid::effective().is_root() {
        return nothing_to_show("only root can become another user");
    }
    let shows = Path::new(env!("CARGO_BIN_EXE_shows_what_it_inherits"));
    if !can_be_run_by_another_user(shows) {
        return nothing_to_show("other users cannot execute these programs");
    }
    for told in same_as_a_command("user") {
        assert!(told.contains(&"Uid: 65534 65534 65534 65534".to_owned()), "{told:?}");
        assert!(told.contains(&"CapEff: 0000000000000000".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_the_groups_that_the_program_has_now() {
    if !Uid::effective().is_root() {
        return nothing_to_show("only root can change its groups");
    }
    for told in same_as_a_command("groups") {
        assert!(told.contains(&"Groups: 7 8".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_the_file_mode_mask_that_the_program_has_now() {
    for told in same_as_a_command("mask") {
        assert!(told.contains(&"Umask: 0137".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_the_limits_that_the_program_has_now() {
    for told in same_as_a_command("limits") {
        assert!(told.contains(&"descriptors 200 300".to_owned()), "{told:?}");
        assert!(told.contains(&"core 0 0".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_gains_no_privileges_if_the_program_gains_none() {
    for told in same_as_a_command("humble") {
        assert!(told.contains(&"NoNewPrivs: 1".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_each_limit_that_the_program_has_now() {
    for told in same_as_a_command("all limits") {
        let limits = told.iter().filter(|line| line.starts_with("limit ")).count();
        assert_eq!(limits, LIMITS.len(), "{told:?}");
    }
}

/// P16: root without some of its rights.
#[test]
fn a_child_has_none_of_the_capabilities_that_the_program_has_lost() {
    if !Uid::effective().is_root() {
        return nothing_to_show("only root has capabilities to lose");
    }
    for told in same_as_a_command("capabilities") {
        assert!(capabilities(&told).is_some_and(|kept| kept != 0 && kept & 1 == 0), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_of_a_program_that_has_changed_everything_has_what_a_command_has() {
    if !Uid::effective().is_root() {
        return nothing_to_show("only root can change its groups");
    }
    for told in same_as_a_command("all") {
        for line in ["Groups: 7 8", "Umask: 0137", "NoNewPrivs: 1", "directory /usr", "scheduled by 3 with 0"]
        {
            assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
        }
    }
}

/// P16: it begins where the program is now, and not where it was when it made its warden.
#[test]
fn a_child_begins_in_the_directory_that_the_program_has_now() {
    for told in same_as_a_command("directory") {
        assert!(told.contains(&"directory /usr".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_the_nice_value_that_the_program_has_now() {
    same_as_a_command("nice");
}

/// P16.
#[test]
fn a_child_has_the_oom_score_that_the_program_has_now() {
    for told in same_as_a_command("oom score") {
        assert!(told.contains(&"oom score 1000".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_gets_processor_and_disk_as_the_program_does_now() {
    for told in same_as_a_command("batch") {
        assert!(told.contains(&"scheduled by 3 with 0".to_owned()), "{told:?}");
    }
    for told in same_as_a_command("io") {
        assert!(told.contains(&"disk 2 7".to_owned()), "{told:?}");
    }
}

/// P16.
#[test]
fn a_child_has_the_real_time_priority_that_the_program_has_now() {
    same_as_a_command("real time");
}

/// P16: and nothing else is changed.
#[test]
fn a_child_of_a_program_that_has_not_changed_has_what_a_command_has() {
    same_as_a_command("nothing");
}

/// P13: the limit is raised for the program, and its children have the one that was there before.
#[test]
fn a_child_has_the_limit_of_descriptors_that_was_there_before_it_was_raised() {
    for level in LEVELS {
        let (command, child) = told(level, "raised");
        let limit = |told: &[String]| told.iter().find(|line| line.starts_with("descriptors ")).cloned();

        let (ours, its) = (limit(&command).expect("it is told"), limit(&child).expect("it is told"));

        let soft = |text: &str| text.split(' ').nth(1).and_then(|soft| soft.parse::<u64>().ok());
        assert_eq!(soft(&its), Some(SOFT), "{level}: {its}");
        assert!(soft(&ours) > Some(SOFT), "{level}: {ours}");
    }
}

/// P14: a child spoke for its supervisor, or believed in descriptors that were not there.
#[test]
fn a_child_is_not_told_what_a_service_manager_tells_its_supervisor() {
    for level in LEVELS {
        let (command, child) = told(level, "nothing");

        let variables =
            |told: &[String]| told.iter().filter(|line| line.contains('=')).cloned().collect::<Vec<_>>();
        let kept: Vec<_> =
            variables(&command).into_iter().filter(|line| !ARE_OURS.contains(&line.as_str())).collect();
        assert_eq!(variables(&child), kept, "{level}");
        assert!(kept.contains(&"LISTEN_ADDRESS=1".to_owned()), "{level}");
    }
}

const ARE_OURS: [&str; 3] = ["NOTIFY_SOCKET=1", "LISTEN_FDS=1", "INVOCATION_ID=1"];

/// The soft limit of descriptors with which the program is started.
const SOFT: u64 = 256;

/// What a child is told at each level, which is what a command is told.
fn same_as_a_command(change: &str) -> Vec<Vec<String>> {
    LEVELS
        .map(|level| {
            let (command, child) = told(level, change);
            let command: Vec<_> =
                command.into_iter().filter(|line| !ARE_OURS.contains(&line.as_str())).collect();
            assert_eq!(child, command, "{level}, {change}");
            child
        })
        .into()
}

/// The permitted capabilities, a bit for each. The first is CAP_CHOWN.
fn capabilities(told: &[String]) -> Option<u64> {
    let set = told.iter().find_map(|line| line.strip_prefix("CapPrm: "))?;
    u64::from_str_radix(set, 16).ok()
}

fn told(level: &str, change: &str) -> (Vec<String>, Vec<String>) {
    let mut program = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -S -n {SOFT}; exec \"$0\" \"$@\""))
        .args([env!("CARGO_BIN_EXE_drops_its_privileges"), level, change])
        .envs(["NOTIFY_SOCKET", "LISTEN_FDS", "INVOCATION_ID", "LISTEN_ADDRESS"].map(|name| (name, "1")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut heard = Heard::of(program.stdout.take().expect("it is piped"));
    heard.wait_for_the_end();
    assert_eq!(wait_in_time(&mut program).code(), Some(0), "{level}, {change}");
    let lines = |whose| heard.lines_after(whose).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (command, child) = (lines("command "), lines("child "));
    assert_eq!(child.last().map(String::as_str), Some("all told"), "{level}, {change}");
    (command, child)
}
