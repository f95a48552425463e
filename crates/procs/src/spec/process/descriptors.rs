//! Which sockets and descriptors a process is passed.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::Process;
use crate::spec::Socket;

/// # Descriptors
impl Process {
    /// Listens at this socket, and passes it to the process (socket activation): the first as descriptor 3, the next
    /// as 4, with `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` in the environment, as `sd_listen_fds` reads them.
    ///
    /// The sockets are bound when the child is started for the first time, by this program and not as the process's
    /// user, and stay for as long as the child is in its tree. While the process is away, connections wait. A place at
    /// which it cannot be listened fails the start ([`LaunchError::Socket`](crate::LaunchError::Socket)).
    ///
    /// That a connection succeeds says nothing of such a process: [`Ready::http`](crate::Ready::http),
    /// [`Ready::notify`](crate::Ready::notify) or a line does. A check that connects there and no more is a mistake in
    /// the description. The listener's owner is not looked for.
    #[doc(alias = "ListenStream")]
    pub fn listen(mut self, socket: Socket) -> Self {
        self.command.descriptors.sockets.push(socket);
        self
    }

    /// Passes this descriptor to the process, in each incarnation, as the one with this number, from 3 to 255.
    ///
    /// This program keeps it open as long as the child is in its tree, so that the process does not see the end of a
    /// pipe whose other end it is given.
    pub fn descriptor(mut self, number: u32, descriptor: impl Into<OwnedFd>) -> Self {
        self.command.descriptors.given.push((number, Arc::new(descriptor.into())));
        self
    }
}
