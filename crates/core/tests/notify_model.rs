//! How a task hears of its stop, under all interleavings of what waits, what makes a token, and the stop.
//!
//! The file of the notify is compiled a second time here, over the locks of loom, which runs every model once for each
//! order in which its threads can take their steps.

use std::task::{Wake, Waker};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

#[path = "../src/task/notify.rs"]
mod notify;

use notify::{Key, Notify, SeenStop, ToTell};

/// What stands for a token of tokio-util.
#[derive(Clone)]
struct Token(Arc<AtomicBool>);

impl Token {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

type TestNotify = Notify<Token>;

/// Remembers that it was woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A future that waits for the stop, without the polls that follow a wake.
struct Waiter {
    woken: std::sync::Arc<Woken>,
    key: Option<Key>,
}

impl Waiter {
    fn new() -> Self {
        Self { woken: std::sync::Arc::new(Woken(AtomicBool::new(false))), key: None }
    }

    fn look(&mut self, notify: &TestNotify, has_token: bool) -> SeenStop<Token> {
        let mut waker = Some(Waker::from(std::sync::Arc::clone(&self.woken)));
        notify.wait(&mut self.key, &mut waker, has_token)
    }

    fn was_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }
}

fn tell(ToTell { wakers, token }: ToTell<Token>) {
    for (_, waker) in wakers {
        waker.wake();
    }
    if let Some(token) = token {
        token.cancel();
    }
}

/// As a task's context does it.
fn make_token(notify: &TestNotify) -> Token {
    let (token, to_tell) = notify.token(Token::new);
    if notify.is_stopping() {
        token.cancel();
    }
    tell(to_tell);
    token
}

#[test]
fn what_waits_sees_the_stop_or_is_woken() {
    loom::model(|| {
        let notify = Arc::new(TestNotify::new());
        let waits = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || {
                let mut waiter = Waiter::new();
                let seen = waiter.look(&notify, false);
                (matches!(seen, SeenStop::Stopping), waiter)
            })
        };

        tell(notify.stop());

        let (saw_it, waiter) = waits.join().unwrap();
        assert_eq!(waiter.was_woken(), !saw_it);
        assert!(notify.is_stopping());
    });
}

#[test]
fn a_waiter_that_looks_again_with_another_waker_is_woken_by_that_one() {
    loom::model(|| {
        let notify = Arc::new(TestNotify::new());
        let waits = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || {
                let mut first = Waiter::new();
                let _ = first.look(&notify, false);
                let mut second = Waiter { key: first.key, ..Waiter::new() };
                let saw_it = matches!(second.look(&notify, false), SeenStop::Stopping);
                (saw_it, first, second)
            })
        };

        tell(notify.stop());

        let (saw_it, first, second) = waits.join().unwrap();
        assert_ne!(second.was_woken(), saw_it);
        assert!(!(first.was_woken() && second.was_woken()), "one waiter is in the list once");
    });
}

#[test]
fn a_token_is_cancelled_by_the_stop_whichever_comes_first() {
    loom::model(|| {
        let notify = Arc::new(TestNotify::new());
        let body = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || make_token(&notify))
        };

        tell(notify.stop());

        let token = body.join().unwrap();
        assert!(token.is_cancelled(), "the token sleeps until the abort");
    });
}

#[test]
fn what_waits_already_hears_of_a_token_that_is_made_later() {
    loom::model(|| {
        let notify = Arc::new(TestNotify::new());
        let other = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || make_token(&notify).cancel())
        };

        let mut waiter = Waiter::new();
        let seen = waiter.look(&notify, false);

        other.join().unwrap();
        match seen {
            SeenStop::Token(_) => {}
            SeenStop::Nothing => assert!(waiter.was_woken(), "it has to look again"),
            SeenStop::Stopping => unreachable!("nothing was stopped"),
        }
        assert!(matches!(waiter.look(&notify, false), SeenStop::Token(token) if token.is_cancelled()));
    });
}

#[test]
fn a_waiter_that_goes_is_woken_or_taken_off_the_list_and_takes_nothing_else_along() {
    loom::model(|| {
        let notify = Arc::new(TestNotify::new());
        let mut stays = Waiter::new();
        let mut goes = Waiter::new();
        assert!(matches!(goes.look(&notify, false), SeenStop::Nothing));
        assert!(matches!(stays.look(&notify, false), SeenStop::Nothing));
        let going = {
            let notify = Arc::clone(&notify);
            thread::spawn(move || {
                let key = goes.key.expect("it is in the list");
                (notify.forget(key).is_some(), goes)
            })
        };

        tell(notify.stop());

        let (was_listed, goes) = going.join().unwrap();
        assert_ne!(goes.was_woken(), was_listed);
        assert!(stays.was_woken());
    });
}

#[test]
fn a_key_of_a_waiter_that_was_woken_is_given_to_no_other() {
    loom::model(|| {
        let notify = TestNotify::new();
        let mut old = Waiter::new();
        let _ = old.look(&notify, false);
        let _token = make_token(&notify);
        let mut new = Waiter::new();
        let _ = new.look(&notify, true);

        let forgotten = notify.forget(old.key.expect("it was in the list"));

        assert!(forgotten.is_none());
        tell(notify.stop());
        assert!(new.was_woken());
        assert!(notify.made_token().is_some_and(|token| token.is_cancelled()));
    });
}
