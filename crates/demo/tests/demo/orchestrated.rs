//! What an orchestrator asks of the demo: probes, a drain, a deadline of its own, and why it has ended.

use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

use nix::sys::signal::Signal;

use crate::support::{Demo, InTime as _, Temp, tree, until};

fn demo(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rootward-demo")).args(args).stdin(Stdio::null()).output_in_time()
}

fn probed(address: &str, probe: &str) -> (ExitStatus, String) {
    let output = demo(&["probe", address, probe]);
    (output.status, String::from_utf8(output.stdout).expect("an answer is text"))
}

#[test]
fn it_is_ready_until_a_signal_then_drains_then_stops_and_says_why_it_has_ended() {
    let temp = Temp::new();
    let (socket, message) = (temp.path("probes"), temp.path("message"));
    let address = format!("unix:{}", socket.display());
    let calm = tree("calm.toml");
    let options =
        ["--probes", &address, "--drain", "300ms", "--termination-message", message.to_str().unwrap()];
    let mut demo = Demo::start(["run", calm.to_str().unwrap()].iter().chain(&options));
    demo.wait_for_start();
    assert!(probed(&address, "startup").0.success());
    assert!(probed(&address, "live").0.success());
    until("it is ready", || probed(&address, "ready").0.success());
    let (_, lines) = probed(&address, "ready");
    assert!(lines.contains("[+]root/s/c ok\n"), "{lines}");

    demo.signal(Signal::SIGTERM);
    let draining = demo.wait_for("draining", "root");
    let (status, _) = probed(&address, "ready");
    let finished = demo.finish();

    assert!(!status.success());
    assert_eq!((&draining["cause"], &draining["delay_ms"]), (&"signal".into(), &300.into()));
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    // The signal is acted upon first and written down afterwards, before or after what it has led to.
    let (signal, story): (Vec<_>, Vec<_>) =
        finished.story("root").into_iter().partition(|event| *event == "signal");
    assert_eq!(signal.len(), 1);
    assert_eq!(story, ["starting", "started", "draining", "stopping", "stopped"]);
    let at = |event| finished.event(event, "root")["at"].as_f64().unwrap();
    assert!(at("stopping") >= at("draining") + 0.3, "{}", finished.stderr);
    let message = std::fs::read_to_string(message).unwrap();
    assert!(message.starts_with("clean · signal SIGTERM · "), "{message}");
    assert!(!socket.exists());
    assert_eq!(probed(&address, "live").0.code(), Some(1), "nothing answers any more");
}

#[test]
fn the_termination_message_says_in_4096_bytes_why_nothing_was_started() {
    let temp = Temp::new();
    let message = temp.path("message");
    let said = |tree: &str, more: &[&str]| {
        let explained =
            [&["run", tree, "--view=none", "--termination-message", message.to_str().unwrap()], more];
        let status = demo(&explained.concat()).status.code();
        let said = std::fs::read_to_string(&message).unwrap();
        std::fs::remove_file(&message).unwrap();
        (status, said)
    };
    let good = "[[children]]\nid = 'a'\ntask.run = 'forever'\n";
    let write = |name: &str, text: &str| temp.write(name, text).to_str().unwrap().to_owned();

    let (status, missing) = said("/nowhere/t.toml", &[]);
    assert_eq!(status, Some(2));
    assert!(missing.starts_with("error: /nowhere/t.toml: "), "{missing}");

    let (status, wrong) = said(&write("w.toml", &good.replace("forever", "for ever")), &[]);
    assert_eq!(status, Some(2));
    assert!(
        wrong.starts_with("error: ") && wrong.contains("task.run = 'for ever'"),
        "with its line: {wrong}"
    );

    let long = format!("[[children]]\nid = 'a'\n{} = 1\n", "x".repeat(10_000));
    let (status, long) = said(&write("l.toml", &long), &[]);
    assert_eq!(status, Some(2));
    assert!(long.starts_with("error: ") && long.len() <= 4096, "{} bytes", long.len());

    let good = write("g.toml", good);
    let (status, unwritable) = said(&good, &["--events", "/nowhere/events"]);
    assert_eq!(status, Some(2));
    assert!(unwritable.contains("/nowhere/events"), "{unwritable}");

    let start = write("s.toml", "[[children]]\nid = 'a'\nprocess = { command = ['/nowhere/p'] }\n");
    let (status, failed) = said(&start, &[]);
    assert_eq!(status, Some(1));
    assert!(failed.starts_with("failed · ") && failed.contains("/nowhere/p"), "{failed}");
}

#[test]
fn the_termination_message_does_not_take_the_place_of_the_tree_file() {
    let temp = Temp::new();
    let text = "[[children]]\nid = 'a'\nrestart = 'temporary'\ntask.run = 'finish'\n";
    let file = temp.write("t.toml", text);
    let file = file.to_str().unwrap();

    let refused = demo(&["run", file, "--termination-message", file]);

    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

#[test]
fn the_deadline_is_taken_from_what_the_environment_says_is_granted() {
    let temp = Temp::new();
    let stubborn = temp.write("t.toml", "[[children]]\nid = 'stays'\ntask.run = 'never_yield'\n");
    let args = ["run", stubborn.to_str().unwrap(), "--deadline", "auto"];
    let mut demo = Demo::start_with(args, |command| {
        command.env("ROOTWARD_GRACE", "1");
    });
    demo.wait_for_start();

    demo.signal(Signal::SIGTERM);
    let finished = demo.finish_unchecked();

    assert_eq!(finished.code(), 4, "{}", finished.stderr);
    let elapsed = finished.report()["elapsed_ms"].as_u64().unwrap();
    assert!((500..20_000).contains(&elapsed), "half of the second that is granted, and not 25 s: {elapsed}");
}

#[test]
fn a_grace_that_makes_no_sense_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootward-demo"));
    command.args(["--deadline", "auto"]).env("ROOTWARD_GRACE", "soon").stdin(Stdio::null());
    let output = command.output_in_time();

    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("error: --deadline auto: ROOTWARD_GRACE is \"soon\""), "{message}");
}

