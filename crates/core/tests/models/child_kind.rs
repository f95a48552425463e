//! What the guardian's queue knows of reports.

/// What the root says of itself.
pub(crate) struct ChildReport {
    pub(crate) report: Report,
}

pub(crate) enum Report {
    Started {},
    Ended {},
    Failed {},
}
