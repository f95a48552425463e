//! The same stories in real time: everything is a thousand times as fast, but for deadlines.
//!
//! What could be judged only with an exact clock is taken out: restarts are counted for ever, and a child has run well
//! either at once or never.

use std::time::Duration;

use rootward::spec::Intensity;
use rootward::{Backoff, Shutdown};

use crate::describe::{Answer, Body, Conduct, Form, Group, Leaf, Member, Opening, Plan};
use crate::operate::Operation;

/// Longer than any story.
const FOR_EVER: Duration = Duration::from_secs(3600);

pub(crate) trait Hasten {
    /// The same, a thousand times as fast.
    fn hastened(&self) -> Self;
}

impl Hasten for Duration {
    fn hastened(&self) -> Self {
        *self / 1000
    }
}

impl<T: Hasten> Hasten for Option<T> {
    fn hastened(&self) -> Self {
        self.as_ref().map(T::hastened)
    }
}

impl<T: Hasten> Hasten for Vec<T> {
    fn hastened(&self) -> Self {
        self.iter().map(T::hastened).collect()
    }
}

impl Hasten for Plan {
    fn hastened(&self) -> Self {
        // A deadline that is over before anything could be done tells little.
        let deadline = self.deadline.map(|deadline| deadline / 100);
        Self { root: self.root.hastened(), deadline, ..*self }
    }
}

impl Hasten for Member {
    fn hastened(&self) -> Self {
        let shutdown = match self.shutdown {
            Shutdown::Grace(grace) => Shutdown::Grace(grace.hastened()),
            Shutdown::Infinity | Shutdown::Kill => self.shutdown,
        };
        let body = match &self.body {
            Body::Leaf(leaf) => Body::Leaf(leaf.hastened()),
            Body::Group(group) => Body::Group(group.hastened()),
        };
        let (backoff, intensity) = (self.backoff.hastened(), self.intensity.hastened());
        let start_timeout = self.start_timeout.hastened();
        Self { shutdown, backoff, intensity, start_timeout, body, ..*self }
    }
}

impl Hasten for Intensity {
    fn hastened(&self) -> Self {
        Self { within: FOR_EVER, ..*self }
    }
}

impl Hasten for Backoff {
    fn hastened(&self) -> Self {
        let reset_after = self.reset_after.filter(Duration::is_zero);
        let (initial, max) = (self.initial.hastened(), self.max.hastened());
        Self { initial, max, reset_after, ..*self }
    }
}

impl Hasten for Group {
    fn hastened(&self) -> Self {
        let form = match &self.form {
            Form::Static { strategy, stop_order, children } => {
                Form::Static { strategy: *strategy, stop_order: *stop_order, children: children.hastened() }
            }
            Form::Dynamic { max_children } => Form::Dynamic { max_children: *max_children },
        };
        Self { intensity: self.intensity.hastened(), form, ..*self }
    }
}

impl Hasten for Leaf {
    fn hastened(&self) -> Self {
        let conduct = match self.conduct {
            Conduct::Stays => Conduct::Stays,
            Conduct::Ends(after) => Conduct::Ends(after.hastened()),
            Conduct::Fails(after) => Conduct::Fails(after.hastened()),
            Conduct::Panics(after) => Conduct::Panics(after.hastened()),
        };
        let answer = match self.answer {
            Answer::Dawdles(time) => Answer::Dawdles(time.hastened()),
            Answer::Lingers(time) => Answer::Lingers(time.hastened()),
            Answer::Obeys
            | Answer::Refuses
            | Answer::Fails
            | Answer::Panics
            | Answer::PanicsInDrop
            | Answer::Breeds
            | Answer::Throws => self.answer,
        };
        Self { openings: self.openings.hastened(), conduct, answer }
    }
}

impl Hasten for Opening {
    fn hastened(&self) -> Self {
        Self { after: self.after.hastened(), ..*self }
    }
}

impl Hasten for Operation {
    fn hastened(&self) -> Self {
        match self {
            Self::Pass(time) => Self::Pass(time.hastened()),
            Self::Add { group, child } => Self::Add { group: *group, child: Box::new(child.hastened()) },
            Self::Make(..)
            | Self::AddAgain { .. }
            | Self::Terminate { .. }
            | Self::Restart { .. }
            | Self::Delete { .. }
            | Self::Stop
            | Self::Drop
            | Self::Force
            | Self::GiveUp
            | Self::Listen(_)
            // What is one request is not decided a thousand times as fast.
            | Self::Send(..) => self.clone(),
        }
    }
}
