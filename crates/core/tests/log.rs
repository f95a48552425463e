//! What the log makes of the events of a tree, as a subscriber of `tracing` gets it.
//!
//! A program of its own, as `spans` is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward_core::sibling::note_degraded;
use rootward_core::{
    ChildKind, ChildSpec, DynamicSupervisor, Ended, EventKind, Exit, Launch, OutputLine, OutputStream,
    Restart, RunningChild, StartChild, StartContext, StopRequest, Supervisor, TaskSupervisor, Tree,
};
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

#[tokio::test]
async fn what_a_healthy_tree_does_is_information_and_ends_as_they_should_be_are_not_even_that() {
    let (lines, _guard) = listen(Level::TRACE);
    let stays = ChildSpec::task("stays", |cx| async move { cx.stopping().await });
    let returns = ChildSpec::task("returns", |_| async {});
    let tree = Supervisor::new("root").child(stays).child(returns.restart(Restart::Transient));
    let mut builder = tree.into_tree().unwrap().log(true);
    let mut events = builder.subscribe();
    let tree = builder.start().await.unwrap();
    while events.next().await.unwrap().unwrap().what.name() != "exited" {}

    finish(tree).await;

    assert_eq!(
        lines.at(Level::INFO),
        [
            "root/stays child started",
            "root/returns child started",
            "root child started",
            "root child is asked to stop",
            "root/stays child is asked to stop",
            "root/stays child is gone",
            "root child is gone",
        ]
    );
    assert!(lines.at(Level::DEBUG).contains(&"root/returns child ended by itself".to_owned()));
    assert_eq!((lines.at(Level::WARN), lines.at(Level::ERROR)), (vec![], vec![]));
}

#[tokio::test]
async fn a_thousand_connections_that_end_as_they_should_are_neither_warnings_nor_information() {
    let (lines, _guard) = listen(Level::TRACE);
    let root = Supervisor::new("root").child(DynamicSupervisor::new("connections"));
    let tree = root.into_tree().unwrap().log(true).start().await.unwrap();
    let connections = TaskSupervisor::new(tree.supervisor("root/connections").unwrap());

    for number in 0..1000 {
        let connection = connections.run(move |_| async move { number }).await.unwrap();
        assert_eq!(connection.await, Ok(number));
    }
    // Some of them are still there when all stop.
    for _ in 0..10 {
        connections.spawn(|cx| async move { cx.stopping().await }).await.unwrap();
    }
    finish(tree).await;

    let of_connections = |level| {
        let lines = lines.at(level).into_iter();
        lines.filter(|line| line.starts_with("root/connections/")).count()
    };
    assert_eq!([Level::ERROR, Level::WARN, Level::INFO].map(of_connections), [0, 0, 0]);
    assert_eq!(of_connections(Level::DEBUG), 3 * 1000 + 4 * 10);
}

#[tokio::test]
async fn what_a_task_starts_comes_and_goes_as_well() {
    let (lines, _guard) = listen(Level::TRACE);
    let listener = ChildSpec::task("listener", |cx| async move {
        for _ in 0..3 {
            let parent = cx.clone();
            cx.spawn(move |_| async move { parent.stopping().await }).await.unwrap();
        }
        cx.stopping().await;
    });
    let mut builder = Supervisor::new("root").child(listener).into_tree().unwrap().log(true);
    let mut events = builder.subscribe();
    let tree = builder.start().await.unwrap();
    let mut started = 0;
    while started < 3 {
        let event = events.next().await.unwrap().unwrap();
        started += usize::from(event.what.name() == "started" && event.path.depth() == 2);
    }

    finish(tree).await;

    let below = |line: &String| line.starts_with("root/listener/");
    assert_eq!(lines.at(Level::INFO).into_iter().filter(below).count(), 0);
    // Each ends by itself or because it is asked to, whichever comes first.
    assert!(lines.at(Level::DEBUG).into_iter().filter(below).count() >= 3 * 3);
}

#[tokio::test]
async fn abnormal_ends_restarts_and_force_are_warnings_and_giving_up_is_an_error() {
    let (lines, _guard) = listen(Level::TRACE);
    let stubborn = ChildSpec::task("stubborn", |_| std::future::pending::<()>())
        .shutdown(rootward_core::Shutdown::Grace(Duration::ZERO));
    let fails = ChildSpec::task("fails", |_| async { Err::<(), _>("oh no") });
    let root = Supervisor::new("root").child(stubborn).child(fails);
    let tree = root.into_tree().unwrap().log(true).launch();
    tree.wait().await;

    finish(tree).await;

    assert_eq!(
        lines.at(Level::WARN),
        [
            "root/fails child ended by itself",
            "root/fails child is restarted",
            "root/fails child ended by itself",
            "root/stubborn child is forced to stop",
        ]
    );
    assert_eq!(lines.at(Level::ERROR), ["root supervisor used up its restart intensity"]);
}

