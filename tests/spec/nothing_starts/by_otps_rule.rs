//! `StopReach::Asked`: as in OTP, a supervisor goes on until it is asked itself.

use rootward::spec::StopReach;
use rootward::{DynamicSupervisor, Supervisor};

use super::{SECOND, begun_after, root_with};
use crate::support::{EventLog, GivenTree, Puppet, builder, given_tree, obedient};

/// OTP rule 14.
#[tokio::test(start_paused = true)]
async fn a_supervisor_restarts_its_children_until_it_is_asked_to_stop() {
    let x = Puppet::new("x");
    let (tree, mut log) =
        given_by_otps_rule(root_with(Supervisor::new("group").intensity(9, SECOND).child(x.spec()))).await;
    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;

    x.fails();
    log.wait_for_event("group/x", "started").await;

    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), ["group/x restarting", "group/x starting"]);
    assert_eq!(begun_after(&record, "group stopping"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_starts_what_it_is_told_to_until_it_is_asked_to_stop() {
    let (tree, mut log) = given_by_otps_rule(root_with(DynamicSupervisor::new("group"))).await;
    let jobs = tree.supervisor("root/group").unwrap();
    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;

    let started = jobs.start_child(obedient("job")).await;

    assert!(started.is_ok(), "{started:?}");
    assert_eq!(tree.wait().await.refused, 0);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_gives_up_before_it_is_asked_to_stop() {
    let x = Puppet::new("x");
    let hasty = Supervisor::new("group").intensity(0, SECOND).child(x.spec());
    let (tree, mut log) = given_by_otps_rule(root_with(hasty)).await;
    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;

    x.fails();

    let _ = tree.wait().await;
    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), ["group gave_up"]);
    assert_eq!(record.of_child("group"), ["starting", "started", "gave_up", "exited"]);
}

async fn given_by_otps_rule(root: Supervisor) -> (GivenTree, EventLog) {
    given_tree(builder(root).stop_reach(StopReach::Asked)).await
}
