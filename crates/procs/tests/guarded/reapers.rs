//! Reapers are given one program after the other, and each program begins as if it were the first.

use std::time::Duration;

use rootward_core::{Exit, Restart};

use crate::given::{Given, shell, tree_with_intensity};

#[tokio::test]
async fn a_reaper_that_has_nothing_left_is_given_the_next_program() {
    let (mut given, _dir) = fails_once();

    let (first, _) = (given.line().await, given.line().await);
    let (second, _) = (given.line().await, given.line().await);

    assert_eq!(first, second);
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
    assert_eq!(last, Some(Exit::Signal { name: "SIGTERM".into(), number: 15, core_dumped: false }));
}

#[tokio::test]
async fn a_program_has_the_rank_of_the_first_one_and_not_that_of_its_reaper() {
    let (mut given, _dir) = fails_once();

    let (_, first) = (given.line().await, given.line().await);
    let (_, second) = (given.line().await, given.line().await);

    assert_eq!([first, second], [ordinary(), ordinary()]);
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
        let script =
            format!("{cgroup} [ -s second ] && exec sleep 1000; echo yes > second; {changes} exit 1");
        let process = shell(&script).current_dir(dir.path()).into_child("child");
        let mut given = tree_with_intensity(1, [process.restart(Restart::Transient)]);

        assert_eq!([given.line().await, given.line().await], ["max", "max"], "{traces}");
        given.stop().await;
    }
}

/// Says who is the parent, and what rank and scheduling there is.
const TELLS: &str = "echo $PPID; echo $(nice) $(cut -d' ' -f41 /proc/$$/stat);";

fn ordinary() -> String {
    let own = std::process::Command::new("nice").output().unwrap().stdout;
    format!("{} 0", String::from_utf8(own).unwrap().trim())
}

/// A child whose first incarnation fails.
fn fails_once() -> (Given, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("{TELLS} [ -s second ] && exec sleep 1000; echo yes > second; exit 1");
    let process = shell(&script).current_dir(dir.path()).into_child("child");
    (tree_with_intensity(1, [process.restart(Restart::Transient)]), dir)
}
