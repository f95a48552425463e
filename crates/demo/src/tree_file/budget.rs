//! How long the stop of a tree file's tree may take, if each child takes the whole of its grace, and whether the
//! deadline has room for that.

use std::fmt::{self, Write as _};
use std::time::Duration;

use rootward::Shutdown;

use super::model::{Child, ChildPart, Stop, SupervisorPart, TreeFile};

/// How many children are named whose graces are the longest.
const NAMED: usize = 5;

/// The arithmetic of one stop. Children stop one after the other, so their graces add up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    deadline: Duration,
    drain: Duration,
    /// All graces of the children that have one, and where they stand, the longest first.
    graces: Vec<(String, Duration)>,
    /// The children that may take as long as they like.
    endless: Vec<String>,
}

impl TreeFile {
    /// What the stop may take.
    pub(crate) fn budget(&self) -> Budget {
        let mut budget =
            Budget { deadline: self.deadline, drain: self.drain, graces: Vec::new(), endless: Vec::new() };
        budget.add(&self.id, &self.root, None);
        budget.graces.sort_by_key(|(_, grace)| std::cmp::Reverse(*grace));
        budget
    }
}

impl Budget {
    /// Adds the children of a supervisor, which may take no longer than `limit` together.
    fn add(&mut self, path: &str, part: &SupervisorPart, limit: Option<Duration>) {
        let before = (self.graces.len(), self.endless.len());
        for child in &part.children {
            self.add_child(&format!("{path}/{}", child.id), child);
        }
        let Some(limit) = limit else { return };
        let of_children: Duration = self.graces[before.0..].iter().map(|(_, grace)| *grace).sum();
        if of_children > limit || self.endless.len() > before.1 {
            // It is forced then, whatever they do.
            self.graces.truncate(before.0);
            self.endless.truncate(before.1);
            self.graces.push((path.to_owned(), limit));
        }
    }

    fn add_child(&mut self, path: &str, child: &Child) {
        match (child.shutdown, &child.kind) {
            (Some(Shutdown::Kill), _) => {}
            (None | Some(Shutdown::Infinity), ChildPart::Supervisor(part)) => self.add(path, part, None),
            (Some(Shutdown::Grace(grace)), ChildPart::Supervisor(part)) => self.add(path, part, Some(grace)),
            (Some(Shutdown::Grace(grace)), ChildPart::Process(_) | ChildPart::Task(_)) => {
                self.graces.push((path.to_owned(), grace));
            }
            (Some(Shutdown::Infinity), ChildPart::Process(_) | ChildPart::Task(_)) => {
                self.endless.push(path.to_owned())
            }
            (None, ChildPart::Process(process)) => {
                let grace = match &process.stop {
                    Stop::Signal(_) => Shutdown::DEFAULT_GRACE,
                    Stop::Ladder(steps) => steps.iter().map(|step| step.wait).sum(),
                };
                let of_command = process.stop_command.as_ref().map_or(Duration::ZERO, |(_, wait)| *wait);
                let grace = of_command.saturating_add(grace);
                self.graces.push((path.to_owned(), grace));
            }
            (None, ChildPart::Task(_)) => self.graces.push((path.to_owned(), Shutdown::DEFAULT_GRACE)),
        }
    }

    fn graces(&self) -> Duration {
        self.graces.iter().map(|(_, grace)| *grace).sum()
    }

    /// What the drain takes: at most half of the deadline.
    fn drained(&self) -> Duration {
        self.drain.min(self.deadline / 2)
    }

    /// When everything is forced: a tenth before the deadline, but at most a second.
    fn forced_at(&self) -> Duration {
        self.deadline - (self.deadline / 10).min(Duration::from_secs(1))
    }

    /// Why the deadline has no room for what the file grants, if it has none.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.drain > self.drained() {
            let [drain, cut] = [self.drain, self.drained()].map(humantime::format_duration);
            warnings.push(format!("the drain of {drain} is cut to {cut}, half of the deadline"));
        }
        let room = self.forced_at().saturating_sub(self.drained());
        if self.graces() > room {
            let [graces, room] = [self.graces(), room].map(humantime::format_duration);
            let mut text = format!(
                "children stop one after the other, and their graces add up to {graces}; the deadline has room for \
                 {room}, and what is left then is forced:"
            );
            for (path, grace) in self.graces.iter().take(NAMED) {
                let _ = write!(text, "\n  {path} {}", humantime::format_duration(*grace));
            }
            if self.graces.len() > NAMED {
                let _ = write!(text, "\n  and {} more", self.graces.len() - NAMED);
            }
            warnings.push(text);
        }
        if !self.endless.is_empty() {
            let [forced, deadline] = [self.forced_at(), self.deadline].map(humantime::format_duration);
            let mut text = format!(
                "the deadline of {deadline} holds for children with shutdown = \"infinity\", too: what has not gone \
                 after {forced} is forced:"
            );
            for path in self.endless.iter().take(NAMED) {
                let _ = write!(text, "\n  {path}");
            }
            if self.endless.len() > NAMED {
                let _ = write!(text, "\n  and {} more", self.endless.len() - NAMED);
            }
            warnings.push(text);
        }
        warnings
    }
}

/// One line.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |duration| humantime::format_duration(duration);
        write!(f, "stop: ")?;
        if !self.drain.is_zero() {
            write!(f, "{} of drain, then ", of(self.drained()))?;
        }
        write!(f, "{} of graces", of(self.graces()))?;
        if let [first, rest @ ..] = self.endless.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            write!(f, " beside {first}{more}, which may take any time")?;
        }
        write!(f, "; forced after {}, reported after {}", of(self.forced_at()), of(self.deadline))
    }
}
