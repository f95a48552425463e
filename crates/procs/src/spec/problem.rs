//! What can be wrong with the description of a process.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use nix::unistd::{SysconfVar, sysconf};

use super::expand::problem_with_form;
use super::health::HealthCheck;
use super::own_listener;
use super::ready::ReadyCondition;
use super::well_formed::{is_address, problem_with_path};
use super::{Command, Health, Output, Process, Stdin};
use crate::policy::HealthRules;

/// The first mistake in a description, in words that complete "`root/web`: …".
pub(crate) fn problem_with(process: &Process) -> Option<String> {
    let command = &process.command;
    let has_nul = |text: &OsStr| text.as_bytes().contains(&0);
    if command.program.is_empty() {
        return Some("the program is empty".into());
    }
    let texts = [("program", command.program.as_os_str())]
        .into_iter()
        .chain(command.args.iter().map(|arg| ("argument", arg.as_os_str())))
        .chain(command.env.keys().map(|key| ("environment variable", key.as_os_str())))
        .chain(command.env.values().flatten().map(|value| ("environment variable", value.as_os_str())))
        .chain(command.directory.iter().map(|dir| ("working directory", dir.as_os_str())));
    for (part, text) in texts {
        if has_nul(text) {
            return Some(format!("the {part} {text:?} holds a NUL byte"));
        }
    }
    if command.env_files.iter().any(|file| file.as_os_str().is_empty() || has_nul(file.as_os_str())) {
        return Some("an environment file is no path".into());
    }
    if let Some(problem) = problem_with_variables(command) {
        return Some(problem);
    }
    if let Some(problem) = too_long(command) {
        return Some(problem);
    }
    if let Some(key) = command.env.keys().find(|key| key.is_empty() || key.as_bytes().contains(&b'=')) {
        return Some(format!("{key:?} is not a name for an environment variable"));
    }
    if command.directory.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
        return Some("the working directory is empty".into());
    }
    if let Stdin::File(file) = &command.stdin {
        if file.as_os_str().is_empty() || has_nul(file.as_os_str()) {
            return Some("the standard input is no path".into());
        }
    }
    if let Some(problem) = problem_with_streams(command) {
        return Some(problem);
    }
    if let Some(problem) = command.attributes.problem() {
        return Some(problem);
    }
    if let Some(wrong) = command.wrong_limit {
        return Some(wrong.problem());
    }
    if let Some(log) = &command.log {
        if let Some(problem) = log.problem() {
            return Some(problem);
        }
        if !command.outputs().contains(&Output::Capture) {
            return Some("a log file needs an output that is captured".into());
        }
    }
    let ready = process.ready.as_ref().map(|ready| &ready.condition);
    if let Some(problem) = command.descriptors.problem(ready) {
        return Some(problem);
    }
    if let Some(problem) = process.successes.problem() {
        return Some(problem);
    }
    if let Some((argv, within)) = &process.stop_command {
        if within.is_zero() {
            return Some("the stop command has no time".into());
        }
        if let Some(problem) = problem_with_command(argv) {
            return Some(problem.replacen("the ready ", "the stop ", 1));
        }
    }
    if process.empty_ladder {
        return Some("the stop ladder has no step".into());
    }
    let readiness =
        process.ready.as_ref().and_then(|ready| problem_with_readiness(process, &ready.condition));
    readiness.or_else(|| problem_with_health(process, process.health.as_ref()?))
}

/// What is wrong with the first three descriptors.
fn problem_with_streams(command: &Command) -> Option<String> {
    let [stdout, _] = command.outputs();
    if command.terminal.is_some() {
        if matches!(command.stdin, Stdin::Inherit | Stdin::File(_)) {
            return Some("a process with a terminal of its own reads from it, and from nothing else".into());
        }
        if matches!(stdout, Output::Inherit | Output::Null) {
            return Some("what a process writes to a terminal of its own is captured or piped".into());
        }
    }
    if command.is_piped() && command.feed.is_none() {
        return Some("nothing has the other ends of its pipes: `Process::pipes` says what has".into());
    }
    None
}

/// What is wrong with the form of the variables in a description that has some.
fn problem_with_variables(command: &Command) -> Option<String> {
    let texts = [&command.program].into_iter().chain(&command.args).chain(command.env.values().flatten());
    let mut texts =
        texts.map(OsString::as_os_str).chain(command.directory.iter().map(|directory| directory.as_os_str()));
    if command.expands { texts.find_map(problem_with_form) } else { None }
}

/// How many bytes the system takes in one argument, or in one variable with its name and `=`.
pub(crate) fn longest_text() -> usize {
    /// Linux takes so many pages with the zero at the end (`MAX_ARG_STRLEN`).
    const PAGES: usize = 32;
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    PAGES * page.and_then(|page| usize::try_from(page).ok()).unwrap_or(4096) - 1
}

