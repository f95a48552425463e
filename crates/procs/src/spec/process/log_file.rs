//! The file into which the output of a process is written.

use super::Process;
use crate::spec::LogFile;

/// # Log file
impl Process {
    /// Writes what the process writes to its captured outputs into a file, byte for byte, in the order in which it was
    /// read.
    ///
    /// The file is opened for appending when the process is started, by this program; if that is not possible, the
    /// start fails ([`LaunchError::LogFile`](crate::LaunchError::LogFile)). It is written to on a thread of its own. A
    /// process that writes faster than the disk waits for it, for a second at most each time; then, and while the disk
    /// is full or fails, what it writes is lost for the file. An event `degraded` says so, and when the file can be
    /// written to again, a line in it says how many bytes are missing. The end of the process is told when all has been
    /// written, or after a second.
    pub fn log_file(mut self, file: LogFile) -> Self {
        self.command.log = Some(file);
        self
    }
}
