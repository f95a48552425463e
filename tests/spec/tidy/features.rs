//! The loops of `.ci/floors` that check each feature by itself name every feature that there is.

use std::collections::BTreeSet;
use std::fs;

use super::sources::workspace;

#[test]
fn every_feature_is_checked_by_itself() {
    let floors = fs::read_to_string(workspace().join(".ci/floors")).expect("it is there");

    for name in ["rootward", "observer"] {
        let manifest = workspace().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("each crate has one");
        let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
        let features = manifest["features"].as_table().expect("there are some");
        let features: BTreeSet<_> =
            features.keys().map(String::as_str).filter(|feature| *feature != "default").collect();

        let package = manifest["package"]["name"].as_str().expect("it has a name");
        let checked = checked_alone(&floors, package);

        let missing: Vec<_> = features.difference(&checked).collect();
        assert!(missing.is_empty(), "`.ci/floors` does not check these of {package}: {missing:?}");
    }
}

/// The single words of the loop whose body checks this package.
fn checked_alone<'a>(floors: &'a str, package: &str) -> BTreeSet<&'a str> {
    let check = format!("-p {package} ");
    let loops = floors.split("for features in ").skip(1);
    let of_package = loops.filter_map(|rest| {
        let (words, body) = rest.split_once("; do")?;
        let (body, _) = body.split_once("done")?;
        body.contains(&check).then_some(words)
    });
    of_package.flat_map(str::split_whitespace).collect()
}