#[tokio::test]
async fn a_task_that_fails_while_it_stops_is_a_warning_and_one_that_stops_as_it_should_is_not() {
    let (lines, _guard) = listen(Level::TRACE);
    let fails = ChildSpec::task("fails", |cx| async move {
        cx.stopping().await;
        Err::<(), _>("the last write failed")
    });
    let stops = ChildSpec::task("stops", |cx| async move { cx.stopping().await });
    let root = Supervisor::new("root").child(fails).child(stops);
    let tree = root.into_tree().unwrap().log(true).start().await.unwrap();

    finish(tree).await;

    assert_eq!(lines.at(Level::WARN), ["root/fails child failed while it stopped"]);
}

#[tokio::test]
async fn a_failed_start_is_an_error() {
    let (lines, _guard) = listen(Level::TRACE);
    let root = Supervisor::new("root").child(ChildSpec::new("fails", Fails));
    let tree = root.into_tree().unwrap().log(true).launch();
    tree.wait().await;

    finish(tree).await;

    assert_eq!(
        lines.at(Level::ERROR),
        ["root/fails child could not be started", "root child could not be started"]
    );
}

#[tokio::test]
async fn a_weaker_containment_is_an_event_and_a_warning() {
    let (lines, _guard) = listen(Level::TRACE);
    let builder = Supervisor::new("root").into_tree().unwrap().log(true);
    let mut builder = note_degraded(builder, "containment", Some("there is no warden".to_owned()));
    let mut events = builder.subscribe();
    let tree = builder.start().await.unwrap();

    let event = loop {
        let event = events.next().await.unwrap().unwrap();
        if event.what.name() == "degraded" {
            break event;
        }
    };

    assert_eq!(event.path, *"root");
    assert!(matches!(&event.what, EventKind::Degraded { what, .. } if what == "containment"), "{event:?}");
    finish(tree).await;
    assert_eq!(lines.at(Level::WARN), ["root something weaker is in force"]);
    let lines = lines.0.lock().unwrap();
    let warning = lines.iter().find(|line| line.level == Level::WARN).unwrap();
    assert!(warning.fields.ends_with(&["containment".to_owned(), "there is no warden".to_owned()]));
}

#[tokio::test]
async fn a_line_belongs_to_no_span() {
    let (lines, _guard) = listen(Level::TRACE);
    let a = ChildSpec::task("a", |cx| async move { cx.stopping().await });
    let tree = Supervisor::new("root").child(a).into_tree().unwrap().log(true).start().await.unwrap();

    finish(tree).await;

    assert!(lines.all(|line| line.is_root), "a line has a span");
}

/// R21: what writes the lines may write to a terminal, and a text from outside may hold anything.
#[tokio::test]
async fn a_text_from_outside_is_one_line_of_the_log_and_drives_no_terminal() {
    const HOSTILE: &str = "evil\u{1b}]0;pwn\u{7}\u{9b}2J\u{202e}\r\nexit status 0: FAKE";
    let (lines, _guard) = listen(Level::TRACE);
    let root = Supervisor::new("root")
        .child(
            ChildSpec::task("fails", |_| async { Err::<(), _>(std::io::Error::other(HOSTILE)) })
                .restart(Restart::Temporary),
        )
        .child(ChildSpec::task("panics", |_| async { panic!("{HOSTILE}") }).restart(Restart::Temporary))
        .child(ChildSpec::new("says", Says(HOSTILE)).restart(Restart::Temporary));
    let tree = root.into_tree().unwrap().log(true).start().await.unwrap();

    finish(tree).await;

    let lines = lines.0.lock().unwrap();
    let texts: Vec<&String> =
        lines.iter().flat_map(|line| &line.fields).filter(|text| text.contains("evil")).collect();
    assert!(texts.len() >= 3, "{texts:?}");
    let drives = |c: char| c.is_control() || c == '\u{202e}';
    assert!(texts.iter().all(|text| !text.contains(drives)), "{texts:?}");
}

#[tokio::test]
async fn an_embedded_tree_logs_nothing_unless_it_is_asked_to() {
    let (lines, _guard) = listen(Level::TRACE);
    let tree = Supervisor::new("root").start().await.unwrap();

    finish(tree).await;

    assert_eq!(lines.at(Level::INFO), Vec::<String>::new());
}

#[tokio::test]
async fn what_processes_write_is_logged_if_the_subscriber_takes_it() {
    let (lines, _guard) = listen(Level::DEBUG);
    let tree = Supervisor::new("root").into_tree().unwrap().log(true).start().await.unwrap();
    tree.root().unwrap().start_child(ChildSpec::new("talks", Talks)).await.unwrap();

    finish(tree).await;

    let is_output = |line: &&String| line.ends_with("child wrote a line");
    assert_eq!(lines.at(Level::DEBUG).iter().filter(is_output).count(), LINES);
}

