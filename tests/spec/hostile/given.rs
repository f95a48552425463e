//! What a program has given to all children, and what panics or blocks when it is dropped.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rootward::report::Ending;
use rootward::{Application, ChildSpec, Restart, Supervisor};
use rootward_tests::BACKSTOP;

use crate::support::{
    Blocked, Deed, OtherRuntime, WhenDropped, blocks, builder, given_tree, obedient, panics, within,
};

#[test]
fn a_program_ends_although_the_drop_of_what_it_has_given_misbehaves() {
    let (blocked, release) = Blocked::new();
    for deed in [panics(), blocks(&blocked)] {
        let (end, ends) = mpsc::channel();
        let (reported, reports) = mpsc::channel();
        thread::spawn(move || {
            let job = ChildSpec::task("job", |_| async {}).restart(Restart::Temporary);
            let application = Application::new(Supervisor::new("root").child(job))
                .configure(move |tree| tree.provide(given(deed)))
                .on_report(move |report| reported.send(report.ending).expect("the test waits"));
            end.send(application.prepare().expect("its description makes sense").run().is_ok())
        });

        assert_eq!(ends.recv_timeout(BACKSTOP), Ok(true));
        assert_eq!(reports.try_recv(), Ok(Ending::Clean));
    }
    drop(release);
}

#[tokio::test]
async fn an_embedded_tree_ends_although_the_drop_of_what_its_program_has_given_misbehaves() {
    let (blocked, release) = Blocked::new();
    for deed in [panics(), blocks(&blocked)] {
        let runtime = OtherRuntime::new(1);
        let entered = runtime.enter();
        let (tree, _log) = within("the start", given_tree(builder(root()).provide(given(deed)))).await;
        drop(entered);

        let report = tree.stop().await;

        assert!(report.clean);
        drop(tree);
        within("a turn on its runtime", runtime.spawn(async {})).await.unwrap();
    }
    drop(release);
}

/// If each of them waited for the drop there were some seconds.
#[tokio::test]
async fn the_last_handle_of_a_tree_holds_up_no_thread_of_a_runtime() {
    const MANY: u32 = 20;
    let (blocked, release) = Blocked::new();
    let mut held_up = Duration::ZERO;
    for _ in 0..MANY {
        let (tree, _log) = given_tree(builder(root()).provide(given(blocks(&blocked)))).await;
        let _ = tree.stop().await;
        let before = tokio::time::Instant::now();
        drop(tree);
        held_up += before.elapsed();
    }

    assert!(held_up < MANY * Duration::from_millis(250), "{held_up:?}");
    drop(release);
}

fn root() -> Supervisor {
    Supervisor::new("root").child(obedient("a"))
}

fn given(deed: Deed) -> Arc<WhenDropped> {
    Arc::new(WhenDropped(deed))
}