/// What no system of this kind takes. What is too long together is known when the process is started.
fn too_long(command: &Command) -> Option<String> {
    let args = command.args.iter().zip(1..).map(|(arg, at)| (format!("argument {at}"), arg.len()));
    let env = command.env.iter().filter_map(|(key, value)| {
        let bytes = key.len() + 1 + value.as_ref()?.len();
        Some((format!("the environment variable `{}`", key.to_string_lossy()), bytes))
    });
    let (name, bytes) = args.chain(env).find(|(_, bytes)| *bytes > longest_text())?;
    Some(format!("{name} has {bytes} bytes, and the system takes {} of one", longest_text()))
}

fn problem_with_health(process: &Process, health: &Health) -> Option<String> {
    let HealthRules { interval, timeout, threshold, start_period: _ } = health.rules;
    if matches!(process.ready.as_ref().map(|ready| &ready.condition), Some(ReadyCondition::Completion)) {
        return Some("a job that has started when it has ended has no health".into());
    }
    let ready = match &health.how {
        HealthCheck::Watchdog(every) if every.as_micros() == 0 => {
            return Some("the watchdog's time is less than a microsecond".into());
        }
        HealthCheck::Watchdog(_) => return None,
        HealthCheck::Look(ready) => ready,
    };
    let nothing = [
        (interval.is_zero(), "the health interval is zero"),
        (timeout.is_zero(), "the health timeout is zero"),
        (threshold == 0, "the health threshold is zero"),
    ];
    if let Some((_, problem)) = nothing.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return Some(problem.into());
    }
    // The same conditions, with another name.
    let problem = problem_with_readiness(process, &ready.condition)?;
    Some(problem.replacen("the ready ", "the health ", 1))
}

fn problem_with_readiness(process: &Process, condition: &ReadyCondition) -> Option<String> {
    if let Some(problem) = own_listener::problem(&process.command, condition) {
        return Some(problem);
    }
    let captured = process.command.outputs().contains(&Output::Capture);
    match condition {
        _ if process.ready_timeout.is_zero() => Some("the ready timeout is zero".into()),
        ReadyCondition::Line(Err(error)) => {
            Some(format!("the ready line is not a regular expression: {error}"))
        }
        ReadyCondition::Line(Ok(_)) if !captured => {
            Some("a ready line needs an output that is captured".into())
        }
        ReadyCondition::Tcp(address) if !is_address(address) => {
            Some(format!("the ready address {address:?} is not of the form host:port"))
        }
        ReadyCondition::Path(path) | ReadyCondition::Unix(path) => problem_with_path(path),
        ReadyCondition::Http(get) => get.problem(),
        ReadyCondition::Command(argv) => problem_with_command(argv),
        ReadyCondition::Line(Ok(_))
        | ReadyCondition::Tcp(_)
        | ReadyCondition::Notify
        | ReadyCondition::Completion
        | ReadyCondition::Descriptor(_)
        | ReadyCondition::Check(_) => None,
    }
}

