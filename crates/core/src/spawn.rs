//! How a child's task comes to have a name in tokio-console.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::child::ChildPath;

/// Spawns a child's task. Where tokio can name tasks, it is named after the child's path.
///
/// That is so with the feature `console` and `--cfg tokio_unstable`, without which tokio has no names.
pub(crate) fn spawn_named<Fut>(runtime: &Handle, path: &ChildPath, future: Fut) -> JoinHandle<Fut::Output>
where
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    #[cfg(all(tokio_unstable, feature = "console"))]
    {
        let named = tokio::task::Builder::new().name(path.as_str());
        named.spawn_on(future, runtime).expect("a task that is spawned on a runtime is never refused")
    }
    #[cfg(not(all(tokio_unstable, feature = "console")))]
    {
        let _ = path;
        runtime.spawn(future)
    }
}
