//! Where the library's tasks are spawned, and how a child's task comes to have a name in tokio-console.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::child::ChildPath;

/// Where the next task is spawned that is meant for this runtime: there, unless the seeded scheduler is to choose when
/// it is polled.
#[cfg(not(feature = "seeded"))]
pub(crate) fn place(runtime: &Handle) -> &Handle {
    runtime
}

#[cfg(feature = "seeded")]
pub(crate) fn place(runtime: &Handle) -> Handle {
    crate::seeded::runtime().unwrap_or_else(|| runtime.clone())
}

/// Spawns a child's task. Where tokio can name tasks, it is named after the child's path.
///
/// That is so with the feature `console` and `--cfg tokio_unstable`, without which tokio has no names.
pub(crate) fn spawn_named<Fut>(runtime: &Handle, path: &ChildPath, future: Fut) -> JoinHandle<Fut::Output>
where
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    let runtime = place(runtime);
    #[cfg(all(tokio_unstable, feature = "console"))]
    {
        let named = tokio::task::Builder::new().name(path.as_str());
        named.spawn_on(future, &runtime).expect("a task that is spawned on a runtime is never refused")
    }
    #[cfg(not(all(tokio_unstable, feature = "console")))]
    {
        let _ = path;
        runtime.spawn(future)
    }
}
