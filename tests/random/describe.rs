//! Descriptions of trees, as plain data that can be grown, shrunk, shown, started, and compared with a record.
//!
//! Children have ids by their place: `t0` is a leaf, `s1` a supervisor, `d2` a dynamic one. A child that is added while
//! the tree runs is `x` and a number, and a child that a leaf adds is `y`.

use std::sync::LazyLock;
use std::time::Duration;

use rootward::snapshot::ChildKind;
use rootward::spec::{Intensity, StopReach};
use rootward::{AutoShutdown, Backoff, Restart, Shutdown, StopOrder, Strategy};

/// A tree, with the options of its builder.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) root: Member,
    pub(crate) deadline: Option<Duration>,
    pub(crate) stop_when_idle: bool,
    pub(crate) stop_reach: StopReach,
}

/// A child, or the root.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Leaf(Leaf),
    Group(Group),
}

/// A supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) form: Form,
}

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Static { strategy: Strategy, stop_order: StopOrder, children: Vec<Member> },
    Dynamic { max_children: usize },
}

/// Something without children.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// How its starts go, one after the other and then over again.
    pub(crate) openings: Vec<Opening>,
    pub(crate) conduct: Conduct,
    pub(crate) answer: Answer,
}

/// How a start goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) outcome: Launched,
    /// How long it takes. `None` is known at once.
    pub(crate) after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Launched {
    Runs,
    Fails,
    Panics,
    Ignores,
}

/// What a leaf does by itself, and after what time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conduct {
    Stays,
    Ends(Duration),
    Fails(Duration),
    Panics(Duration),
}

/// What a leaf does when it is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Obeys,
    /// Takes its time.
    Dawdles(Duration),
    /// Never looks.
    Refuses,
    Fails,
    Panics,
    /// Obeys, and panics whenever it is dropped.
    PanicsInDrop,
    /// Obeys, and has its supervisor start another child.
    Breeds,
    /// Asking it panics.
    Throws,
    /// Never looks, and is gone only some time after it has been forced.
    Lingers(Duration),
}

/// What a leaf that breeds has its supervisor start: another one of its kind.
static BROOD: LazyLock<Member> = LazyLock::new(|| Member {
    restart: Restart::Temporary,
    ..Member::new(Body::Leaf(Leaf { answer: Answer::Breeds, ..Leaf::PLAIN }))
});

impl Plan {
    /// The description of the child at this path, if there is one. `added` came to the tree while it ran.
    pub(crate) fn find<'a>(&'a self, added: &'a [Member], path: &str) -> Option<&'a Member> {
        let mut parts = path.split('/');
        let mut found = (parts.next() == Some("root")).then_some(&self.root)?;
        for id in parts {
            found = found.group()?.child(added, id)?;
        }
        Some(found)
    }
}

impl Member {
    pub(crate) fn new(body: Body) -> Self {
        Self {
            restart: Restart::Permanent,
            shutdown: Shutdown::from(Shutdown::DEFAULT_GRACE),
            significant: false,
            backoff: None,
            intensity: None,
            start_timeout: None,
            body,
        }
    }

    /// What a leaf that breeds has its supervisor start.
    pub(crate) fn brood() -> &'static Self {
        &BROOD
    }

    pub(crate) fn group(&self) -> Option<&Group> {
        match &self.body {
            Body::Group(group) => Some(group),
            Body::Leaf(_) => None,
        }
    }

    pub(crate) fn leaf(&self) -> Option<&Leaf> {
        match &self.body {
            Body::Leaf(leaf) => Some(leaf),
            Body::Group(_) => None,
        }
    }

    pub(crate) fn kind(&self) -> ChildKind {
        match &self.body {
            Body::Group(_) => ChildKind::Supervisor,
            Body::Leaf(leaf) => leaf.kind(),
        }
    }

    /// The id that it has at this place among its siblings.
    pub(crate) fn id(&self, place: usize) -> String {
        let letter = match &self.body {
            Body::Leaf(_) => 't',
            Body::Group(Group { form: Form::Static { .. }, .. }) => 's',
            Body::Group(Group { form: Form::Dynamic { .. }, .. }) => 'd',
        };
        format!("{letter}{place}")
    }
}

impl Group {
    /// The children that it begins with.
    pub(crate) fn children(&self) -> &[Member] {
        match &self.form {
            Form::Static { children, .. } => children,
            Form::Dynamic { .. } => &[],
        }
    }

    pub(crate) fn strategy(&self) -> Strategy {
        match &self.form {
            Form::Static { strategy, .. } => *strategy,
            Form::Dynamic { .. } => Strategy::OneForOne,
        }
    }

    pub(crate) fn stop_order(&self) -> StopOrder {
        match &self.form {
            Form::Static { stop_order, .. } => *stop_order,
            Form::Dynamic { .. } => StopOrder::Concurrent,
        }
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        matches!(self.form, Form::Dynamic { .. })
    }

    fn child<'a>(&'a self, added: &'a [Member], id: &str) -> Option<&'a Member> {
        let number = || {
            let digits = id.get(1..)?.split('-').next()?;
            digits.parse::<usize>().ok()
        };
        match id.chars().next()? {
            'y' => Some(Member::brood()),
            'x' => added.get(number()?),
            _ => self.children().get(number()?),
        }
    }
}

impl Leaf {
    /// Runs at once, stays, and obeys.
    pub(crate) const PLAIN: Self =
        Self { openings: Vec::new(), conduct: Conduct::Stays, answer: Answer::Obeys };

    /// How its n-th start goes.
    pub(crate) fn opening(&self, start: usize) -> Opening {
        let at_once = Opening { outcome: Launched::Runs, after: None };
        match self.openings.len() {
            0 => at_once,
            openings => self.openings[start % openings],
        }
    }

    /// Tasks start at once and can always be aborted. A leaf that cannot is of another kind.
    pub(crate) fn kind(&self) -> ChildKind {
        let is_strange = matches!(self.answer, Answer::Throws | Answer::Lingers(_));
        match is_strange || self.openings.iter().any(|opening| opening.after.is_some()) {
            true => ChildKind::Actor,
            false => ChildKind::Task,
        }
    }
}
