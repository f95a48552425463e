//! How often a race is run.

/// Enough to find most races. `ROOTWARD_RUNS` in the environment asks for another number.
pub(crate) fn runs() -> u32 {
    std::env::var("ROOTWARD_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(50)
}
