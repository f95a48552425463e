//! Long lines of descendants, several trees, a runtime that goes in the middle of a start: no process is left.

use std::time::Duration;

use rootward_core::{Ending, EventKind, Outcome, Restart, StopOrder, Supervisor};
use rootward_procs::{Containment, Process, Warden};

use crate::given::{is_alive, line, shell, tree, tree_with_intensity, wait_until_gone};
use crate::until::{PATIENCE, within};

#[tokio::test]
async fn a_line_of_generations_is_brought_down_however_long_it_is() {
    // Every generation is in a session of its own. Seventy are more than twice as many as are followed in one go.
    let dir = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; echo $$; [ $1 = 0 ] && { echo bottom; exec sleep 1000; }; setsid sh ./line $(($1 - 1)) & wait";
    std::fs::write(dir.path().join("line"), script).unwrap();
    let process = Process::new("/bin/sh").args(["./line", "70"]).current_dir(dir.path()).into_child("child");
    let mut given = tree([process.shutdown(Duration::from_millis(100))]);
    let mut pids = Vec::new();
    while let Ok(pid) = given.line().await.parse::<u32>() {
        pids.push(pid);
    }

    let report = given.stop().await;

    assert_eq!(pids.len(), 71);
    assert_eq!(report.outcome, Outcome::Killed);
    assert!(!pids.into_iter().any(is_alive));
}

#[tokio::test]
async fn two_trees_with_one_warden_do_not_touch_each_others_processes() {
    let containment = Containment::tree(&warden());
    let start = || async {
        let daemon = "setsid sh -c 'echo $$; exec sleep 1000' & exec sleep 1000";
        let root = Supervisor::new("root").child(shell(daemon).into_child("child"));
        let mut builder = containment.apply(root.into_tree().unwrap());
        let mut events = builder.subscribe();
        let tree = builder.start().await.unwrap();
        let daemon = async {
            loop {
                let event = events.next().await.unwrap().unwrap();
                if let Some(pid) = line(&event) {
                    return pid.parse::<u32>().unwrap();
                }
            }
        };
        let daemon = within("the daemon runs", daemon).await;
        (tree, daemon)
    };
    let ((one, ones), (other, others)) = tokio::join!(start(), start());

    assert!(one.stop().await.clean);
    assert!(!is_alive(ones) && is_alive(others));
    assert!(other.stop().await.clean);
    assert!(!is_alive(others));
}

#[test]
fn a_runtime_that_is_dropped_in_the_middle_of_a_start_leaves_no_process() {
    for so_many in [0, 1, 5, 20] {
        let warden = warden();
        let containment = Containment::tree(&warden);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (tree, pids) = runtime.block_on(async {
            let script = "setsid sleep 1000 & exec sleep 1000";
            let children = (0..40).map(|n| shell(script).into_child(n.to_string()));
            let mut builder =
                containment.apply(Supervisor::new("root").children(children).into_tree().unwrap());
            let mut events = builder.subscribe();
            let tree = builder.launch();
            let mut pids = Vec::new();
            while pids.len() < so_many {
                let next = within("the next start", events.next()).await;
                if let EventKind::Started { pid: Some(pid) } = next.unwrap().unwrap().what {
                    pids.push(pid);
                }
            }
            (tree, pids)
        });

        drop(runtime);

        assert!(warden.close(PATIENCE), "after {so_many}");
        wait_until_gone(warden.pid());
        assert!(!pids.into_iter().any(is_alive));
        // The holder of the tree keeps no reaper and no warden.
        drop(tree);
    }
}

#[tokio::test]
async fn a_program_that_is_missing_at_each_restart_is_named_each_time_until_the_intensity_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("script");
    std::fs::write(&path, "#!/bin/sh\nrm \"$0\"\nexit 1\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let given = tree_with_intensity(5, [Process::new(&path).into_child("child")]);

    let events = given.rest().await;

    let failed = events.iter().filter_map(|event| match &event.what {
        EventKind::StartFailed { error, .. } => Some(error.clone()),
        _ => None,
    });
    let expected = format!("the program `{}` was not found", path.display());
    assert_eq!(failed.collect::<Vec<_>>(), vec![expected; 5]);
}

#[tokio::test]
async fn wave_after_wave_of_reapers_lives_in_the_memory_of_the_first_ones() {
    const WAVES: u64 = 10;
    const CHILDREN: u64 = 24;
    let warden = warden();
    let containment = Containment::tree(&warden);
    let before = memory(warden.pid());
    for _ in 0..WAVES {
        // A reaper that has ended a set by force exits.
        let child = |n: u64| {
            let stubborn = shell("trap '' TERM; echo; exec sleep 1000").into_child(n.to_string());
            stubborn.shutdown(Duration::from_millis(1)).restart(Restart::Temporary)
        };
        let root =
            Supervisor::new("root").children((0..CHILDREN).map(child)).stop_order(StopOrder::Concurrent);
        let tree = containment.apply(root.into_tree().unwrap()).start().await.unwrap();
        assert_ne!(tree.stop().await.ending, Ending::Incomplete);
    }

    // A reaper has some 200 KiB of addresses. Those of one wave may still be leaving when the next one comes.
    let grown = memory(warden.pid()) - before;
    assert!(grown < WAVES * CHILDREN * 200 / 2, "{grown} KiB");
}

fn warden() -> Warden {
    Warden::program(env!("CARGO_BIN_EXE_rootward-warden")).unwrap()
}

/// How many KiB of addresses a process has.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
