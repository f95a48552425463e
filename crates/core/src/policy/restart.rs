//! Which exits lead to a restart, as a table.

use crate::child::{ExitClass, Restart};

/// Whether a child that ended by itself is started again: OTP rule 17.
pub(crate) fn is_restarted(restart: Restart, exit: ExitClass) -> bool {
    match (restart, exit) {
        (Restart::Permanent, ExitClass::Normal | ExitClass::Abnormal)
        | (Restart::Transient, ExitClass::Abnormal) => true,
        (Restart::Transient, ExitClass::Normal)
        | (Restart::Temporary, ExitClass::Normal | ExitClass::Abnormal) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP rule 17.
    #[test]
    fn permanent_always_transient_after_abnormal_ends_temporary_never() {
        use ExitClass::{Abnormal, Normal};
        let table = [
            (Restart::Permanent, Normal, true),
            (Restart::Permanent, Abnormal, true),
            (Restart::Transient, Normal, false),
            (Restart::Transient, Abnormal, true),
            (Restart::Temporary, Normal, false),
            (Restart::Temporary, Abnormal, false),
        ];

        for (restart, exit, restarted) in table {
            assert_eq!(is_restarted(restart, exit), restarted, "{restart:?} after {exit:?}");
        }
    }
}
