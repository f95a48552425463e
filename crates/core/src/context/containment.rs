//! How far the processes of a tree have been followed: the weakest level that was in force for one of them, so that
//! snapshot and report claim no more than all of them had.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What has been noted so far. It is locked for as long as it takes to read or to write it.
#[derive(Debug, Default)]
pub(super) struct NotedContainment(Mutex<Option<&'static str>>);

impl NotedContainment {
    pub(super) fn get(&self) -> Option<&'static str> {
        *self.lock()
    }

    pub(super) fn note(&self, level: &'static str) {
        let mut noted = self.lock();
        if noted.is_none_or(|noted| strength(level) < strength(noted)) {
            *noted = Some(level);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a level reaches. One that is not known here is taken for the weakest.
fn strength(level: &str) -> u8 {
    match level {
        "tree+cgroup" => 2,
        "tree" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_level_that_was_in_force_is_what_is_claimed() {
        let noted = NotedContainment::default();
        assert_eq!(noted.get(), None);

        for (level, expected) in [
            ("tree+cgroup", "tree+cgroup"),
            ("tree", "tree"),
            ("tree+cgroup", "tree"),
            ("group", "group"),
            ("tree", "group"),
        ] {
            noted.note(level);

            assert_eq!(noted.get(), Some(expected), "after {level}");
        }
    }
}
