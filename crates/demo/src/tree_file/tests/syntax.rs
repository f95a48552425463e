//! Files that cannot be read at all.

use super::{json, toml};

#[test]
fn a_mistake_in_toml_is_reported_with_its_line_and_column() {
    let message = toml("id = 'root'\nstrategy = one_for_one\n").unwrap_err();

    assert!(message.starts_with("tree.toml:2:12: not valid TOML: "), "{message}");
}

#[test]
fn a_mistake_in_toml_is_reported_with_the_child_it_stands_in() {
    let tree = |line: &str| {
        format!(
            "[[children]]\nid = 'a'\n[children.supervisor]\n\
             [[children.supervisor.children]]\nid = 'b'\n{line}\ntask = {{ run = 'forever' }}\n\
             [[children]]\nid = 'c'\ntask = {{ run = 'forever' }}\n"
        )
    };

    let duplicate = toml(&tree("restart = 'permanent'\nrestart = 'transient'")).unwrap_err();
    assert!(duplicate.starts_with("tree.toml:7:1: root/a/b: not valid TOML: duplicate key"), "{duplicate}");

    let unquoted = toml(&tree("restart = permanent")).unwrap_err();
    assert!(unquoted.starts_with("tree.toml:6:11: root/a/b: not valid TOML: "), "{unquoted}");
}

#[test]
fn a_mistake_in_json_is_reported_with_its_line_and_column() {
    let message = json("{\"id\": \"root\",\n  \"strategy\": one}").unwrap_err();
    assert_eq!(message, "tree.json:2:15: not valid JSON: expected value");
}

#[test]
fn what_ends_too_early_or_goes_on_too_long_is_refused() {
    for text in ["{", "{\"id\": \"root\"", "{} {}", "{}]", "nonsense", "\"\\ud800\"", "\u{0}"] {
        let message = json(text).unwrap_err();

        assert!(
            message.starts_with("tree.json:1:") && message.contains("not valid JSON"),
            "{text}: {message}"
        );
    }
    for text in ["[[children]", "id = 'root", "id = \"\"\"", "= 1", "[a]\n[a]", "\u{0}", "a.b = 1\na = 2"] {
        let message = toml(text).unwrap_err();

        assert!(message.starts_with("tree.toml:") && message.contains("not valid TOML"), "{text}: {message}");
    }
}

#[test]
fn what_is_no_table_is_no_tree() {
    assert_eq!(json("[]").unwrap_err(), "tree.json:1: root: expected a table, found a list");
    assert_eq!(json("7").unwrap_err(), "tree.json:1: root: expected a table, found the number 7");
}

#[test]
fn endless_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let lists = json(&"[".repeat(100_000)).unwrap_err();
    assert!(lists.contains("not valid JSON: EOF"), "{lists}");

    let balanced = json(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).unwrap_err();
    assert!(balanced.ends_with("nested deeper than 384 levels"), "{balanced}");

    let tables = toml(&format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000))).unwrap_err();
    assert!(tables.contains("not valid TOML: "), "{tables}");
}
