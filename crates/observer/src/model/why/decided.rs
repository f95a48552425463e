//! What a child waits for and what would change that, in words, out of what the machine of its supervisor said.

use crate::wire::{
    Awaited, Change, Child, Consequence, Decided, Kind, PatienceLimit, Restarts, State, Wait, Why,
};

impl Why {
    /// Says what the machine of the child's supervisor said, in place of what only events told.
    #[must_use]
    pub fn with_decided(mut self, decided: Decided) -> Self {
        let told = DecidedWords { child: &self.child, decided: &decided };
        let waits = told.waits();
        // An attempt to start a process that is tried again is no business of its supervisor, nor is the drain of the
        // tree.
        let is_elsewhere = |wait: &Wait| matches!(&*wait.what, "attempt" | "drain");
        if !self.waits_for.iter().any(is_elsewhere) {
            self.waits_for = waits;
        }
        self.changed_by.retain(|change| !matches!(&*change.what, "end" | "due"));
        self.changed_by.splice(0..0, told.changes());
        self.decided = Some(decided);
        self
    }
}

struct DecidedWords<'a> {
    child: &'a Child,
    decided: &'a Decided,
}

impl DecidedWords<'_> {
    fn waits(&self) -> Vec<Wait> {
        let Decided { waits_for, before, due, .. } = self.decided;
        let then = self.then();
        let mut waits = Vec::new();
        if let Some(awaited) = waits_for {
            let mut wait = self.wait_for(awaited);
            if *before > 0 {
                wait.says.push_str(&format!(", and {before} more, one after the other"));
            }
            if let Some(then) = &then {
                wait.says.push_str(&format!("; then {then}"));
            }
            waits.push(wait);
        }
        if let (Some(at), Some(then)) = (due, then) {
            let what = if self.decided.next.as_deref() == Some("restart") { "restart" } else { "turn" };
            let says = match what {
                "restart" => format!("its restart, {}", self.attempt()),
                _ => format!("the restart of a sibling: {then}"),
            };
            waits.push(Wait { what: what.to_owned(), path: None, at: Some(*at), says });
        }
        waits
    }

    /// The start or the end of a child: its own, that of a child below it, or that of a sibling.
    fn wait_for(&self, awaited: &Awaited) -> Wait {
        let is_start = awaited.what == "start";
        if awaited.path != self.child.path {
            return of_another(awaited);
        }
        if let Some(below) = &self.decided.own {
            return of_another(below);
        }
        let at = self.decided.limit.as_ref().map(|limit| limit.at);
        let (what, says) = match (is_start, self.child.kind) {
            (true, Kind::Process) => ("ready", readiness(self.child)),
            (true, Kind::Supervisor) => ("ready", "its next child".to_owned()),
            (true, Kind::Task | Kind::Actor | Kind::Unknown) => ("ready", "its start".to_owned()),
            (false, _) if self.child.forced => ("end", "its end, which has been forced".to_owned()),
            (false, _) if at.is_some() => ("end", "its own end, or the end of its grace".to_owned()),
            (false, _) => ("end", "its own end, for which it has no limit".to_owned()),
        };
        let at = at.or_else(|| self.child.readiness.as_ref().filter(|_| is_start)?.until);
        Wait { what: what.to_owned(), path: None, at, says }
    }

    /// What the supervisor does when what it waits for has come.
    fn then(&self) -> Option<String> {
        Some(match self.decided.next.as_deref()? {
            "restart" => format!("it is restarted, {}", self.attempt()),
            "start" => "it is started".to_owned(),
            "stop" => "it is asked to stop".to_owned(),
            "give_up" => "its supervisor gives up".to_owned(),
            other => other.to_owned(),
        })
    }

    fn attempt(&self) -> String {
        format!("attempt {} since it last ran well", self.decided.attempt.unwrap_or(1))
    }

    fn changes(&self) -> Vec<Change> {
        let Decided { limit, on_failure, on_success, restarts, .. } = self.decided;
        let mut changes = Vec::new();
        if matches!(self.child.state, State::Running | State::Stopping) && on_failure.is_none() {
            changes.push(change("end", "its end"));
        }
        changes.extend(limit.as_ref().map(limit_of));
        let consequence = |of: &Consequence| format!("{}{}", said(of), counted(of, restarts.as_ref()));
        match (on_failure, on_success) {
            (Some(failure), Some(success)) if failure == success => {
                changes.push(change("end", &format!("its end: {}", consequence(failure))));
            }
            (failure, success) => {
                let failed = |of| change("failure", &format!("a failure: {}", consequence(of)));
                let ended = |of| change("success", &format!("an end as it should be: {}", consequence(of)));
                changes.extend(failure.as_ref().map(failed).into_iter().chain(success.as_ref().map(ended)));
            }
        }
        changes
    }
}

/// What a process has to show, and why the last look did not find it.
fn readiness(child: &Child) -> String {
    let Some(readiness) = &child.readiness else {
        return "its being ready, which the program has to show".to_owned();
    };
    let miss = readiness.last_miss.as_ref().map_or_else(String::new, |miss| format!(" (last look: {miss})"));
    format!("{}{miss}", readiness.awaits)
}

fn of_another(awaited: &Awaited) -> Wait {
    let Awaited { what, path } = awaited;
    let says = format!("the {what} of {path}");
    Wait { what: format!("{what}_of"), path: Some(path.clone()), at: None, says }
}

fn limit_of(limit: &PatienceLimit) -> Change {
    let says = match &*limit.what {
        "force" => "the end of its grace: it is forced then",
        "give_up_start" => "the end of the time for its start: that is given up then",
        _ => "the end of patience with it: its supervisor goes on with its siblings",
    };
    Change { at: Some(limit.at), ..change("due", says) }
}

fn said(consequence: &Consequence) -> String {
    let siblings = match consequence.siblings {
        None | Some(0) => String::new(),
        Some(1) => ", with a sibling".to_owned(),
        Some(siblings) => format!(", with {siblings} siblings"),
    };
    match (&*consequence.what, consequence.delay_ms.unwrap_or(0)) {
        ("restart", 0) => format!("it is started again at once{siblings}"),
        ("restart", delay) => {
            let attempt = consequence.attempt.unwrap_or(1);
            format!("it is started again after {}, attempt {attempt}{siblings}", long(delay))
        }
        ("stays_down", _) => "it stays down".to_owned(),
        ("is_forgotten", _) => "it stays down and is forgotten".to_owned(),
        ("gives_up", _) => "one restart too many, and its supervisor gives up".to_owned(),
        ("stops_supervisor", _) => "its supervisor stops".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// How many restarts count already, if that matters.
fn counted(consequence: &Consequence, restarts: Option<&Restarts>) -> String {
    match (&*consequence.what, restarts) {
        ("restart" | "gives_up", Some(Restarts { counted, allowed: Some(allowed), within_ms, .. })) => {
            format!(" ({counted} of {allowed} restarts within {} are used up)", long(*within_ms))
        }
        _ => String::new(),
    }
}

/// A time in the unit that makes it short.
fn long(millis: u64) -> String {
    match (millis / 1000, millis % 1000 / 100) {
        (0, _) => format!("{millis} ms"),
        (seconds, 0) => format!("{seconds} s"),
        (seconds, tenths) => format!("{seconds}.{tenths} s"),
    }
}

fn change(what: &str, says: &str) -> Change {
    Change { what: what.to_owned(), at: None, says: says.to_owned() }
}
