//! Pure: whether what a script waits for has come about, and whether it still can.

use clap::ValueEnum;
use rootward_observer::model::Model;
use rootward_observer::wire::{Child, State};
use serde::{Deserialize, Serialize};

use crate::terminal::end_of;

/// What a script may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Until {
    /// It runs, and is ready if it has a way to say so
    Ready,
    /// It is down, and no restart is due
    Gone,
}

/// What is to be said of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Reached(String),
    /// It cannot come about any more.
    Never(String),
    /// It depends on what comes.
    NotYet(String),
    /// This is the verdict if the child is still down a moment later: what ended just now may be restarted, and its
    /// supervisor has not said so yet.
    IfItStaysDown(Box<Verdict>),
    /// The tree has another root.
    OtherRoot(String),
}

/// Judges by what is known of the tree.
pub(super) fn judge(model: &Model, path: &str, until: Until) -> Verdict {
    let Some(root) = model.children().next() else { return Verdict::NotYet("the tree begins".to_owned()) };
    if !is_below(&root.path, path) {
        return Verdict::OtherRoot(root.path.clone());
    }
    match until {
        Until::Ready => ready(model, root, path),
        Until::Gone => gone(model, path),
    }
}

/// Whether a path is that of the root or of a child that can be below it.
pub(super) fn is_below(root: &str, path: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn ready(model: &Model, root: &Child, path: &str) -> Verdict {
    if root.state == State::Stopping || is_over(root) {
        return Verdict::Never("the tree stops".to_owned());
    }
    let Some(child) = model.find(path) else {
        return match above(model, path) {
            Some(above) if is_over(above) => if_it_stays(Verdict::Never(format!("{} is down", above.path))),
            _ => Verdict::NotYet(format!("there is no {path}")),
        };
    };
    match child.state {
        State::Running => Verdict::Reached(format!("{path} is ready")),
        State::Down if child.last_end.is_some() && !goes_along(child) => {
            if_it_stays(Verdict::Never(format!("{path} is down: {}", end(child))))
        }
        State::Down => Verdict::NotYet(format!("{path} is down")),
        State::Starting => Verdict::NotYet(format!("{path} is starting")),
        State::Stopping => Verdict::NotYet(format!("{path} is stopping")),
        State::Restarting => Verdict::NotYet(format!("{path} waits for its restart")),
        State::Unknown | _ => {
            Verdict::NotYet(format!("{path} is in a state that this version does not know"))
        }
    }
}

fn gone(model: &Model, path: &str) -> Verdict {
    let Some(child) = model.find(path) else {
        return match above(model, path) {
            Some(above) if above.state == State::Starting => {
                Verdict::NotYet(format!("there is no {path} yet"))
            }
            _ => if_it_stays(Verdict::Reached(format!("there is no {path}"))),
        };
    };
    let comes_still = child.incarnation == 0 && child.last_end.is_none();
    match child.state {
        State::Down if comes_still => Verdict::NotYet(format!("{path} has not been started")),
        State::Down if !goes_along(child) => {
            if_it_stays(Verdict::Reached(format!("{path} is gone: {}", end(child))))
        }
        State::Down | State::Restarting => Verdict::NotYet(format!("{path} is to be started again")),
        State::Starting => Verdict::NotYet(format!("{path} is starting")),
        State::Running => Verdict::NotYet(format!("{path} runs")),
        State::Stopping => Verdict::NotYet(format!("{path} is stopping")),
        State::Unknown | _ => {
            Verdict::NotYet(format!("{path} is in a state that this version does not know"))
        }
    }
}

fn if_it_stays(verdict: Verdict) -> Verdict {
    Verdict::IfItStaysDown(Box::new(verdict))
}

/// Whether it is down for the sake of a sibling that is restarted, and comes back with it.
fn goes_along(child: &Child) -> bool {
    child.last_end.as_ref().is_some_and(|end| end.cause.as_deref() == Some("sibling"))
}

/// Whether it has been there and is down.
fn is_over(child: &Child) -> bool {
    child.state == State::Down && child.incarnation > 0
}

/// The nearest child above that is known.
fn above<'a>(model: &'a Model, path: &str) -> Option<&'a Child> {
    let mut path = path;
    loop {
        path = path.rsplit_once('/')?.0;
        if let Some(child) = model.find(path) {
            return Some(child);
        }
    }
}