/// The Pod, its tree file and the page about both say the same times, and they add up.
#[test]
fn the_times_of_the_example_pod_are_those_of_its_tree_file_and_of_the_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let read = |name: &str| std::fs::read_to_string(docs.join(name)).unwrap();
    let (page, pod) = (read("kubernetes.md"), read("examples/kubernetes/pod.yaml"));
    let in_pod = |key: &str| seconds_behind(&pod, key);
    let on_page = |key: &str| seconds_behind(&page, key);

    let output = demo(&["check", docs.join("examples/kubernetes/tree.toml").to_str().unwrap()]);

    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{stdout}");
    let [drain, graces, margin, deadline, reserve] =
        ["drain  ", "graces of the children  ", "margin  ", "deadline of the tree  ", "reserve  "]
            .map(on_page);
    let (forced, stop) = (deadline - margin, stdout.lines().find(|line| line.starts_with("stop: ")).unwrap());
    let expected = format!(
        "stop: {drain}s of drain, then {graces}s of graces; forced after {forced}s, reported after {deadline}s"
    );
    assert_eq!(stop, expected);
    assert!(page.contains(stop) && drain + graces <= forced, "{stop}");
    let granted = on_page("terminationGracePeriodSeconds  ");
    assert_eq!((in_pod("terminationGracePeriodSeconds:"), in_pod("value:")), (granted, granted));
    assert_eq!(deadline + reserve, granted);
    assert!(pod.contains("\"--deadline\", \"auto\""), "{pod}");
}

/// Where `docker build` is run, as the page and the file itself say: in the repository's root.
#[test]
fn what_the_example_image_copies_is_there_where_it_is_built() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (page, file) = (read("docs/kubernetes.md"), read("docs/examples/kubernetes/Dockerfile"));
    let command = "docker build -f docs/examples/kubernetes/Dockerfile -t registry.example/app:1 .";
    let copies = file.lines().filter_map(|line| line.strip_prefix("COPY "));

    let sources: Vec<_> = copies.filter(|copy| !copy.starts_with("--from=")).flat_map(sources_of).collect();

    assert!(page.contains(command) && file.contains(command), "{page}\n{file}");
    assert_eq!(sources, [".", "docs/examples/kubernetes/tree.toml"]);
    assert!(sources.iter().all(|source| root.join(source).exists()), "{sources:?}");
    // What is built there is in that workspace, and is what is copied from there.
    assert!(file.contains("cargo build --release --locked --package rootward-demo"), "{file}");
    assert!(root.join("Cargo.lock").exists());
}

/// All words of a COPY but the last, which is the place in the image.
fn sources_of(copy: &str) -> Vec<&str> {
    let mut words: Vec<_> = copy.split_whitespace().collect();
    words.pop();
    words
}

/// The number behind the first place that says this.
fn seconds_behind(text: &str, words: &str) -> u64 {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("{words}"));
    let digits = rest.trim_start_matches([' ', '"']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or_else(|_| panic!("{words}"))
}

#[test]
fn check_adds_the_graces_up_and_warns_if_the_deadline_has_no_room_for_them() {
    let temp = Temp::new();
    let text = "deadline = '8s'\n[[children]]\nid = 'a'\ntask.run = 'forever'\n\
                [[children]]\nid = 'b'\ntask.run = 'forever'\n";
    let file = temp.write("t.toml", text);

    let output = demo(&["check", file.to_str().unwrap()]);

    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout.contains("\nstop: 10s of graces; forced after 7s 200ms, reported after 8s\n"), "{stdout}");
    assert!(stderr.starts_with("warning: children stop one after the other"), "{stderr}");
    assert!(stderr.contains("root/a 5s") && stderr.contains("root/b 5s"), "{stderr}");
}

#[test]
fn check_warns_of_children_whose_grace_has_no_end_that_the_deadline_is_theirs_too() {
    let temp = Temp::new();
    let text = "deadline = '8s'\n[[children]]\nid = 'a'\nshutdown = 'infinity'\ntask.run = 'forever'\n\
                [[children]]\nid = 'b'\nshutdown = '1s'\ntask.run = 'forever'\n";
    let file = temp.write("t.toml", text);

    let output = demo(&["check", file.to_str().unwrap()]);

    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0));
    let warning = "warning: the deadline of 8s holds for children with shutdown = \"infinity\", too: \
                   what has not gone after 7s 200ms is forced:\n     |   root/a\n";
    assert_eq!(stderr, warning);
    assert!(stdout.contains("\nstop: 1s of graces beside root/a, which may take any time; "), "{stdout}");
}