#[tokio::test]
async fn what_processes_write_takes_no_room_from_a_log_that_does_not_want_it() {
    let (lines, _guard) = listen(Level::INFO);
    let builder = Supervisor::new("root").into_tree().unwrap().log(true).event_capacity(8);
    let tree = builder.start().await.unwrap();
    // By now the log knows what the subscriber takes.
    lines.wait_for("root child started").await;

    tree.root().unwrap().start_child(ChildSpec::new("talks", Talks)).await.unwrap();
    assert_eq!(tree.unlogged(), 0);
    finish(tree).await;

    assert_eq!(lines.at(Level::INFO).len(), 6);
}

/// Far longer than a line takes, also on a machine that stands still: it ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many lines the talkative child writes.
const LINES: usize = 1000;

/// Stops the tree, and waits until all of it is in the log.
async fn finish(tree: Tree) {
    tree.request_stop();
    let _ = tree.wait().await;
    assert!(tree.logged(PATIENCE).await, "the log does not come to its end");
}

/// A child that cannot be started.
struct Fails;

impl StartChild for Fails {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, _: StartContext) -> Launch {
        Launch::Failed(rootward_core::StartError::new(std::io::Error::other("out of order")))
    }
}

/// A child that writes lines as a process does, half of them at once.
struct Talks;

impl StartChild for Talks {
    fn kind(&self) -> ChildKind {
        ChildKind::Process
    }

    fn start(&self, cx: StartContext) -> Launch {
        let output = cx.process_events();
        output.write_lines(OutputStream::Stdout, &"hello\n".repeat(LINES / 2));
        for _ in 0..LINES / 2 {
            let (stream, line) = (OutputStream::Stderr, "hello".to_owned());
            output.write(OutputLine { stream, line, truncated: false, lossy: false, continued: false });
        }
        Launch::running(Talking(Some(cx.reporter)))
    }
}

/// A child that writes one line as a process does.
struct Says(&'static str);

impl StartChild for Says {
    fn kind(&self) -> ChildKind {
        ChildKind::Process
    }

    fn start(&self, cx: StartContext) -> Launch {
        let (stream, line) = (OutputStream::Stderr, self.0.to_owned());
        cx.process_events().write(OutputLine {
            stream,
            line,
            truncated: false,
            lossy: false,
            continued: false,
        });
        Launch::running(Talking(Some(cx.reporter)))
    }
}

struct Talking(Option<rootward_core::Reporter>);

impl RunningChild for Talking {
    fn stop(&mut self, _: StopRequest) {
        if let Some(reporter) = self.0.take() {
            reporter.ended(Ended::new(Exit::Code(0)));
        }
    }

    fn force(&mut self) {
        drop(self.0.take());
    }

    fn force_name(&self) -> &'static str {
        "force"
    }
}

// --- the subscriber ---

/// Takes the lines of this level and above, for as long as the guard is wrapped.
fn listen(level: Level) -> (Lines, DefaultGuard) {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(Listener { level, lines: lines.clone() });
    (lines, guard)
}

struct Listener {
    level: Level,
    lines: Lines,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>, Arc<Notify>);

struct Line {
    level: Level,
    path: String,
    message: String,
    /// The other fields.
    fields: Vec<String>,
    is_root: bool,
}

impl Lines {
    /// The lines of a level: the child and the message.
    fn at(&self, level: Level) -> Vec<String> {
        let lines = self.0.lock().expect("no test panics in there");
        let lines = lines.iter().filter(|line| line.level == level);
        lines.map(|line| format!("{} {}", line.path, line.message)).collect()
    }

    /// Waits for a line of information.
    async fn wait_for(&self, line: &str) {
        let comes = async {
            while !self.at(Level::INFO).iter().any(|there| there == line) {
                self.1.notified().await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, comes).await;
        assert!(came.is_ok(), "{line:?} does not come: {:?}", self.at(Level::INFO));
    }

    fn all(&self, is_so: impl Fn(&Line) -> bool) -> bool {
        let lines = self.0.lock().expect("no test panics in there");
        !lines.is_empty() && lines.iter().all(is_so)
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rootward" && !metadata.is_span() && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        let (level, is_root) = (*event.metadata().level(), event.is_root());
        let (path, message) = (String::new(), String::new());
        let mut line = Line { level, path, message, fields: Vec::new(), is_root };
        event.record(&mut line);
        self.lines.0.lock().expect("no test panics in there").push(line);
        self.lines.1.notify_one();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "child.path" => self.path = format!("{value:?}"),
            _ => self.fields.push(format!("{value:?}")),
        }
    }
}
