//! A demo that can be watched through its door.

use std::ffi::OsStr;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::signal::Signal;

use super::{Demo, Temp, until};

/// A demo that has started, without a view, and whose door is open.
pub(crate) struct DemoWithDoor {
    pub(crate) demo: Demo,
    /// The path of the door.
    pub(crate) door: String,
    /// Has the door.
    _temp: Temp,
}

impl DemoWithDoor {
    /// Runs a tree file with these arguments more.
    pub(crate) fn run(file: &Path, more: &[&str]) -> Self {
        let temp = Temp::new();
        let door = temp.path("door.sock").to_str().expect("a path of this test is text").to_owned();
        let args =
            ["run".as_ref(), file.as_os_str(), "--view=none".as_ref(), "--observe".as_ref(), door.as_ref()];
        let mut demo = Demo::start(args.into_iter().chain(more.iter().map(OsStr::new)));
        demo.wait_for_start();
        until("the door is open", || UnixStream::connect(&door).is_ok());
        Self { demo, door, _temp: temp }
    }

    /// Stops the program, which ends as it should.
    pub(crate) fn stop(self) {
        self.demo.signal(Signal::SIGTERM);
        assert_eq!(self.demo.finish().code(), 0);
    }
}
