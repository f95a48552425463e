//! Files that can be read and make no sense: each is refused with its line, the child and the key.

use super::super::section::{Field, Keys};
use super::super::value::{FileValue, KeyValue, What};
use super::{json, toml};

/// A tree file in which `web` is a process with this line in it, in line 5.
pub(super) fn web(line: &str) -> String {
    format!("id = 'root'\n[[children]]\nid = 'web'\n[children.process]\n{line}\ncommand = ['true']\n")
}

/// A tree file in which `web` has this line in it, in line 4.
fn child(line: &str) -> String {
    format!("id = 'root'\n[[children]]\nid = 'web'\n{line}\ntask = {{ run = 'forever' }}\n")
}

#[test]
fn what_is_wrong_with_the_root_is_reported_at_the_root() {
    let table = [
        ("idd = 'root'", "tree.toml:1: root: idd: unknown key in the root; did you mean `id`?"),
        (
            "id = 'top'\nchildern = []",
            "tree.toml:2: top: childern: unknown key in the root; did you mean `children`?",
        ),
        ("id = 'a/b'", "tree.toml:1: root: id: the id \"a/b\" holds '/'"),
        ("id = ''", "tree.toml:1: root: id: an id may not be empty"),
        ("id = 7", "tree.toml:1: root: id: expected a text in quotes, found the number 7"),
        ("id = 'top'\nwithin = '0s'", "tree.toml:2: top: within: may not be zero"),
        ("within = 5", "root: within: expected a duration in quotes, such as \"5s\", found the number 5"),
        (
            "within = '5 parsecs'",
            "root: within: \"5 parsecs\" is not a duration; write for example \"250ms\"",
        ),
        (
            "exit_status_from = 'root/web'",
            "tree.toml:1: root: exit_status_from: \"root/web\" is not the path of a process in this file",
        ),
        ("deadline = '0s'", "tree.toml:1: root: deadline: may not be zero"),
        ("deadline = '9999years'", "root: deadline: \"9999years\" is longer than a thousand years"),
        (
            "max_restarts = -1",
            "root: max_restarts: expected a whole number from 0 to 4294967295, found the number -1",
        ),
        ("max_restarts = 1.5", "found the number 1.5"),
        ("max_restarts = 4294967296", "found the number 4294967296"),
        ("max_restarts = 99999999999999999999", "found the number 99999999999999999999"),
        ("max_restarts = 1979-05-27", "found a date or time"),
        (
            "strategy = 'one_for_al'",
            "root: strategy: unknown name \"one_for_al\"; did you mean \"one_for_all\"?",
        ),
        ("auto_shutdown = 'sometimes'", "the names are never, any_significant, all_significant"),
        ("restart = 'permanent'", "root: restart: unknown key in the root"),
        ("children = {}", "root: children: expected a list, found a table"),
        ("children = [1]", "root: children[0]: expected a table, found the number 1"),
    ];

    check(&table.map(|(text, expected)| (text.to_owned(), expected)));
}

#[test]
fn what_is_wrong_with_a_child_is_reported_with_its_path() {
    check(&[
        (
            child("restrat = 'permanent'"),
            "tree.toml:4: root/web: restrat: unknown key in a child; did you mean `restart`?",
        ),
        (
            child("restart = 'always'"),
            "tree.toml:4: root/web: restart: unknown name \"always\"; the names are permanent",
        ),
        (child("restart = 'permanet'"), "did you mean \"permanent\"?"),
        (child("restart = true"), "root/web: restart: expected a text in quotes, found true"),
        (
            child("shutdown = 5"),
            "root/web: shutdown: expected a duration in quotes, such as \"5s\", or \"kill\"",
        ),
        (
            child("shutdown = 'now'"),
            "root/web: shutdown: \"now\" is not a duration; write for example \"250ms\", \"5s\" or \"1m 30s\", or \"kill\"",
        ),
        (
            child("significant = 'yes'"),
            "root/web: significant: expected true or false, found the text \"yes\"",
        ),
        (
            child("supervisor = {}"),
            "tree.toml:2: root/web: a child is exactly one of `process`, `task` and `supervisor`, and this one is task and supervisor",
        ),
        (child("deadline = '1s'"), "root/web: deadline: unknown key in a child"),
        (
            "[[children]]\nid = 'web'".to_owned(),
            "tree.toml:1: root/web: a child is a `process`, a `task` or a `supervisor`",
        ),
        (
            "[[children]]\ntask = { run = 'forever' }".to_owned(),
            "tree.toml:1: root: children[0].id: missing; every child needs a name",
        ),
        (
            "[[children]]\nid = 'a/b'\n[children.task]\nrun = 'forever'".to_owned(),
            "tree.toml:2: root: children[0].id: the id \"a/b\" holds '/'",
        ),
        (
            "[[children]]\nid = 'web'\nprocess = 3".to_owned(),
            "root/web: process: expected a table, found the number 3",
        ),
    ]);
}

