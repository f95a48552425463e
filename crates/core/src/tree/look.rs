//! How a program looks at its tree: what is there, what the processes use, and what is going to be done about a child.

use super::handle::Tree;
use crate::outlook::ChildOutlook;
use crate::snapshot::TreeSnapshot;
use crate::tree_ref::TreeAccess as _;
use crate::usage::Usage;

impl Tree {
    /// What the tree looks like now.
    pub fn snapshot(&self) -> TreeSnapshot {
        self.shared.snapshot()
    }

    /// What the tree looks like now, and what each process uses: [`NodeSnapshot::usage`](crate::NodeSnapshot::usage).
    ///
    /// It takes a look at the whole tree first, and then at one process after the other, as [`usage`](Self::usage)
    /// does: it blocks its thread for that long, and locks nothing meanwhile. A process that has ended by then has no
    /// usage. After a second no further process is looked at: how many were left out is
    /// [`TreeSnapshot::usage_left_out`].
    pub fn snapshot_with_usage(&self) -> TreeSnapshot {
        self.shared.snapshot_with_usage()
    }

    /// What the process at this path, such as `root/web`, uses now: processor time, memory, threads and more, summed
    /// over all processes of its set. `None` if it does not run, or is no process.
    ///
    /// Nothing is looked up before this is called. It reads some files of the system for each process of the set, which
    /// takes a tenth of a millisecond or so for each, and blocks its thread for that long.
    pub fn usage(&self, path: &str) -> Option<Usage> {
        self.shared.usage(path)
    }

    /// What is going to be done about the child at this path, such as `root/web`, and what has to happen before. `None`
    /// if there is no such child, or its supervisor does not run.
    ///
    /// The machine of its supervisor says it, and, if it is a supervisor itself, its own: each when it has its turn.
    /// Both are asked at once. One whose thread is blocked does not answer: if it is the one above, this waits. The
    /// child's own is waited for 250 ms longer than the one above, by tokio's clock, and then
    /// [`own`](ChildOutlook::own) is missing.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn outlook(&self, path: &str) -> Option<ChildOutlook> {
        self.downgrade().outlook(path).await
    }
}
