//! What is answered, and how.

use rootward_core::{ChildSpec, Supervisor};
use tokio::runtime::Builder;

use super::*;

#[test]
fn supervisors_hang_after_four_ticks_without_an_answer_and_not_because_time_has_passed() {
    let mut liveness = Liveness::default();

    assert!(liveness.tick(), "they are asked");
    for _ in 0..3 {
        assert!(!liveness.tick(), "they have been asked");
    }
    assert!(liveness.is_live());
    liveness.tick();
    assert!(!liveness.is_live());
    liveness.tick();
    assert!(!liveness.is_live());
    liveness.answered();
    assert!(liveness.is_live() && liveness.tick());
}

/// `root`, with a child `web` and a supervisor `visits`, below which is `visitor`.
fn look() -> NodeSnapshot {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let task = |id: &str| ChildSpec::task(id, |cx| async move { cx.stopping().await });
    let visits = Supervisor::new("visits").child(task("visitor"));
    runtime.block_on(async {
        let tree = Supervisor::new("root").child(task("web")).child(visits).start().await.unwrap();
        let look = tree.snapshot().root;
        tree.stop().await;
        look
    })
}

/// What is checked of the children, if this is temporary.
fn checked(root: &NodeSnapshot, temporary: &str) -> Vec<ProbeCheck> {
    children(root, |path| Some(if path == temporary { Restart::Temporary } else { Restart::Permanent }))
}

#[test]
fn every_child_has_to_be_ready_but_what_is_temporary_and_what_is_below_that() {
    let mut root = look();
    let all = ["root/web", "root/visits", "root/visits/visitor"].map(|path| ProbeCheck::of(path, None));
    assert_eq!(checked(&root, "root/visits"), all, "what is ready is shown in any case");

    root.children[1].children[0].state = ChildState::Restarting;
    let unready = ProbeCheck::of("root/visits/visitor", Some("restarting"));
    assert_eq!(checked(&root, "none")[2], unready);
    assert_eq!(checked(&root, "root/web")[2], unready);
    assert_eq!(
        checked(&root, "root"),
        [all[0].clone(), all[1].clone(), unready],
        "the root has no such kind"
    );
    for temporary in ["root/visits", "root/visits/visitor"] {
        assert_eq!(checked(&root, temporary), all[..2], "{temporary} is temporary");
    }

    root.children[1].children[0].state = ChildState::Down;
    assert_eq!(checked(&root, "none"), all, "one that has ended as it should is no problem");
}

#[test]
fn what_a_task_has_begun_counts_for_nothing() {
    let mut root = look();
    root.children[0].state = ChildState::Starting;

    let of_specs = children(&root, |path| (path != "root/web").then_some(Restart::Permanent));

    assert!(of_specs.iter().all(|check| check.of != "root/web"), "{of_specs:?}");
}

#[test]
fn each_probe_looks_at_what_it_is_for() {
    let problem = Some("starting".to_owned());
    let child = ProbeCheck { of: "root/web".to_owned(), problem };
    let facts = |is_live, has_started, stop_requested| ProbeFacts {
        is_live,
        has_started,
        stop_requested,
        children: vec![child.clone()],
    };
    let started = |problem| ProbeCheck::of("started", problem);
    let stops = |problem| ProbeCheck::of("not stopping", problem);

    let live = |is_live| checks(Probe::Live, &facts(is_live, false, true));
    assert_eq!(live(true), [ProbeCheck::of("supervisors", None)]);
    assert_eq!(live(false), [ProbeCheck::of("supervisors", Some("they do not answer"))]);
    let startup = |has_started| checks(Probe::Startup, &facts(false, has_started, true));
    assert_eq!(startup(true), [started(None)]);
    assert_eq!(startup(false), [started(Some("the tree has not started"))]);
    assert_eq!(checks(Probe::Ready, &facts(false, true, false)), [started(None), stops(None), child.clone()]);
    assert_eq!(
        checks(Probe::Ready, &facts(true, false, true)),
        [started(Some("the tree has not started")), stops(Some("a stop has been asked for")), child]
    );
}

#[test]
fn an_answer_says_what_does_not_hold_and_with_verbose_everything() {
    let holds = [ProbeCheck::of("started", None)];
    let fails = [ProbeCheck::of("started", None), ProbeCheck::of("root/web", Some("starting"))];

    assert_eq!(text(Probe::Ready, &holds, false), "ok\n");
    assert_eq!(text(Probe::Ready, &holds, true), "[+]started ok\nreadyz passes\n");
    assert_eq!(text(Probe::Ready, &fails, false), "[-]root/web starting\nreadyz fails\n");
    assert_eq!(text(Probe::Ready, &fails, true), "[-]root/web starting\n[+]started ok\nreadyz fails\n");
}

#[test]
fn an_answer_has_a_thousand_lines_at_most_and_says_how_many_more_there_are() {
    let many = |failed: usize, held: usize| -> Vec<ProbeCheck> {
        let failed = (0..failed).map(|_| ProbeCheck::of("a", Some("down")));
        failed.chain((0..held).map(|_| ProbeCheck::of("b", None))).collect()
    };
    let more = |failed, held| {
        let text = text(Probe::Ready, &many(failed, held), true);
        text.lines().find(|line| line.starts_with("and ")).map(str::to_owned)
    };

    assert_eq!(more(600, 399), None);
    assert_eq!(more(600, 400), None);
    assert_eq!(more(600, 401).as_deref(), Some("and 1 more"));
    assert_eq!(more(600, 600).as_deref(), Some("and 200 more"));
}
