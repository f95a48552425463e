//! Reapers are given one program after the other, and each program begins as if it were the first.

use std::collections::BTreeSet;
use std::time::Duration;

use rootward_core::{Exit, Restart};

use crate::given::{Given, shell, tree_with_intensity};

#[tokio::test]
async fn a_reaper_that_has_nothing_left_is_given_the_next_program() {
    let (mut given, _dir) = fails_often();

    let mut reapers = BTreeSet::new();
    for _ in 0..TRIES {
        reapers.insert(given.line().await);
        given.line().await;
    }

    assert!(reapers.len() < TRIES, "{reapers:?}");
    given.stop().await;
}

#[tokio::test]
async fn what_ended_a_set_by_force_does_not_reach_the_next_program() {
    let stubborn = "setsid sh -c 'trap \"\" TERM; echo > ready; exec sleep 1000' & until [ -s ready ]; do :; done; rm ready;";
    let dir = tempfile::tempdir().unwrap();
    let script =
        format!("{TELLS} echo $$ >> tries; [ $(wc -l < tries) = 5 ] && exec sleep 1000; {stubborn} exit 1");
    let process = shell(&script).current_dir(dir.path()).straggler_grace(Duration::from_millis(50));
    let mut given = tree_with_intensity(4, [process.into_child("child").restart(Restart::Transient)]);

    let mut ranks = Vec::new();
    for _ in 0..5 {
        given.line().await;
        ranks.push(given.line().await);
    }

    assert_eq!(ranks, vec![ordinary(); 5]);
    let last = given.stop().await.status;
    assert_eq!(
        last,
        Some(Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false, out_of_memory: false })
    );
}

#[tokio::test]
async fn a_program_has_the_rank_of_the_first_one_and_not_that_of_its_reaper() {
    let (mut given, _dir) = fails_often();

    let mut ranks = Vec::new();
    for _ in 0..TRIES {
        given.line().await;
        ranks.push(given.line().await);
    }

    assert_eq!(ranks, vec![ordinary(); TRIES]);
    given.stop().await;
}

#[tokio::test]
async fn what_a_program_did_to_its_cgroup_does_not_reach_the_next_one() {
    // Where there are cgroups, the program's is named after its reaper; no other one is touched.
    let cgroup = "c=$(awk '/ - cgroup2 /{print $5; exit}' /proc/self/mountinfo)$(sed -n 's/^0:://p' /proc/self/cgroup); \
                  case $c in */child-$PPID) cat $c/cgroup.max.descendants;; *) c=; echo max;; esac;";
    for traces in ["", "mkdir $c/inner;"] {
        let dir = tempfile::tempdir().unwrap();
        let changes = format!("[ -n \"$c\" ] && {{ {traces} echo 0 > $c/cgroup.max.descendants; }};");
        let script = format!("{cgroup} {LAST_TRY} && exec sleep 1000; {changes} exit 1");
        let process = shell(&script).current_dir(dir.path()).into_child("child");
        let mut given = tree_with_intensity(TRIES as u32, [process.restart(Restart::Transient)]);

        for _ in 0..TRIES {
            assert_eq!(given.line().await, "max", "{traces}");
        }
        given.stop().await;
    }
}

/// Writes the parent, the rank and the scheduling of the program.
const TELLS: &str = "echo $PPID; echo $(nice) $(cut -d' ' -f41 /proc/$$/stat);";

fn ordinary() -> String {
    let own = std::process::Command::new("nice").output().unwrap().stdout;
    format!("{} 0", String::from_utf8(own).unwrap().trim())
}

/// More often than there are reapers that have not been used yet.
const TRIES: usize = 8;

/// Counts the tries, and succeeds in the last one.
const LAST_TRY: &str = "echo >> tries; [ $(wc -l < tries) = 8 ]";

/// A child of which all incarnations fail but the last.
fn fails_often() -> (Given, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("{TELLS} {LAST_TRY} && exec sleep 1000; exit 1");
    let process = shell(&script).current_dir(dir.path()).into_child("child");
    (tree_with_intensity(TRIES as u32, [process.restart(Restart::Transient)]), dir)
}
