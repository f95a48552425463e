//! The lock under the gate, in a place of its own so that a model of the gate can put another one in its stead.

pub(super) use crate::sync::{Mutex, MutexGuard, PoisonError};
