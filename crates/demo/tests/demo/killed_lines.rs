//! R11: programs without a picture that die while a child has made their terminal raw.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rootward_tests::until_some;

use crate::support::{Temp, Terminal, until};

/// What a process dies of that has no time for anything.
const FATAL: [Signal; 2] = [Signal::SIGKILL, Signal::SIGABRT];

/// Makes the terminal raw, and says so; in the foreground of the demo's, or in one that it has taken.
const RAW: &str = r#"use POSIX; $SIG{TTOU} = "IGNORE"; $| = 1;
POSIX::tcsetpgrp(0, $$) if @ARGV; system "stty raw -echo"; print STDERR "it is raw\n"; sleep 1000"#;

/// A demo with a child that has made the terminal raw.
fn with_a_raw_terminal(view: &str, level: &str, takes: &[&str]) -> Terminal {
    let temp = Temp::new();
    let script = temp.write("raw.pl", RAW);
    let command =
        serde_json::to_string(&[&["perl", script.to_str().expect("a path is text")], takes].concat())
            .expect("texts are JSON");
    let tree = format!(
        "id = 'root'\n[[children]]\nid = 'a'\n\
         process = {{ command = {command}, stdin = 'inherit', ready = {{ line = 'raw' }} }}\n"
    );
    let tree = temp.write("tree.toml", tree);
    let args = ["run", tree.to_str().expect("a path is text"), "--view", view, "--containment", level];
    let terminal = Terminal::demo(&args);
    until("the child has made it raw", || terminal.is_raw());
    terminal
}

/// The program, which is below an init unless it is at level `group`.
fn program(terminal: &Terminal, level: &str) -> Pid {
    if level == "group" {
        return terminal.pid();
    }
    let pid = terminal.pid();
    until_some("it has a child", || {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok().map(Pid::from_raw)
    })
}

#[test]
fn a_program_that_dies_gives_back_the_terminal_that_a_child_has_made_raw() {
    for (view, level) in [("lines", "tree"), ("lines", "group"), ("none", "tree")] {
        for signal in FATAL {
            let terminal = with_a_raw_terminal(view, level, &[]);

            kill(program(&terminal, level), signal).unwrap();
            let left = terminal.finish();

            assert!(left.is_as_before && !left.status.success(), "{signal} {view} {level}: {}", left.screen);
            assert!(!left.raw.contains("\u{1b}[?1049l"), "there was no other screen: {:?}", left.raw);
        }
    }
}

#[test]
fn a_program_that_dies_gives_back_the_terminal_whose_foreground_a_child_has_taken() {
    let terminal = with_a_raw_terminal("lines", "tree", &["takes"]);

    kill(program(&terminal, "tree"), Signal::SIGKILL).unwrap();
    let left = terminal.finish();

    assert!(left.is_as_before, "{}", left.screen);
}

#[test]
fn a_program_that_ends_in_order_leaves_no_restorer() {
    let terminal = with_a_raw_terminal("lines", "tree", &[]);

    terminal.signal(Signal::SIGTERM);
    let left = terminal.finish();

    assert!(left.is_as_before && left.status.code() == Some(0), "{}", left.screen);
}
