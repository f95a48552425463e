//! What the gate and the notify stand on, in a place of its own so that a model of them can put something else in its
//! stead.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use crate::sync::{Mutex, MutexGuard, PoisonError};