#[test]
fn a_backoff_has_a_beginning_and_an_end() {
    let backoff = |backoff: &str| child(&format!("backoff = {{ {backoff} }}"));

    check(&[
        (backoff("max = '1s'"), "tree.toml:4: root/web: backoff.initial: missing"),
        (backoff("initial = '1s'"), "root/web: backoff.max: missing"),
        (backoff("initial = '2s', max = '1s'"), "root/web: backoff.max: shorter than `initial`"),
        (backoff("initial = 1, max = '1s'"), "root/web: backoff.initial: expected a duration"),
        (
            backoff("initial = '1s', max = '1s', factor = 0.5"),
            "root/web: backoff.factor: expected a number that is at least 1, found the number 0.5",
        ),
        (backoff("initial = '1s', max = '1s', factor = inf"), "root/web: backoff.factor: expected"),
        (backoff("initial = '1s', max = '1s', factor = nan"), "root/web: backoff.factor: expected"),
        (
            backoff("initial = '1s', max = '1s', jitter = 1.5"),
            "root/web: backoff.jitter: expected a number from 0 to 1",
        ),
        (
            backoff("initial = '1s', max = '1s', jitter = -1"),
            "root/web: backoff.jitter: expected a number from 0 to 1",
        ),
        (
            backoff("initial = '1s', max = '1s', steps = 3"),
            "root/web: backoff.steps: unknown key in a backoff",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_process_is_reported_with_its_key() {
    check(&[
        (
            web("comand = ['x']"),
            "tree.toml:5: root/web: process.comand: unknown key in a process; did you mean `command`?",
        ),
        (web("cwd = ''"), "tree.toml:5: root/web: process.cwd: may not be empty"),
        (web("cwd = \"a\\u0000b\""), "root/web: process.cwd: may not hold a NUL character"),
        (web("clear_env = 1"), "root/web: process.clear_env: expected true or false, found the number 1"),
        (web("env = ['A=1']"), "root/web: process.env: expected a table, found a list"),
        (
            web("env = { PORT = 8000 }"),
            "root/web: process.env.PORT: expected a text in quotes, found the number 8000",
        ),
        (web("env = { '' = 'x' }"), "root/web: process.env.: may not be empty"),
        (web("env = { 'A=B' = 'x' }"), "root/web: process.env.A=B: a variable's name may not hold '='"),
        (
            web("stdin = 'capture'"),
            "root/web: process.stdin: unknown name \"capture\"; the names are null, inherit, open",
        ),
        (
            web("stdout = 'captur'"),
            "root/web: process.stdout: unknown name \"captur\"; did you mean \"capture\"?",
        ),
        (
            web("stop_signal = 'sigterm'"),
            "root/web: process.stop_signal: unknown name \"sigterm\"; did you mean \"SIGTERM\"?",
        ),
        (web("stop_signal = 'SIGTREM'"), "did you mean \"SIGTERM\"?"),
        (web("stop_signal = 15"), "expected a text in quotes, found the number 15"),
        (web("stop = []"), "root/web: process.stop: the ladder is empty"),
        (web("stop = [{ signal = 'SIGINT' }]"), "root/web: process.stop[0].wait: missing"),
        (
            web("stop = [{ signal = 'SIGINT', wait = '1s', then = 1 }]"),
            "root/web: process.stop[0].then: unknown key",
        ),
        (
            web("stop_signal = 'SIGINT'\nstop = [{ signal = 'SIGINT', wait = '1s' }]"),
            "tree.toml:6: root/web: process.stop: `stop` and `stop_signal` exclude each other",
        ),
        (
            web("ready_timeout = '1s'"),
            "root/web: process.ready_timeout: without meaning when there is no `ready`",
        ),
        (
            web("ready = { path = 'x' }\nready_timeout = '0s'"),
            "tree.toml:6: root/web: process.ready_timeout: may not be zero",
        ),
        (
            web("ready = {}"),
            "root/web: process.ready: a way to be ready is exactly one of line, tcp, unix, http, path, exec, notify, notify_fd, \"completion\"; this names 0",
        ),
        (web("ready = { line = 'x', path = 'y' }"), "this names 2"),
        (
            web("health = {}"),
            "root/web: process.health: a health check is exactly one of tcp, unix, http, path, exec, watchdog; this names 0",
        ),
        (web("health = { line = 'x' }"), "root/web: process.health.line: unknown key"),
        (web("health = { path = 'x', interval = '0s' }"), "process.health.interval: may not be zero"),
        (
            web("health = { path = 'x', threshold = 0 }"),
            "process.health.threshold: expected a count of at least 1",
        ),
        (web("health = { http = 'https://h' }"), "process.health.http: "),
        (
            web("health = { watchdog = '1s', interval = '1s' }"),
            "process.health.interval: without meaning when there is no `tcp`",
        ),
        (
            web("ready = { line = '(' }"),
            "root/web: process.ready.line: \"(\" is not a regular expression: unclosed group",
        ),
        (
            web("stdout = 'null'\nstderr = 'null'\nready = { line = 'x' }"),
            "tree.toml:7: root/web: process.ready.line: needs `stdout` or `stderr`",
        ),
        (
            web("ready = { tcp = 'localhost' }"),
            "root/web: process.ready.tcp: \"localhost\" is not an address",
        ),
        (web("ready = { tcp = 'localhost:http' }"), "is not an address"),
        (
            web("ready = { tcp = 'h:1', status = 200 }"),
            "process.ready.status: without meaning when there is no `http`",
        ),
        (
            web("ready = { path = 'x', any_owner = true }"),
            "ready.any_owner: without meaning when there is no `tcp`",
        ),
        (web("ready = { http = 'http://h', status = 99 }"), "expected a status from 100 to 599"),
        (
            web("ready = { http = 'https://h' }"),
            "root/web: process.ready.http: the URL \"https://h\" asks for TLS",
        ),
        (web("ready = { notify = 's6' }"), "process.ready.notify: unknown name \"s6\""),
        (web("ready = { exec = [] }"), "the command is empty"),
        (web("ready = 'completion'"), "root/web: a permanent child is always started again"),
        (web("ready = 'complete'"), "process.ready: unknown name \"complete\"; did you mean \"completion\"?"),
        (web("ready = { tcp = ':80' }"), "is not an address"),
    ]);
}

#[test]
fn a_command_is_a_list_that_begins_with_a_program() {
    let command = |command: &str| format!("[[children]]\nid = 'web'\nprocess = {{ {command} }}\n");

    check(&[
        (command(""), "tree.toml:3: root/web: process.command: missing; a process needs a command"),
        (command("command = []"), "tree.toml:3: root/web: process.command: the command is empty"),
        (command("command = ['']"), "root/web: process.command[0]: the command is empty"),
        (command("command = 'sleep 1'"), "process.command: expected a list of the program and its arguments"),
        (
            command("command = ['sleep', 1]"),
            "process.command[1]: expected a text in quotes, found the number 1",
        ),
        (command("command = ['a', \"b\\u0000\"]"), "process.command[1]: may not hold a NUL character"),
    ]);
}

#[test]
fn what_a_process_may_not_be_given_is_refused_with_its_place() {
    check(&[
        (
            web("user = 'no-such-user'"),
            "tree.toml:5: root/web: process.user: there is no user `no-such-user`",
        ),
        (
            web("group = 'no-such-group'"),
            "tree.toml:5: root/web: process.group: there is no group `no-such-group`",
        ),
        (web("user = ''"), "tree.toml:5: root/web: process.user: may not be empty"),
        (web("user = true"), "root/web: process.user: expected a text in quotes, found true"),
        (
            web("limits = { open_file = 1 }"),
            "tree.toml:5: root/web: process.limits.open_file: unknown name \"open_file\"; did you mean \"open_files\"?",
        ),
        (
            web("limits = { core_size = 'none' }"),
            "root/web: process.limits.core_size: expected a whole number, or \"unlimited\", found the text \"none\"",
        ),
        (web("limits = { core_size = -1 }"), "found the number -1"),
        (web("limits = { core_size = { soft = 1 } }"), "process.limits.core_size.hard: missing; a limit is"),
        (
            web("limits = { core_size = { soft = 2, hard = 1 } }"),
            "root/web: process.limits.core_size: the soft limit of core_size is above the hard one",
        ),
        (
            web("limits = { open_files = 9, core_size = { soft = 2, hard = 1 } }"),
            "root/web: process.limits.core_size: the soft limit",
        ),
        (
            web("capabilities = ['net_bind']"),
            "tree.toml:5: root/web: process.capabilities[0]: there is no capability \"net_bind\"",
        ),
        (web("capabilities = ['chown', 'kill', 'chwon']"), "process.capabilities[2]: there is no capability"),
        (
            web("supplementary_groups = ['0', 'no-such-group']"),
            "process.supplementary_groups[1]: there is no group",
        ),
        (
            web("umask = '0888'"),
            "root/web: process.umask: expected a file mode mask in quotes, as octal digits",
        ),
        (web("umask = '+077'"), "root/web: process.umask: expected a file mode mask"),
        (web("umask = 18"), "root/web: process.umask: expected a file mode mask"),
        (
            web("nice = 20"),
            "root/web: process.nice: expected a whole number from -20 to 19, found the number 20",
        ),
        (
            web("cpus = []"),
            "root/web: process.cpus: expected a list of processors, such as [0, 1], found a list",
        ),
        (web("cpus = [1024]"), "process.cpus[0]: expected a processor's number from 0 to 1023"),
        (web("oom_score_adjust = 1001"), "expected a whole number from -1000 to 1000, found the number 1001"),
        (web("session = 1"), "root/web: process.session: expected true or false, found the number 1"),
    ]);
}

#[test]
fn every_key_without_effect_is_refused_with_the_reason() {
    const KEYS: Keys = Keys { of: "a table", known: &[], not_yet: &["later"] };
    let flag = FileValue { line: 5, span: 0..0, what: What::Flag(true) };
    let entry = KeyValue { key: "later".into(), line: 5, span: 0..0, value: flag };
    let table = FileValue { line: 4, span: 0..0, what: What::Table(vec![entry]) };

    let error = Field::top("tree.toml".as_ref(), "root", &table).section(&KEYS).unwrap_err().to_string();

    assert!(error.starts_with("tree.toml:5: root: later: "), "{error}");
    assert!(error.contains("has no effect yet"), "{error}");
}

#[test]
fn a_task_names_a_sample_and_only_what_ends_by_itself_says_when() {
    let task = |task: &str| format!("[[children]]\nid = 'web'\ntask = {{ {task} }}\n");

    check(&[
        (task(""), "tree.toml:3: root/web: task.run: missing"),
        (
            task("run = 'foreve'"),
            "root/web: task.run: unknown name \"foreve\"; did you mean \"forever\"? The names are forever, finish, fail, panic, ignore_stop, never_yield, block_thread, respawn",
        ),
        (
            task("run = 'forever', after = '1s'"),
            "root/web: task.after: `after` has no meaning for the task \"forever\"",
        ),
        (task("run = 'finish', after = 500"), "root/web: task.after: expected a duration in quotes"),
        (task("run = 'finish', when = '1s'"), "root/web: task.when: unknown key in a task"),
        (
            "[[children]]\nid = 'web'\ntask = 'forever'".to_owned(),
            "root/web: task: expected a table, found the text \"forever\"",
        ),
    ]);
}

#[test]
fn two_children_of_one_supervisor_may_not_have_the_same_id() {
    let twice = "[[children]]\nid = 'a'\ntask = { run = 'forever' }\n".repeat(2);
    let nested = "children = [{ id = 's', supervisor = { children = [\n\
                  { id = 'a', task = { run = 'forever' } },\n\
                  { id = 'a', task = { run = 'forever' } } ] } }]";

    check(&[
        (
            twice,
            "tree.toml:5: root/a: id: duplicate id: another child of `root` is named \"a\" already, in line 2",
        ),
        (
            nested.to_owned(),
            "tree.toml:3: root/s/a: id: duplicate id: another child of `root/s` is named \"a\" already, in line 2",
        ),
    ]);
}

#[test]
fn a_significant_child_needs_a_meaning() {
    let auto = |restart: &str| {
        format!(
            "auto_shutdown = 'any_significant'\n{}",
            child(&format!("significant = true\nrestart = '{restart}'"))
        )
    };

    check(&[
        (
            child("significant = true\nrestart = 'transient'"),
            "tree.toml:4: root/web: significant: a significant child has no meaning under a supervisor whose auto_shutdown is \"never\"; give `root`",
        ),
        (auto("permanent"), "tree.toml:5: root/web: significant: a permanent child is always restarted"),
    ]);
    assert!(toml(&auto("temporary")).is_ok());
    assert!(toml(&child("significant = false")).is_ok());
}

#[test]
fn supervisors_below_the_root_have_no_deadline_and_no_id_of_their_own() {
    let below = |line: &str| format!("[[children]]\nid = 'workers'\n[children.supervisor]\n{line}\n");

    check(&[
        (
            below("deadline = '1s'"),
            "tree.toml:4: root/workers: supervisor.deadline: unknown key in a supervisor",
        ),
        (below("id = 'w'"), "tree.toml:4: root/workers: supervisor.id: unknown key in a supervisor"),
        (below("within = '0s'"), "tree.toml:4: root/workers: supervisor.within: may not be zero"),
        (
            below("children = [{ id = 'a' }]"),
            "tree.toml:4: root/workers/a: a child is a `process`, a `task` or a `supervisor`",
        ),
        (
            below("children = [{ restart = 'x' }]"),
            "tree.toml:4: root/workers: supervisor.children[0].id: missing",
        ),
    ]);
}

#[test]
fn json_is_refused_in_the_same_words() {
    let message = json(
        "{\"id\": \"root\",\n \"children\": [\n  {\"id\": \"web\",\n   \"process\": {\"command\": []}}]}",
    );
    assert_eq!(
        message.unwrap_err(),
        "tree.json:4: root/web: process.command: the command is empty; it needs at least the program to run"
    );

    let message =
        json("{\"children\": [{\"id\": \"a\",\n\"restart\": \"permanent\",\n\"restart\": \"transient\"}]}");
    assert_eq!(
        message.unwrap_err(),
        "tree.json:3: root/a: restart: duplicate key: it stands in this table twice"
    );

    let message = json("{\"id\": null}").unwrap_err();
    assert_eq!(message, "tree.json:1: root: id: expected a text in quotes, found null");
}

pub(super) fn check(table: &[(String, &str)]) {
    for (text, expected) in table {
        let message = toml(text).expect_err(text);

        assert!(message.starts_with("tree.toml:"), "{text}\n{message}");
        assert!(message.contains(expected), "{text}\nexpected: {expected}\n   found: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
