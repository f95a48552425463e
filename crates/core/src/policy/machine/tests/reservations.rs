//! Reserved places for children that are still to come.

use super::*;

const FIRST: CallKey = CallKey(100);
const SECOND: CallKey = CallKey(101);

fn asks_for_room(rig: &mut Rig, call: CallKey) -> Vec<Action> {
    rig.tell(Input::Call { call, request: Request::Reserve })
}

fn gives(call: CallKey) -> Action {
    Action::Reply { call, reply: Reply::Reserved }
}

fn starts_in_room(rig: &mut Rig, key: ChildKey) -> Vec<Action> {
    rig.asks_for(Request::StartInReserved { key, id: id(key), traits: temporary() })
}

/// A dynamic supervisor with so many places, and without children.
fn empty(max_children: usize) -> Rig {
    Rig::running(dynamic(max_children), [])
}

#[test]
fn room_is_given_at_once_as_long_as_there_is_any() {
    let mut rig = empty(1);

    assert_eq!(asks_for_room(&mut rig, FIRST), [gives(FIRST)]);
    assert_eq!(asks_for_room(&mut rig, SECOND), []);
}

#[test]
fn room_that_is_kept_counts_as_a_child() {
    let mut rig = empty(1);
    asks_for_room(&mut rig, FIRST);

    let refused = rig.starts(A, temporary());

    assert_eq!(refused, [Action::Decline(A), Action::Reply { call: CALL, reply: Reply::MaxChildren }]);
}

#[test]
fn a_child_takes_the_place_that_was_reserved_for_it_and_no_other() {
    let mut rig = empty(2);
    asks_for_room(&mut rig, FIRST);

    assert_eq!(starts_in_room(&mut rig, A), [Action::Keep(A), Action::Start(A)]);
    rig.tell(Input::Started(A));

    assert_eq!(asks_for_room(&mut rig, SECOND), [gives(SECOND)], "one child and one place that is kept");
    assert_eq!(asks_for_room(&mut rig, FIRST), []);
}

#[test]
fn callers_get_places_in_the_order_in_which_they_asked_when_children_are_gone() {
    let mut rig = empty(1);
    rig.starts(A, temporary());
    rig.tell(Input::Started(A));
    asks_for_room(&mut rig, FIRST);
    asks_for_room(&mut rig, SECOND);

    assert_eq!(rig.ended(A), [Action::Forget(A), gives(FIRST)]);
    assert_eq!(
        rig.tell(Input::ReservationDropped),
        [gives(SECOND)],
        "a place that is given up goes to the next caller"
    );
}

#[test]
fn a_supervisor_that_keeps_its_children_has_places_for_any_number() {
    let mut rig = Rig::running(policy(Strategy::OneForOne, 9), [permanent()]);

    assert_eq!(asks_for_room(&mut rig, FIRST), [gives(FIRST)]);
}

#[test]
fn callers_that_wait_are_refused_when_the_supervisor_stops() {
    let mut rig = empty(1);
    asks_for_room(&mut rig, FIRST);
    asks_for_room(&mut rig, SECOND);

    let actions = rig.stop(None);

    assert!(actions.contains(&Action::Reply { call: SECOND, reply: Reply::Stopping }), "{actions:?}");
}

#[test]
fn no_place_is_given_and_none_is_used_once_the_stop_of_an_ancestor_has_begun() {
    let mut rig = empty(2);
    asks_for_room(&mut rig, FIRST);
    rig.tell(Input::Hold);

    assert_eq!(asks_for_room(&mut rig, SECOND), [Action::Reply { call: SECOND, reply: Reply::Stopping }]);
    let refused = [Action::Refuse(A), Action::Reply { call: CALL, reply: Reply::Stopping }];
    assert_eq!(starts_in_room(&mut rig, A), refused);
}

#[test]
fn a_caller_that_waits_gets_no_place_that_comes_free_once_the_stop_of_an_ancestor_has_begun() {
    let mut rig = empty(1);
    asks_for_room(&mut rig, FIRST);
    asks_for_room(&mut rig, SECOND);

    let mut actions = rig.tell(Input::Hold);
    actions.extend(rig.tell(Input::ReservationDropped));

    assert_eq!(actions, [Action::Reply { call: SECOND, reply: Reply::Stopping }]);
}
