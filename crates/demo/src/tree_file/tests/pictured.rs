//! Mistakes are shown in the file's own lines, with the place underlined.

use super::picture;

#[test]
fn a_key_and_a_value_are_underlined_where_they_stand() {
    let file =
        |line: &str| format!("id = 'root'\n[[children]]\nid = 'web'\n{line}\ntask = {{ run = 'forever' }}\n");

    assert_eq!(
        picture("a.toml", &file("restrat = 'permanent'")),
        lines(&["  |", "4 | restrat = 'permanent'", "  | ^^^^^^^"])
    );
    assert_eq!(
        picture("a.toml", &file("restart = 'sometimes'")),
        lines(&["  |", "4 | restart = 'sometimes'", "  |           ^^^^^^^^^^^"])
    );
    assert_eq!(
        picture("a.toml", &file("restart = permanent")),
        lines(&["  |", "4 | restart = permanent", "  |           ^^^^^^^^^"])
    );
}

#[test]
fn in_json_a_key_is_underlined_with_its_quotes() {
    let text = "{\n  \"id\": \"root\",\n  \"stra\\\"tegy\" : \"one_for_one\"\n}\n";

    assert_eq!(
        picture("a.json", text),
        lines(&["  |", "3 |   \"stra\\\"tegy\" : \"one_for_one\"", "  |   ^^^^^^^^^^^^"])
    );
    assert_eq!(
        picture("a.json", "{\"id\": \"root\",\n  \"strategy\": one}"),
        lines(&["  |", "2 |   \"strategy\": one}", "  |               ^"])
    );
}

#[test]
fn an_unknown_user_or_group_is_underlined_and_not_the_whole_process() {
    let file =
        |keys: &str| format!("[[children]]\nid = 'web'\n[children.process]\ncommand = ['id']\n{keys}\n");

    assert_eq!(
        picture("a.toml", &file("user = 'no-such-user'")),
        lines(&["  |", "5 | user = 'no-such-user'", "  |        ^^^^^^^^^^^^^^"])
    );
    assert_eq!(
        picture("a.toml", &file("user = 'root'\ngroup = 'no-such-group'")),
        lines(&["  |", "6 | group = 'no-such-group'", "  |         ^^^^^^^^^^^^^^^"])
    );
}

#[test]
fn an_id_that_is_there_twice_is_shown_at_both_places() {
    let text = "[[children]]\nid = 'a'\ntask = { run = 'forever' }\n\n[[children]]\nid = 'a'\n\
                task = { run = 'forever' }\n";

    assert_eq!(
        picture("a.toml", text),
        lines(&[
            "  |",
            "2 | id = 'a'",
            "  |      --- the first of this name",
            "...",
            "6 | id = 'a'",
            "  |      ^^^",
        ])
    );
}

#[test]
fn what_is_missing_is_shown_where_its_table_begins() {
    assert_eq!(
        picture("a.toml", "[[children]]\ntask = { run = 'forever' }\n"),
        lines(&["  |", "1 | [[children]]", "  | ^^^^^^^^^^^^"])
    );
}

#[test]
fn a_file_that_ends_too_early_has_its_end_underlined() {
    for (name, text) in [
        ("a.json", "{\n"),
        ("a.json", "{\"id\": \"ü"),
        ("a.toml", "id = 'ü"),
        ("a.toml", "[[children]"),
        ("a.json", "\u{0}"),
    ] {
        let picture = picture(name, text);

        assert!(picture.contains('^') && picture.contains("1 | "), "{text:?}: {picture}");
    }
}

#[test]
fn a_place_in_a_very_long_line_can_be_seen() {
    let line =
        format!("id = 'root'\nchildren = [{}{{ id = 'b', taks = {{}} }}]\n", "{ id = 'a' }, ".repeat(200));

    let picture = picture("a.toml", &line);

    let lines: Vec<_> = picture.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 200), "{picture}");
}

fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}