fn end(child: &Child) -> String {
    child.last_end.as_ref().map_or_else(
        || "nothing has told how it ended".to_owned(),
        |end| end_of(end.status.as_ref(), &end.event, end.error.as_deref()),
    )
}

#[cfg(test)]
mod tests {
    use rootward_observer::wire::{Kind, Outcome, Status, What};

    use super::*;
    use crate::terminal::samples::{Story, stopping, up};

    fn says(verdict: Verdict) -> (&'static str, String) {
        match verdict {
            Verdict::Reached(says) => ("reached", says),
            Verdict::Never(says) => ("never", says),
            Verdict::NotYet(says) => ("not yet", says),
            Verdict::OtherRoot(root) => ("other root", root),
            Verdict::IfItStaysDown(verdict) => match *verdict {
                Verdict::Reached(says) => ("reached if down", says),
                Verdict::Never(says) => ("never if down", says),
                other @ (Verdict::NotYet(_) | Verdict::OtherRoot(_) | Verdict::IfItStaysDown(_)) => {
                    panic!("{other:?}")
                }
            },
        }
    }

    fn verdicts(model: &Model, path: &str) -> [&'static str; 2] {
        [Until::Ready, Until::Gone].map(|until| says(judge(model, path, until)).0)
    }

    #[test]
    fn a_child_that_runs_is_ready_and_not_gone() {
        let model = up().model();

        assert_eq!(verdicts(&model, "root"), ["reached", "not yet"]);
        assert_eq!(verdicts(&model, "root/storage/database"), ["reached", "not yet"]);
        assert_eq!(verdicts(&model, "root/front/flaky"), ["not yet", "not yet"], "its restart is due");
    }

    #[test]
    fn a_child_that_starts_is_neither() {
        let model = Story::new()
            .event(0.0, "root", Kind::Supervisor, What::Starting)
            .event(0.1, "root/a", Kind::Task, What::Starting)
            .model();

        assert_eq!(verdicts(&model, "root/a"), ["not yet", "not yet"]);
        assert_eq!(verdicts(&model, "root/later"), ["not yet", "not yet"], "the root still starts");
    }

    #[test]
    fn a_child_that_ended_by_itself_may_be_restarted_soon_after() {
        let exited = What::Exited {
            status: Some(Status::Code { code: 0, success: false }),
            stragglers: vec![],
            hint: None,
        };
        let model = up().event(5.0, "root/storage/database", Kind::Process, exited).model();

        assert_eq!(verdicts(&model, "root/storage/database"), ["never if down", "reached if down"]);
    }

    #[test]
    fn a_child_that_went_along_with_a_sibling_comes_back() {
        let (path, kind) = ("root/storage/index", Kind::Task);
        let stopping = What::Stopping { cause: "sibling".to_owned(), signal: None, grace_ms: None };
        let model = up().event(5.0, path, kind, stopping).stopped(5.1, path, kind, Outcome::Graceful).model();

        assert_eq!(verdicts(&model, path), ["not yet", "not yet"]);
    }

    #[test]
    fn nothing_becomes_ready_in_a_tree_that_stops() {
        let model = stopping();

        assert_eq!(verdicts(&model, "root/storage/database"), ["never", "not yet"]);
        assert_eq!(verdicts(&model, "root/front/gateway"), ["never", "reached if down"]);
        assert_eq!(verdicts(&model, "root/none"), ["never", "reached if down"]);
    }

    #[test]
    fn a_path_below_another_root_is_a_mistake() {
        let model = up().model();

        for path in ["front/flaky", "rooty", ""] {
            let verdict = judge(&model, path, Until::Gone);
            assert_eq!(verdict, Verdict::OtherRoot("root".to_owned()), "{path}");
        }
        assert_eq!(verdicts(&model, "root/none"), ["not yet", "reached if down"]);
    }
}
