//! Random trees, operated on while they are busy.

use proptest::strategy::Strategy;
use rootward_core::seeded::Time;

use super::{Kind, tell_many};
use crate::clock::Timing;
use crate::describe::Plan;
use crate::operate::Operation;
use crate::real_time::Hasten;
use crate::{grow, operate, play, promises};

#[test]
fn seeded_the_record_of_a_tree_keeps_the_promises_under_any_schedule() {
    tell_many(&Trees);
}

pub(super) struct Trees;

impl Kind for Trees {
    type Matter = (Plan, Vec<Operation>);

    const NAME: &str = "trees";

    fn any(&self) -> impl Strategy<Value = Self::Matter> {
        (grow::any_small_plan(), operate::any_few_operations())
    }

    fn tell(&self, seed: u64, time: Time, (plan, operations): &Self::Matter) -> Result<(), String> {
        let story = match time {
            Time::AtRest => play::play_seeded(seed, plan, operations, Timing::Seeded),
            // Judged as in real time, and so it has to be a story for that.
            Time::AtAnyPoint => {
                let (plan, operations) = (plan.hastened(), operations.hastened());
                play::play_seeded(seed, &plan, &operations, Timing::SeededLoosely)
            }
        };
        promises::judge(&story?)
    }
}
