//! Reapers are given one program after the other, and each program begins as if it were the first.

use std::time::Duration;

use rootward_core::Restart;

use crate::given::{Given, shell, tree_with_intensity, wait_until_gone};

/// A child whose first incarnation does this and fails. Each says first who its reaper is, and what rank and scheduling it has.
fn fails_once(script: &str) -> (Given, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let tells = "echo $PPID; echo $(nice) $(cut -d' ' -f41 /proc/$$/stat); ";
    let script = format!("{tells} [ -s second ] && exec sleep 1000; echo yes > second; {script} exit 1");
    let process = shell(&script).current_dir(dir.path()).straggler_grace(Duration::from_millis(50));
    (tree_with_intensity(1, [process.into_child("child").restart(Restart::Transient)]), dir)
}

#[tokio::test]
async fn a_reaper_that_has_nothing_left_is_given_the_next_program() {
    let (mut given, _dir) = fails_once("");

    let (first, _) = (given.line().await, given.line().await);
    let (second, _) = (given.line().await, given.line().await);

    assert_eq!(first, second);
    given.stop().await;
}

#[tokio::test]
async fn a_reaper_that_had_to_kill_leaves_and_another_one_takes_its_place() {
    let (mut given, _dir) = fails_once(
        "setsid sh -c 'trap \"\" TERM; echo > ready; exec sleep 1000' & until [ -s ready ]; do :; done;",
    );

    let (first, _) = (given.line().await, given.line().await);
    let (second, _) = (given.line().await, given.line().await);

    assert_ne!(first, second);
    wait_until_gone(first.parse().unwrap());
    given.stop().await;
}

#[tokio::test]
async fn a_program_has_the_rank_of_the_first_one_and_not_that_of_its_reaper() {
    let (mut given, _dir) = fails_once("");

    let (_, first) = (given.line().await, given.line().await);
    let (_, second) = (given.line().await, given.line().await);

    let own = std::process::Command::new("nice").output().unwrap().stdout;
    let ordinary = format!("{} 0", String::from_utf8(own).unwrap().trim());
    assert_eq!((first.as_str(), second.as_str()), (ordinary.as_str(), ordinary.as_str()));
    given.stop().await;
}
