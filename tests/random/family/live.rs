//! What tasks with children do, and what they notice themselves.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rootward::error::SpawnErrorKind;
use rootward::{ChildSpec, Exit, TaskContext};

use super::describe::{Person, Step, Then};
use crate::clock::{give_way, pass};

/// What the tasks of a family have noticed.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    present: usize,
    wrong: Vec<String>,
}

impl Notes {
    /// How many futures are there.
    pub(super) fn present(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).present
    }

    /// What should not have been.
    pub(super) fn wrong(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrong.clone()
    }

    fn note(&self, wrong: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrong.push(wrong);
    }

    fn enter(&self) -> Presence {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).present += 1;
        Presence(self.clone())
    }
}

struct Presence(Notes);

impl Drop for Presence {
    fn drop(&mut self) {
        (self.0.0).lock().unwrap_or_else(PoisonError::into_inner).present -= 1;
    }
}

/// The spec of a task that is described like this.
pub(super) fn spec(id: &str, person: &Person, notes: &Notes) -> ChildSpec {
    let (described, noted) = (person.clone(), notes.clone());
    let run = move |cx: TaskContext| {
        let (person, notes) = (described.clone(), noted.clone());
        async move { live(person, cx, notes).await }
    };
    ChildSpec::task(id, run).restart(person.restart).shutdown(person.shutdown)
}

async fn live(person: Person, cx: TaskContext, notes: Notes) -> Exit {
    let _presence = notes.enter();
    let mut number = 0;
    let steps = async {
        for step in &person.steps {
            number += 1;
            take(step, number, &cx, &notes).await;
        }
        match person.then {
            Then::Stays | Then::Refuses => std::future::pending().await,
            Then::Returns => Exit::Normal,
            Then::Fails => Exit::failed(&std::io::Error::other("a task fails")),
            Then::Panics => resume_unwind(Box::new("a task panics")),
        }
    };
    if matches!(person.then, Then::Refuses) {
        return steps.await;
    }
    tokio::select! {
        biased;
        () = cx.stopping() => {}
        exit = steps => return exit,
    }
    for step in &person.asked {
        number += 1;
        take(step, number, &cx, &notes).await;
    }
    Exit::Normal
}

async fn take(step: &Step, number: u32, cx: &TaskContext, notes: &Notes) {
    let was_stopping = cx.is_stopping();
    match step {
        Step::GiveWay => give_way().await,
        Step::Pass(time) => pass(*time).await,
        Step::Start(person) => {
            let child = spec(&format!("{number}"), person, notes);
            match cx.start_child(child).await {
                Ok(_) if was_stopping => notes.note(format!("{} starts a child while it stops", cx.path())),
                Ok(_) | Err(_) => {}
            }
        }
        Step::Spawn => {
            let (future, is_polled) = watched(notes, pass(std::time::Duration::from_millis(10)));
            match cx.spawn(move |_| future).await {
                Ok(_) if was_stopping => notes.note(format!("{} spawns while it stops", cx.path())),
                Ok(_) => {}
                Err(error) => handed_back(error.kind(), &is_polled, cx, notes),
            }
        }
        Step::CleanUp(time) => {
            let (future, is_polled) = watched(notes, pass(*time));
            if let Err(error) = cx.clean_up(move |_| future).await {
                handed_back(error.kind(), &is_polled, cx, notes);
            }
        }
        Step::WaitForChildren => {
            cx.wait_for_children().await;
            let active = cx.children().map_or(0, |children| children.count_children().active);
            if active > 0 {
                notes.note(format!("{} has waited for its children, and {active} are there", cx.path()));
            }
        }
        Step::Token => drop(cx.token()),
    }
}

/// A future of which it is known whether it has ever been polled.
fn watched(
    notes: &Notes,
    work: impl Future<Output = ()> + Send + 'static,
) -> (impl Future<Output = ()> + Send + 'static, Arc<AtomicBool>) {
    let is_polled = Arc::new(AtomicBool::new(false));
    let (polled, notes) = (Arc::clone(&is_polled), notes.clone());
    let future = async move {
        polled.store(true, Ordering::SeqCst);
        let _presence = notes.enter();
        work.await;
    };
    (future, is_polled)
}

fn handed_back(why: &SpawnErrorKind, is_polled: &AtomicBool, cx: &TaskContext, notes: &Notes) {
    if is_polled.load(Ordering::SeqCst) {
        notes.note(format!("{} gets a future back that has been polled: {why}", cx.path()));
    }
}
