//! Which crate may depend on which, and which module may import which.

use std::collections::BTreeSet;
use std::fs;

use super::code::code_of;
use super::offenders;
use super::sources::workspace;

#[test]
fn packages_know_only_those_below_them() {
    let may_know: [(&str, &[&str]); 7] = [
        ("crates/core", &[]),
        ("crates/procs", &["rootward-core"]),
        ("crates/signals", &["rootward-core"]),
        ("crates/observer", &["rootward-core"]),
        ("crates/rootward", &["rootward-core", "rootward-observer", "rootward-procs", "rootward-signals"]),
        ("crates/demo", &["rootward", "rootward-observer"]),
        ("tests", &["rootward"]),
    ];

    for (package, allowed) in may_know {
        let known = packages_known_to(package);
        assert!(known.iter().all(|name| allowed.contains(&name.as_str())), "{package} knows {known:?}");
    }
}

#[test]
fn the_core_knows_no_processes_and_no_signals() {
    let known = dependencies_of("crates/core");

    assert!(["nix", "libc", "signal-hook"].iter().all(|name| !known.contains(*name)), "{known:?}");
}

#[test]
fn policy_knows_what_users_write_down_and_nothing_of_what_runs() {
    // `Signal` of the crate for signals is the core's, and plain data.
    let may_know = ["child", "event", "policy", "Signal"];

    let curious = offenders(|source| {
        let code = code_of(&source.text);
        let known =
            code.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
        let is_known = |name: Option<&str>| name.is_some_and(|name| may_know.contains(&name));
        source.has_directory("policy") && !source.is_test() && !known.into_iter().all(is_known)
    });

    assert!(curious.is_empty(), "these look beyond policy: {curious:#?}");
}

#[test]
fn only_supervisors_and_actor_children_in_the_core_know_of_actors() {
    let others = offenders(|source| {
        source.is_in("crates/core/src")
            && !source.has_directory("supervisor")
            && !source.has_directory("actor")
            && code_of(&source.text).contains("ractor::")
    });

    assert!(others.is_empty(), "these use ractor as well: {others:#?}");
}

/// The packages of this workspace on which a package depends, other than for its own tests.
fn packages_known_to(package: &str) -> BTreeSet<String> {
    dependencies_of(package).into_iter().filter(|name| name.starts_with("rootward")).collect()
}

fn dependencies_of(package: &str) -> BTreeSet<String> {
    let path = workspace().join(package).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: toml::Table = text.parse().expect("a manifest is TOML");
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    dependencies.into_iter().flat_map(|table| table.keys().cloned()).collect()
}
