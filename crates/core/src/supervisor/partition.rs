//! One child for each part of the work (Elixir's `PartitionSupervisor`).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::{RestartChildError, Supervisor, SupervisorAddress, SupervisorHandle, TerminateChildError};
use crate::spec::ChildSpec;

/// Describes a supervisor of several children of the same kind that share the work among them.
///
/// The children have the ids `0`, `1`, `2` and so on, whatever ids their specs have. Which of them a piece of work
/// belongs to is decided by a key, with [`partition_of`](Self::partition_of).
///
/// | property | default |
/// | --- | --- |
/// | intensity | three restarts within five seconds |
/// | strategy | one for one |
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
/// use rootward_core::{ChildSpec, PartitionSupervisor, Supervisor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let partitions = NonZeroUsize::new(4).expect("four is not zero");
/// let shards = PartitionSupervisor::new("shards", partitions, |shard| {
///     ChildSpec::task("shard", move |cx| async move {
///         println!("shard {shard} is at work");
///         cx.stopping().await;
///     })
/// });
/// let tree = Supervisor::new("root").child(shards).start().await?;
///
/// let shard = PartitionSupervisor::partition_of(&"alice", partitions);
/// assert!(tree.snapshot().find(&format!("root/shards/{shard}")).is_some());
/// # assert!(tree.stop().await.clean);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a supervisor does nothing until it is started"]
pub struct PartitionSupervisor {
    supervisor: Supervisor,
}

impl PartitionSupervisor {
    /// A supervisor of this many children, each described by `spec` from its number.
    pub fn new(id: impl Into<String>, partitions: NonZeroUsize, spec: impl Fn(usize) -> ChildSpec) -> Self {
        let children = (0..partitions.get()).map(|partition| spec(partition).renamed(partition));
        // OTP rule 56, OTP rule 65.
        let supervisor = Supervisor::new(id).intensity(3, Duration::from_secs(5)).children(children);
        Self { supervisor }
    }

    /// Has this address lead to the supervisor, whichever incarnation of it is there.
    pub fn at(mut self, address: &SupervisorAddress) -> Self {
        self.supervisor = self.supervisor.at(address);
        self
    }

    /// Says how many restarts are made within what time before the supervisor gives up. See also
    /// [`unlimited_restarts`](Self::unlimited_restarts).
    pub fn intensity(mut self, max_restarts: u32, within: Duration) -> Self {
        self.supervisor = self.supervisor.intensity(max_restarts, within);
        self
    }

    /// Sets no limit: the supervisor never gives up because of restarts. Give the children a
    /// [`backoff`](crate::ChildSpec::backoff), so that one that cannot run does not use up a processor.
    pub fn unlimited_restarts(mut self) -> Self {
        self.supervisor = self.supervisor.unlimited_restarts();
        self
    }

    /// Which of so many partitions the work with this key belongs to. It is the same for the same key for as long as
    /// the program runs.
    pub fn partition_of(key: &impl Hash, partitions: NonZeroUsize) -> usize {
        // OTP rule 65.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = usize::try_from(hasher.finish() >> 32).unwrap_or_default();
        hash % partitions
    }

    /// Makes this supervisor a child of another one, with the supervisor's id.
    pub fn into_child(self) -> ChildSpec {
        self.supervisor.into_child()
    }
}

impl SupervisorHandle {
    /// Changes how many children of a [`PartitionSupervisor`] run: those with the highest numbers are terminated, or
    /// started again. There can be no more than the supervisor was described with.
    ///
    /// # Errors
    ///
    /// [`ResizeError`] at the first partition that could not be terminated or restarted. Those before it have been.
    /// [`ResizeError::NotPartitions`] if this is another kind of supervisor; nothing has been changed then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some partitions may have been changed and others not. It can be called again.
    pub async fn resize(&self, partitions: usize) -> Result<(), ResizeError> {
        let children = self.which_children();
        let all = children.len();
        if (0..all).zip(&children).any(|(number, child)| child.path.id() != number.to_string()) {
            return Err(ResizeError::NotPartitions);
        }
        if partitions > all {
            return Err(ResizeError::TooMany { most: all });
        }
        for partition in (partitions..all).rev() {
            self.terminate_child(&partition.to_string()).await?;
        }
        for partition in 0..partitions {
            match self.restart_child(&partition.to_string()).await {
                Ok(_)
                | Err(
                    RestartChildError::Running | RestartChildError::Restarting | RestartChildError::Ignored,
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl From<PartitionSupervisor> for ChildSpec {
    fn from(supervisor: PartitionSupervisor) -> Self {
        supervisor.into_child()
    }
}

/// Says why the number of partitions could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResizeError {
    /// The supervisor was not described with so many.
    #[error("there can be no more than {most} partitions")]
    TooMany {
        /// How many there can be.
        most: usize,
    },
    /// The children of this supervisor are not numbered as those of a [`PartitionSupervisor`] are.
    #[error("the children of this supervisor are no partitions")]
    NotPartitions,
    /// A partition could not be terminated.
    #[error("a partition could not be terminated")]
    Terminate(#[from] TerminateChildError),
    /// A partition could not be restarted.
    #[error("a partition could not be restarted")]
    Restart(#[from] RestartChildError),
}