fn problem_with_command(argv: &[OsString]) -> Option<String> {
    if argv.first().is_none_or(|program| program.is_empty()) {
        return Some("the ready command is empty".into());
    }
    let wrong = argv.iter().find(|word| word.as_bytes().contains(&0));
    wrong.map(|word| format!("the ready command's {word:?} holds a NUL byte"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Limit, LogFile, Ready, Signal, Step, Terminal};

    #[test]
    fn an_ordinary_description_has_no_problem() {
        let step = Step::new(Signal::INT, Duration::from_secs(1));
        let process = Process::new("web").arg("-v").env("PORT", "1").current_dir("/srv").ladder([step]);

        assert_eq!(problem_with(&process), None);
        assert_eq!(problem_with(&process.ready(Ready::tcp("localhost:80"))), None);
    }

    #[test]
    fn each_mistake_is_named() {
        let mistakes = [
            (Process::new(""), "the program is empty"),
            (Process::new("a\0"), "the program \"a\\0\" holds a NUL byte"),
            (Process::new("a").arg("b\0"), "the argument \"b\\0\" holds a NUL byte"),
            (Process::new("a").env("K", "v\0"), "the environment variable \"v\\0\" holds a NUL byte"),
            (Process::new("a").env("K=", "v"), "\"K=\" is not a name for an environment variable"),
            (Process::new("a").env_remove(""), "\"\" is not a name for an environment variable"),
            (Process::new("a").current_dir(""), "the working directory is empty"),
            (Process::new("a").stdin(Stdin::File("".into())), "the standard input is no path"),
            (
                Process::new("a").stdin(Stdin::Piped),
                "nothing has the other ends of its pipes: `Process::pipes` says what has",
            ),
            (
                Process::new("a").stdin(Stdin::Inherit).tty(&Terminal::new()),
                "a process with a terminal of its own reads from it, and from nothing else",
            ),
            (
                Process::new("a").stdout(Output::Null).tty(&Terminal::new()),
                "what a process writes to a terminal of its own is captured or piped",
            ),
            (Process::new("a").user(""), "a user or group has no name"),
            (Process::new("a").umask(0o1000), "the file mode mask has more than nine bits"),
            (Process::new("a").nice(20), "the nice value is not from -20 to 19"),
            (Process::new("a").oom_score_adjust(-1001), "the OOM score adjustment is not from -1000 to 1000"),
            (Process::new("a").capabilities(["chwon"]), "there is no capability \"chwon\""),
            (Process::new("a").log_file(LogFile::new("l").max_size(0)), "the log file has no size"),
            (Process::new("a").log_file(LogFile::new("")), "the log file's path is empty"),
            (
                Process::new("a").ready(Ready::line("x")).stdout(Output::Null).stderr_to_stdout(),
                "a ready line needs an output that is captured",
            ),
            (
                Process::new("a").log_file(LogFile::new("l")).stdout(Output::Null).stderr(Output::Null),
                "a log file needs an output that is captured",
            ),
            (Process::new("a").cpus([]), "there is no processor for it to run on"),
            (Process::new("a").cpus([0, 1024]), "a system has no processor 1024"),
            (
                Process::new("a").limit_between(Limit::OpenFiles, 2, 1),
                "the soft limit of open_files is above the hard one",
            ),
            (Process::new("a").ladder([]), "the stop ladder has no step"),
            (Process::new("a").stop_command([""], Duration::from_secs(1)), "the stop command is empty"),
            (Process::new("a").stop_command(["b"], Duration::ZERO), "the stop command has no time"),
            (
                Process::new("a").ready(Ready::tcp("80")),
                "the ready address \"80\" is not of the form host:port",
            ),
            (
                Process::new("a").ready(Ready::tcp("localhost:0")),
                "the ready address \"localhost:0\" is not of the form host:port",
            ),
            (Process::new("a").ready(Ready::path("")), "the ready path is empty"),
            (Process::new("a").ready(Ready::unix("a\0")), "the ready path holds a NUL byte"),
            (Process::new("a").ready(Ready::command([] as [&str; 0])), "the ready command is empty"),
            (
                Process::new("a").ready(Ready::command(["b", "\0"])),
                "the ready command's \"\\0\" holds a NUL byte",
            ),
            (
                Process::new("a").ready(Ready::path("/x")).ready_timeout(Duration::ZERO),
                "the ready timeout is zero",
            ),
            (
                Process::new("a").ready(Ready::line("x")).stdout(Output::Null).stderr(Output::Inherit),
                "a ready line needs an output that is captured",
            ),
        ];

        for (process, problem) in mistakes {
            assert_eq!(problem_with(&process).as_deref(), Some(problem));
        }
    }

    #[test]
    fn a_text_that_no_system_takes_is_named_by_its_place() {
        let long = "x".repeat(longest_text());
        assert_eq!(problem_with(&Process::new("a").arg(long.as_str())), None);

        let argument = problem_with(&Process::new("a").arg("b").arg(long.clone() + "x")).unwrap();
        assert!(argument.starts_with("argument 2 has ") && argument.ends_with(" of one"), "{argument}");
        let variable = problem_with(&Process::new("a").env("K", long)).unwrap();
        assert!(variable.starts_with("the environment variable `K` has "), "{variable}");
    }

    #[test]
    fn each_mistake_of_a_health_check_is_named() {
        let with = |health| Process::new("a").health(health);
        let mistakes = [
            (with(Health::tcp("80")), "the health address \"80\" is not of the form host:port"),
            (with(Health::http("https://h")), "the URL \"https://h\" asks for TLS"),
            (with(Health::unix("")), "the health path is empty"),
            (with(Health::command([] as [&str; 0])), "the health command is empty"),
            (with(Health::path("p").interval(Duration::ZERO)), "the health interval is zero"),
            (with(Health::path("p").timeout(Duration::ZERO)), "the health timeout is zero"),
            (with(Health::path("p").threshold(0)), "the health threshold is zero"),
            (
                with(Health::watchdog(Duration::from_nanos(1))),
                "the watchdog's time is less than a microsecond",
            ),
            (
                with(Health::path("p")).ready(Ready::completion()),
                "a job that has started when it has ended has no health",
            ),
        ];

        for (process, problem) in mistakes {
            let found = problem_with(&process).unwrap_or_default();
            assert!(found.starts_with(problem), "{found}");
        }
        assert_eq!(problem_with(&with(Health::watchdog(Duration::from_secs(1)))), None);
    }

    #[test]
    fn a_ready_line_that_does_not_parse_is_explained() {
        let problem = problem_with(&Process::new("a").ready(Ready::line("("))).unwrap();

        assert_eq!(problem, "the ready line is not a regular expression: unclosed group");
    }
}
