//! Tasks that have children, and start more of them while they are being stopped.

use proptest::strategy::Strategy;
use rootward_core::seeded::{Time, run};

use super::{Kind, tell_many};
use crate::family::{Family, any_family, judge, tell};

#[test]
fn seeded_the_record_of_tasks_with_children_keeps_the_promises_under_any_schedule() {
    tell_many(&Families);
}

struct Families;

impl Kind for Families {
    type Matter = Family;

    const NAME: &str = "families";

    fn any(&self) -> impl Strategy<Value = Family> {
        any_family()
    }

    fn tell(&self, seed: u64, time: Time, family: &Family) -> Result<(), String> {
        let described = family.clone();
        let told = run(seed, time, move || tell(described));
        told.unwrap_or_else(|failure| Err(failure.to_string()))
            .and_then(|story| judge(&story))
            .map_err(|wrong| format!("{wrong}\n{family:#?}"))
    }
}
