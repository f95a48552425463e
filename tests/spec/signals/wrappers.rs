//! Wrappers as they are: what starts the program stands between it and the keys, or takes its terminal away.

use std::process::Command;

use nix::sys::signal::{Signal, killpg};
use tempfile::TempDir;

use crate::support::Program;

/// A program around one process that takes 300 ms to stop, which is longer than a key press.
const SUPERVISES: [&str; 5] = [env!("CARGO_BIN_EXE_supervises"), "1", "takes_its_time", "0", "300"];

#[test]
fn a_ctrl_c_below_wrappers_is_one_request() {
    let wrappers = [
        &["sh", "-c", "\"$@\"; exit $?", "sh"][..],
        // dash executes the last command in its own place.
        &["sh", "-c", "exec \"$@\"", "sh"],
        &["timeout", "-s", "INT", "3600"],
        &["timeout", "--foreground", "-s", "INT", "3600"],
        &["nice", "env"],
    ];
    for wrapper in wrappers {
        let program = wrapped(wrapper);

        killpg(program.pid(), Signal::SIGINT).expect("the wrapper leads its group");

        let finished = program.finish();
        assert_eq!(finished.lines_after("SIGINT ").first(), Some(&"Stop"), "{wrapper:?}");
        assert!(!finished.lines_after("SIGINT ").contains(&"Force"), "{wrapper:?}: {:#?}", finished.said);
        assert!(finished.said.contains(&"supervisor exiting cleanly".to_owned()), "{wrapper:?}");
    }
}

#[test]
fn a_timeout_that_is_over_stops_the_program_in_order() {
    // It may be over before the program has started.
    let wrapper = ["-s", "INT", "--preserve-status", "1"];
    let program = Program::run("timeout", &[&wrapper[..], &SUPERVISES].concat());

    let finished = program.finish();

    assert_eq!(finished.status.code(), Some(0), "{:#?}", finished.said);
    assert!(!finished.lines_after("SIGINT ").contains(&"Force"), "{:#?}", finished.said);
}

#[test]
fn in_a_session_of_its_own_the_program_stops_by_sigterm() {
    // It waits, and is no group's leader, so that `setsid` goes on as the program itself.
    let mut program =
        Program::run("sh", &[&["-c", "setsid \"$@\" & echo $!; wait $!", "sh"][..], &SUPERVISES].concat());
    let pid = program.wait_for("").parse().map(nix::unistd::Pid::from_raw).expect("a process id");
    program.wait_for_children(1);

    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("it runs");

    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGTERM "), finished.status.code()), (vec!["Stop"], Some(0)));
}

#[test]
fn a_nohup_that_is_hung_up_goes_on_and_stops_by_sigint() {
    let program = wrapped(&["nohup"]);

    program.signal(Signal::SIGHUP);
    program.signal(Signal::SIGINT);

    let finished = program.finish();
    assert_eq!((finished.lines_after("SIGHUP "), finished.lines_after("SIGINT ")), (vec![], vec!["Stop"]));
    assert_eq!(finished.status.code(), Some(0));
}

/// `npm run` passes on what its child has got already.
#[test]
fn a_ctrl_c_below_npm_is_one_request() {
    if Command::new("npm").arg("--version").output().is_err() {
        eprintln!("left out: `npm run`, because npm is not installed");
        return;
    }
    let directory = TempDir::new().expect("there is room");
    let script = SUPERVISES.map(|word| format!("'{word}'")).join(" ");
    let package = format!("{{ \"name\": \"wrapped\", \"scripts\": {{ \"start\": \"exec {script}\" }} }}");
    std::fs::write(directory.path().join("package.json"), package).expect("there is room");
    let place = directory.path().to_str().expect("a text");
    let mut program =
        Program::run("npm", &["--silent", "--no-update-notifier", "--prefix", place, "run", "start"]);
    program.wait_for_children(1);

    killpg(program.pid(), Signal::SIGINT).expect("npm leads its group");

    let finished = program.finish();
    assert_eq!(finished.lines_after("SIGINT ").first(), Some(&"Stop"));
    assert!(!finished.lines_after("SIGINT ").contains(&"Force"), "{:#?}", finished.said);
    assert!(finished.said.contains(&"supervisor exiting cleanly".to_owned()));
}

/// `npx` does as `npm run` does, and starts what it is given through a shell.
#[test]
fn a_ctrl_c_below_npx_is_one_request() {
    if Command::new("npx").arg("--version").output().is_err() {
        eprintln!("left out: `npx`, because npm is not installed");
        return;
    }
    let directory = TempDir::new().expect("there is room");
    let bin = directory.path().join("node_modules/.bin");
    std::fs::create_dir_all(&bin).expect("there is room");
    std::os::unix::fs::symlink(SUPERVISES[0], bin.join("supervises")).expect("there is room");
    std::fs::write(directory.path().join("package.json"), "{ \"name\": \"wrapped\" }")
        .expect("there is room");
    let place = directory.path().to_str().expect("a text");
    let npx = ["--silent", "--no-update-notifier", "--no-install", "--prefix", place, "supervises"];

    assert_ctrl_c_is_one_request("npx", &[&npx[..], &SUPERVISES[1..]].concat());
}

/// A script of node's that hands each SIGINT on to its child, which has got it from the keyboard already.
#[test]
fn a_ctrl_c_below_a_script_that_hands_it_on_is_one_request() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("left out: a script of node's, because node is not installed");
        return;
    }
    let script = "const [program, ...args] = process.argv.slice(1);\n\
                  const child = require('child_process').spawn(program, args, { stdio: 'inherit' });\n\
                  process.on('SIGINT', () => child.kill('SIGINT'));\n\
                  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));";

    assert_ctrl_c_is_one_request("node", &[&["-e", script, "--"][..], &SUPERVISES].concat());
}

fn assert_ctrl_c_is_one_request(wrapper: &str, args: &[&str]) {
    let mut program = Program::run(wrapper, args);
    program.wait_for_children(1);

    killpg(program.pid(), Signal::SIGINT).expect("the wrapper leads its group");

    let finished = program.finish();
    assert_eq!(finished.lines_after("SIGINT ").first(), Some(&"Stop"), "{:#?}", finished.said);
    assert!(!finished.lines_after("SIGINT ").contains(&"Force"), "{:#?}", finished.said);
    assert!(finished.said.contains(&"supervisor exiting cleanly".to_owned()), "{:#?}", finished.said);
}

/// The program below this wrapper, with its process.
fn wrapped(wrapper: &[&str]) -> Program {
    let mut program = Program::run(wrapper[0], &[&wrapper[1..], &SUPERVISES].concat());
    program.wait_for_children(1);
    program
}
