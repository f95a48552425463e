//! Which capabilities a process keeps.

use super::Process;

/// # Capabilities
impl Process {
    /// Has it keep these capabilities and no others: names as `net_bind_service`, none for an empty list (systemd's
    /// `CapabilityBoundingSet=` and `AmbientCapabilities=`).
    ///
    /// It keeps them also if it runs as a [user](Self::user) that is not root, and nothing that it executes gives it
    /// another one. Without this, root keeps what this program has, and another user has none.
    ///
    /// It takes the right to do so (`CAP_SETPCAP`), and each capability must be this program's own, or the start fails
    /// ([`LaunchError::NotPermitted`](crate::LaunchError::NotPermitted)). Where that right is missing,
    /// [`no_new_privs`](Self::no_new_privs) has nothing give it more than it has.
    #[doc(alias = "AmbientCapabilities")]
    #[doc(alias = "CapabilityBoundingSet")]
    pub fn capabilities<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.command.attributes.capabilities = Some(names.into_iter().map(Into::into).collect());
        self
    }
}
