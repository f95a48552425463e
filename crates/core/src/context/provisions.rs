//! What the program gives to all children.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::foreign_wakers::run_on_own_helper;
use crate::panics::drop_quietly;
use crate::sync::is_seeded;

/// How long a thread that is in no runtime waits for the drop of what the program has given: it may be the program on
/// its way out. What takes longer goes on by itself, and a thread of a runtime does not wait at all.
const PATIENCE: Duration = Duration::from_millis(250);

/// What the program gives to all children, by its type.
#[derive(Clone, Default)]
pub(crate) struct Provisions(BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Provisions {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        drop_quietly(self.0.insert(TypeId::of::<T>(), value));
    }

    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.get(&TypeId::of::<T>())?).downcast().ok()
    }
}

/// What the crates beside this one keep for a whole tree, by its type.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Provisions>);

impl Kept {
    /// The value of this type, which is made when it is wanted first. `T::default` runs under a lock: it is never the
    /// program's.
    pub(super) fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get().unwrap_or_else(|| {
            let value = Arc::new(T::default());
            kept.insert(Arc::clone(&value));
            value
        })
    }
}

/// The values are the program's, and this may be a supervisor's thread, or the program's own on its way out. So each
/// is dropped on another thread, inside the runtime that is this one's.
impl Drop for Provisions {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        if values.is_empty() || is_seeded() {
            return values.into_values().for_each(drop_quietly);
        }
        let (held, over) = mpsc::channel::<()>();
        let runtime = Handle::try_current().ok();
        for value in values.into_values() {
            let (held, runtime) = (held.clone(), runtime.clone());
            run_on_own_helper(move || {
                let _held = held;
                let _inside = runtime.as_ref().map(Handle::enter);
                drop_quietly(value);
            });
        }
        drop(held);
        if runtime.is_none() {
            // Nothing is ever sent: it is over when the last thread has let go.
            let _ = over.recv_timeout(PATIENCE);
        }
    }
}

impl fmt::Debug for Provisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} provisions", self.0.len())
    }
}
