//! What the errors of a start say.

use std::io;

use super::LaunchError;
use crate::listen_sockets::ListenAddress;
use crate::policy;
use crate::spec::Command;

#[test]
fn what_cannot_be_had_now_is_named_whichever_shortage_it_is() {
    let command = Command::new("web");
    let place = ListenAddress::Tcp("127.0.0.1:80".to_owned());
    type Make<'a> = &'a dyn Fn(io::Error) -> LaunchError;
    let things: [(Make, &str); 4] = [
        (
            &|error| LaunchError::input(&command, "in".into(), error),
            "the standard input `in` cannot be opened",
        ),
        (
            &|error| LaunchError::env_file(&command, "env".into(), error),
            "the environment file `env` cannot be read",
        ),
        (
            &|error| LaunchError::log_file(&command, "log".into(), error),
            "the log file `log` cannot be opened",
        ),
        (&|error| LaunchError::socket(&command, &place, error), "it cannot be listened at 127.0.0.1:80"),
    ];
    for (make, named) in things {
        let full = make(io::Error::from_raw_os_error(libc::ENOSPC));
        let no_descriptor = make(io::Error::from_raw_os_error(libc::EMFILE));
        let missing = make(io::Error::from_raw_os_error(libc::ENOENT));

        assert_eq!(full.to_string(), format!("`web` cannot be started now: {named}"));
        let expected = format!("`web` cannot be started now: {named}, this program may have ");
        assert!(no_descriptor.to_string().starts_with(&expected), "{no_descriptor}");
        assert_eq!([full.for_retry(), no_descriptor.for_retry()], [policy::FailureClass::Passing; 2]);
        assert_eq!(missing.for_retry(), policy::FailureClass::Lasting);
    }
}
