//! What happens when descriptors run out. In a program of its own, because the limit is the whole program's.

use std::fs::File;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rootward_core::{ChildSpec, Exit, Outcome, Restart, Supervisor, TreeStartError};
use rootward_procs::{Process, Ready};

#[tokio::test]
async fn a_start_without_descriptors_fails_as_transient_and_disturbs_no_other_child() {
    // It waits until its own child is a program, which then ignores the signal because its parent did.
    let script =
        "trap '' TERM; sleep 1000 & trap 'exit 0' TERM; until grep -q sleep /proc/$!/comm; do :; done; echo running;
        while :; do :; done";
    let steady =
        Process::new("/bin/sh").args(["-c", script]).ready(Ready::line("running")).into_child("steady");
    // Within this grace the shell's end is noticed, or it would have left nothing behind.
    let steady = steady.shutdown(Duration::from_secs(3));
    let tree = root(steady).start().await.unwrap();

    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
    let taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let refused = root(Process::new("/bin/true").into_child("late")).start().await;
    let report = tokio::time::timeout(Duration::from_secs(30), tree.stop()).await;
    drop(taken);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();

    let TreeStartError::Start { error, .. } = refused.unwrap_err() else {
        panic!("the start should have failed")
    };
    assert_eq!(
        error.describe(),
        "failed to start root/late: `/bin/true` cannot be started now, this program may have 64 descriptors open \
         (RLIMIT_NOFILE): Too many open files (os error 24)"
    );
    let report = report.expect("the tree stops");
    let steady = report.find("root/steady").unwrap();
    assert_eq!(steady.status, Some(Exit::Code(0)));
    assert_eq!(steady.stragglers.iter().map(|left| left.outcome).collect::<Vec<_>>(), [Outcome::Killed]);
}

fn root(child: ChildSpec) -> Supervisor {
    Supervisor::new("root").child(child.restart(Restart::Temporary))
}
