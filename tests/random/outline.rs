//! How a tree is shown when something is wrong with it: one line a child, and what is usual is left out.

use std::fmt;

use rootward::spec::{Intensity, StopReach};
use rootward::{AutoShutdown, Backoff, Restart, Shutdown, StopOrder, Strategy};

use crate::describe::{Answer, Body, Conduct, Form, Group, Leaf, Member, Plan};

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tree with the deadline {:?}", self.deadline)?;
        if self.stop_when_idle {
            f.write_str(" that stops when it is idle")?;
        }
        if self.stop_reach == StopReach::Asked {
            f.write_str(", in which a stop reaches only the supervisors that are asked")?;
        }
        writeln!(f)?;
        write_member(f, &self.root, "root", 1)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_member(f, self, "child", 0)
    }
}

fn write_member(f: &mut fmt::Formatter<'_>, member: &Member, id: &str, depth: usize) -> fmt::Result {
    write!(f, "{:indent$}{id}", "", indent = 2 * depth)?;
    match member.restart {
        Restart::Permanent => {}
        Restart::Transient => f.write_str(" transient")?,
        Restart::Temporary => f.write_str(" temporary")?,
    }
    match member.shutdown {
        Shutdown::Grace(grace) if grace == Shutdown::DEFAULT_GRACE => {}
        Shutdown::Grace(grace) => write!(f, " grace={grace:?}")?,
        Shutdown::Kill => f.write_str(" kill")?,
        Shutdown::Infinity => f.write_str(" infinity")?,
    }
    if member.significant {
        f.write_str(" significant")?;
    }
    if let Some(Backoff { initial, max, factor, reset_after, .. }) = member.backoff {
        write!(f, " backoff={initial:?}*{factor}<={max:?}")?;
        if let Some(reset_after) = reset_after {
            write!(f, " reset_after={reset_after:?}")?;
        }
    }
    if let Some(intensity) = member.intensity {
        f.write_str(" own")?;
        write_intensity(f, intensity)?;
    }
    if let Some(timeout) = member.start_timeout {
        write!(f, " start_timeout={timeout:?}")?;
    }
    match &member.body {
        Body::Leaf(leaf) => write_leaf(f, leaf),
        Body::Group(group) => write_group(f, group, depth),
    }
}

fn write_leaf(f: &mut fmt::Formatter<'_>, leaf: &Leaf) -> fmt::Result {
    if !leaf.openings.is_empty() {
        f.write_str(" opens:")?;
    }
    for opening in &leaf.openings {
        write!(f, " {:?}", opening.outcome)?;
        if let Some(after) = opening.after {
            write!(f, "({after:?})")?;
        }
    }
    if !matches!(leaf.conduct, Conduct::Stays) {
        write!(f, " then {:?}", leaf.conduct)?;
    }
    if leaf.answer != Answer::Obeys {
        write!(f, " when asked {:?}", leaf.answer)?;
    }
    writeln!(f)
}

fn write_group(f: &mut fmt::Formatter<'_>, group: &Group, depth: usize) -> fmt::Result {
    write_intensity(f, group.intensity)?;
    if group.auto_shutdown != AutoShutdown::Never {
        write!(f, " {:?}", group.auto_shutdown)?;
    }
    match &group.form {
        Form::Dynamic { max_children } => write!(f, " max_children={max_children}")?,
        Form::Static { strategy, stop_order, .. } => {
            if *strategy != Strategy::OneForOne {
                write!(f, " {strategy:?}")?;
            }
            if *stop_order != StopOrder::Reverse {
                write!(f, " {stop_order:?}")?;
            }
        }
    }
    writeln!(f)?;
    let mut children = group.children().iter().enumerate();
    children.try_for_each(|(place, child)| write_member(f, child, &child.id(place), depth + 1))
}

fn write_intensity(f: &mut fmt::Formatter<'_>, intensity: Intensity) -> fmt::Result {
    write!(f, " {}/{:?}", intensity.max_restarts, intensity.within)
}
