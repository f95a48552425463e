//! Finds the name that the author of the file probably meant.

/// The known name that is nearest to what was written, if one is near.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= tolerance(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Short names are near to everything, so they have to be hit more exactly.
fn tolerance(name: &str) -> usize {
    (name.len() / 3).clamp(1, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        let known = ["permanent", "transient", "temporary"];

        assert_eq!(nearest("permanet", known), Some("permanent"));
        assert_eq!(nearest("Transient", known), Some("transient"));
        assert_eq!(nearest("tepmorary", known), Some("temporary"));
        assert_eq!(nearest("one-for-one", ["one_for_one", "one_for_all"]), Some("one_for_one"));
        assert_eq!(nearest("always", known), None);
        assert_eq!(nearest("", ["id"]), None);
    }
}
