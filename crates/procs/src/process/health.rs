//! Finds out, again and again, whether a process that runs is healthy, and what its owner does about it.
//!
//! One task looks, or listens, for as long as the process runs. It tells its owner what the rule makes of it. A look is
//! bounded in time, and the next one begins when it is over, however it ends.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ractor::ActorRef;
use rootward_core::ExitClass;
use rootward_core::pace::{Pacer, RealTimeGuard};
use rootward_core::sibling::{awake_now, now, sleep_awake_until, sleep_until};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::check::{CheckEndReporter, RunningCheck, answer};
use super::health_state::Diagnosis;
use super::message::{Fact, OwnerMessage};
use super::notices::Signs;
use super::owner::Owner;
use super::path_state::PathState;
use super::probe::{MembersOfSet, ProbeTarget, look_once};
use super::start_log::StartLog;
use crate::policy::{Checkup, Finding, HealthRules, LifeInput, Look, Watchdog, together};
use crate::spec::{HealthCheck, ReadyContext, UsersCheck};

impl Owner {
    /// Begins to find out whether the process is healthy.
    pub(super) fn watch_health(&mut self, myself: &ActorRef<OwnerMessage>) {
        let (Some(process), Some(owned_set), Some(health_state)) =
            (self.process.clone(), &self.owned_set, &mut self.health_state)
        else {
            return;
        };
        let Some(health) = process.get_health() else { return };
        let rules = health.rules;
        let members = MembersOfSet(Arc::downgrade(owned_set.set()));
        let pid = owned_set.set().pid().unsigned_abs();
        let post = Post { owner: myself.clone(), pacer: self.pacer.clone() };
        let tasks = self.tasks.clone();
        let (signs, last) = (health_state.signs.take(), health_state.before.get().copied());
        self.check = Some(match (&health.how, health.users()) {
            (HealthCheck::Watchdog(timeout), _) => {
                let watchdog = Watchdog::new(*timeout, rules.start_period, awake_now());
                RunningCheck::health(myself.clone(), |_| listen(watchdog, signs, post))
            }
            (HealthCheck::Look(_), Some(check)) => RunningCheck::health(myself.clone(), |over| {
                look_again_and_again(
                    Looks::Users(Users { check, pid, tasks, over, running: None }),
                    rules,
                    post,
                )
            }),
            (HealthCheck::Look(ready), None) => {
                let Some(probe) = self.probe(&process, ready) else { return };
                let log = StartLog::default();
                let any_owner = ready.any_owner || !process.command().descriptors.sockets.is_empty();
                let looks = Looks::Probe { probe: Box::new(probe), any_owner, members, log, last };
                RunningCheck::health(myself.clone(), |_| look_again_and_again(looks, rules, post))
            }
        });
    }

    /// Writes down what was found, and has a process stopped that is too unhealthy to go on.
    pub(super) fn diagnosed(&mut self, diagnosis: Option<Diagnosis>, myself: &ActorRef<OwnerMessage>) {
        // What has ended, or is stopped by its supervisor, ends as it does.
        if self.exit.is_some() || self.is_asked() {
            return;
        }
        let health = self.process.as_ref().and_then(|process| process.get_health());
        let (Some(health), Some(health_state)) = (health, &mut self.health_state) else { return };
        let Some(Diagnosis { error, failures, is_enough }) = diagnosis else {
            self.shown.health(0, None);
            health_state.sink.healthy();
            return;
        };
        self.shown.health(failures, Some(error.clone()));
        let error = format!("{}: {error}", health.describe());
        health_state.sink.unhealthy(error.clone(), failures, health.threshold_in_force());
        if is_enough {
            health_state.illness = Some(error);
            self.tell(LifeInput::Unhealthy, myself);
        }
    }

    /// Why it was stopped, if that was because it was unhealthy.
    pub(super) fn illness(&self) -> Option<&str> {
        self.health_state.as_ref().filter(|_| !self.is_asked())?.illness.as_deref()
    }

    /// Writes down that a process that is stopped without its supervisor's request gets SIGKILL.
    pub(super) fn note_kill(&mut self) {
        let is_ill = self.illness().is_some();
        if let Some(health_state) =
            self.health_state.as_mut().filter(|health_state| is_ill && !health_state.is_escalated)
        {
            health_state.is_escalated = true;
            health_state.sink.escalated("SIGKILL");
        }
    }

    /// Whether the supervisor has asked it to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.wanted.is_none()
    }
}

/// Where a health check tells what it has found.
struct Post {
    owner: ActorRef<OwnerMessage>,
    pacer: Pacer,
}

impl Post {
    fn tell(&self, diagnosis: Option<Diagnosis>) {
        // An owner that is gone does not need it.
        let _ = self.owner.cast(OwnerMessage::Fact(Fact::Diagnosed(diagnosis)));
    }

    /// A process needs real time for its answer.
    fn hold(&self) -> RealTimeGuard {
        self.pacer.hold()
    }
}

/// How it is looked.
enum Looks {
    Probe {
        probe: Box<ProbeTarget>,
        /// Whether a listener that is no process of the set will do from the beginning.
        any_owner: bool,
        members: MembersOfSet,
        log: StartLog,
        /// What stood at a path at the last look, or before the program was started.
        last: Option<PathState>,
    },
    Users(Users),
}

/// A user's own function, and its run.
struct Users {
    check: UsersCheck,
    pid: u32,
    tasks: Handle,
    over: Arc<CheckEndReporter>,
    /// A run that is not over, whether or not it has been aborted.
    running: Option<Run>,
}

