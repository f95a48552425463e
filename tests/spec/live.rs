//! Children that come and go while their supervisor runs (OTP rules 42 to 46).

mod handles;
mod starting;
mod stopping;

use rootward::{SupervisorHandle, Tree};

fn root_of(tree: &Tree) -> SupervisorHandle {
    tree.root().expect("the root runs")
}
