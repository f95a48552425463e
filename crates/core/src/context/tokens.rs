//! The tokens that tell parts of a program which are not in the tree that its stop has begun.

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::foreign_wakers::run_on_helper_of;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The tokens that have been handed out.
///
/// What waits for them is woken under their common parent's lock, by whatever it takes for a waker. So nothing of the
/// library's touches that parent once the stop has begun, except the thread that cancels it.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<TokensState>);

#[derive(Debug, Default)]
struct TokensState {
    is_stopping: bool,
    /// Made with the first token that is handed out.
    parent: Option<CancellationToken>,
    told: CancellationToken,
}

impl Tokens {
    /// Another token, which is cancelled when the stop begins, or is so already.
    pub(super) fn hand_out(&self) -> CancellationToken {
        let mut state = self.lock();
        if state.is_stopping {
            let token = CancellationToken::new();
            token.cancel();
            return token;
        }
        state.parent.get_or_insert_default().child_token()
    }

    /// Has all of them cancelled, and returns at once.
    pub(super) fn cancel(&self, control: &Handle) {
        let (parent, told) = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.is_stopping, true) {
                return;
            }
            (state.parent.take(), state.told.clone())
        };
        match parent {
            None => told.cancel(),
            Some(parent) => run_on_helper_of(control, move || {
                let _told = told.drop_guard();
                parent.cancel();
            }),
        }
    }

    /// Cancelled when all of them have been.
    pub(super) fn told(&self) -> CancellationToken {
        self.lock().told.clone()
    }

    fn lock(&self) -> MutexGuard<'_, TokensState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