struct Run(JoinHandle<Result<(), String>>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn look_again_and_again(mut looks: Looks, rules: HealthRules, post: Post) {
    let mut began = awake_now();
    let mut checkup = Checkup::new(rules, began);
    loop {
        let Some(next) = checkup.next(began, awake_now()) else { return std::future::pending().await };
        wait_for_look(together(next, rules.interval, origin()), checkup.is_lenient(awake_now())).await;
        let real_time = post.hold();
        began = awake_now();
        let (look, error) = looks.look(checkup.until(began)).await;
        drop(real_time);
        let (failures, is_enough) = match checkup.looked(look, awake_now()) {
            Finding::Same => continue,
            Finding::Healthy => {
                post.tell(None);
                continue;
            }
            Finding::Failing(failures) => (failures, false),
            Finding::Unhealthy(failures) => (failures, true),
        };
        let error = error.unwrap_or_else(|| format!("no answer within {:?}", rules.timeout));
        post.tell(Some(Diagnosis { error, failures, is_enough }));
        if is_enough {
            return;
        }
    }
}

/// Waits for the next look. A time in which failures do not count is a time of the process; from one look to the next
/// there is none, and it is not found out whether this program was suspended.
async fn wait_for_look(at: Instant, is_lenient: bool) {
    match is_lenient {
        true => sleep_awake_until(at).await,
        false => sleep_until(now() + at.saturating_duration_since(awake_now())).await,
    }
}

/// Waits for signs of life.
async fn listen(mut watchdog: Watchdog, signs: Option<watch::Receiver<Signs>>, post: Post) {
    let Some(mut signs) = signs else { return };
    let _real_time = post.hold();
    // What was said before the process was ready counts, but for signs of life.
    let Signs { timeout: wanted, triggered, heard: _ } = *signs.borrow_and_update();
    if let Some(timeout) = wanted {
        watchdog.set(timeout, awake_now());
    }
    let tell = |error| post.tell(Some(Diagnosis { error, failures: 1, is_enough: true }));
    if triggered {
        return tell("it sent WATCHDOG=trigger".to_owned());
    }
    let mut timeout = None;
    loop {
        let due = watchdog.due();
        let silence = async {
            match due {
                Some(due) => sleep_awake_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Ok(()) = signs.changed() => {
                let Signs { heard: _, timeout: wanted, triggered } = *signs.borrow_and_update();
                if triggered {
                    return tell("it sent WATCHDOG=trigger".to_owned());
                }
                watchdog.heard(awake_now());
                if let Some(wanted) = wanted.filter(|_| wanted != timeout) {
                    watchdog.set(wanted, awake_now());
                    timeout = Some(wanted);
                }
            }
            () = silence => if watchdog.is_silent(awake_now()) {
                return tell(format!("none within {:?}", watchdog.timeout()));
            }
        }
    }
}

impl Looks {
    /// Looks once. Says why it has found nothing, unless that is because the time was over.
    async fn look(&mut self, until: Option<Instant>) -> (Look, Option<String>) {
        let look = async {
            match self {
                Self::Probe { probe, members, log, last, .. } => match &mut **probe {
                    ProbeTarget::Path(path) => look_at(path, last).await,
                    probe @ (ProbeTarget::Tcp { .. }
                    | ProbeTarget::Unix { .. }
                    | ProbeTarget::Http { .. }
                    | ProbeTarget::Command(_)) => look_once(probe, members, log).await,
                },
                Self::Users(users) => users.look().await,
            }
        };
        let is_over = async {
            match until {
                Some(until) => sleep_awake_until(until).await,
                None => std::future::pending().await,
            }
        };
        let looked = tokio::select! {
            biased;
            looked = look => Ok(looked),
            () = is_over => Err(()),
        };
        let looked = match looked {
            Ok(Ok(())) => (Look::Passed, None),
            Ok(Err(error)) => (Look::Failed, Some(error)),
            Err(()) => {
                self.give_up();
                (Look::TimedOut, None)
            }
        };
        if let Self::Probe { probe, any_owner, .. } = self {
            // The search for a listener takes its time. The one that was there at the last look has not been replaced.
            probe.set_any_owner(*any_owner || looked.0 == Look::Passed);
        }
        looked
    }

    /// Ends a look whose time is over.
    fn give_up(&mut self) {
        if let Self::Users(Users { running: Some(Run(running)), .. }) = self {
            running.abort();
        }
    }
}

impl Users {
    async fn look(&mut self) -> Result<(), String> {
        if let Some(Run(running)) = &mut self.running {
            // It was aborted. If it blocks its thread, this is not over in time either.
            let _ = running.await;
        }
        let (check, pid, over) = (Arc::clone(&self.check), self.pid, Arc::clone(&self.over));
        let run = self.tasks.spawn(async move {
            let exit = answer(check(ReadyContext { pid })).await;
            drop((check, over));
            if exit.class() == ExitClass::Normal { Ok(()) } else { Err(exit.to_string()) }
        });
        let Run(running) = self.running.insert(Run(run));
        let answer = running.await;
        self.running = None;
        answer.unwrap_or_else(|_| Err("it was aborted".to_owned()))
    }
}

async fn look_at(path: &std::path::Path, last: &mut Option<PathState>) -> Result<(), String> {
    let there = PathState::find(path.to_owned()).await.map_err(|error| error.to_string())?;
    let before = last.replace(there);
    if there.is_nothing() {
        return Err("there is nothing at this path".to_owned());
    }
    if before == Some(there) { Err("it has not changed".to_owned()) } else { Ok(()) }
}

/// From when the looks of all processes count.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(awake_now)
}
