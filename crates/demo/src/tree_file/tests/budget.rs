//! The arithmetic of the stop.

use std::path::Path;

use super::super::parse;
use super::super::source::{FileFormat, Source};

fn budget(top: &str, children: &str) -> (String, Vec<String>) {
    let text = format!("{top}\n{children}");
    let source = Source { format: FileFormat::Toml, text };
    let budget = parse(Path::new("tree.toml"), &source).unwrap().budget();
    (budget.to_string(), budget.warnings())
}

fn process(id: &str, rest: &str) -> String {
    format!("[[children]]\nid = '{id}'\nprocess.command = ['sleep', '1']\n{rest}\n")
}

#[test]
fn a_stop_command_takes_its_time_before_the_signals() {
    let tree = super::toml(
        "children = [{ id = 'a', process = { command = ['true'], stop_command = { exec = ['b'], wait = '20s' } } }]",
    );

    assert!(tree.unwrap().budget().to_string().contains("25s of graces"));
}

#[test]
fn graces_of_children_that_stop_one_after_the_other_add_up() {
    let children = process("db", "shutdown = '10s'")
        + &process("cache", "")
        + &process(
            "web",
            "process.stop = [{ signal = 'TERM', wait = '2s' }, { signal = 'INT', wait = '1s' }]",
        )
        + &process("log", "shutdown = 'kill'");

    let (line, warnings) = budget("deadline = '25s'", &children);

    assert_eq!(line, "stop: 18s of graces; forced after 24s, reported after 25s");
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_supervisor_takes_what_its_children_take_and_no_more_than_its_own_grace() {
    let below = "[[children]]\nid = 'below'\n#SHUTDOWN\n\
                 [[children.supervisor.children]]\nid = 'a'\ntask.run = 'forever'\nshutdown = '6s'\n\
                 [[children.supervisor.children]]\nid = 'b'\ntask.run = 'forever'\nshutdown = '7s'\n";

    let (whole, _) = budget("", below);
    let (cut, _) = budget("", &below.replace("#SHUTDOWN", "shutdown = '9s'"));

    assert!(whole.starts_with("stop: 13s of graces;"), "{whole}");
    assert!(cut.starts_with("stop: 9s of graces;"), "{cut}");
}

#[test]
fn what_does_not_fit_is_a_warning_that_names_the_longest_graces_first() {
    let children = process("db", "shutdown = '10s'") + &process("web", "shutdown = '12s'");

    let (line, warnings) = budget("deadline = '20s'\ndrain = '5s'", &children);

    assert_eq!(line, "stop: 5s of drain, then 22s of graces; forced after 19s, reported after 20s");
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(warning.contains("their graces add up to 22s; the deadline has room for 14s"), "{warning}");
    assert!(warning.ends_with("\n  root/web 12s\n  root/db 10s"), "{warning}");
}

#[test]
fn a_child_without_a_limit_is_named_and_a_drain_that_is_too_long_is_cut() {
    let (line, warnings) = budget("deadline = '10s'\ndrain = '8s'", &process("db", "shutdown = 'infinity'"));

    assert!(
        line.starts_with("stop: 5s of drain, then 0s of graces beside root/db, which may take any time;"),
        "{line}"
    );
    let forced = "the deadline of 10s holds for children with shutdown = \"infinity\", too: what has not gone \
                  after 9s is forced:\n  root/db";
    assert_eq!(warnings, ["the drain of 8s is cut to 5s, half of the deadline", forced]);
}

#[test]
fn a_child_without_a_limit_below_a_supervisor_that_has_one_is_no_warning() {
    let below = "[[children]]\nid = 'below'\nshutdown = '9s'\n\
                 [[children.supervisor.children]]\nid = 'a'\ntask.run = 'forever'\nshutdown = 'infinity'\n";

    let (line, warnings) = budget("", below);

    assert!(line.starts_with("stop: 9s of graces;"), "{line}");
    assert_eq!(warnings, Vec::<String>::new());
}
