//! Signals that a program cannot listen for. In a file of its own, because dispositions belong to the whole process.

use rootward_signals::{Signal, Signals};

#[tokio::test]
async fn a_signal_that_cannot_be_listened_for_is_refused_by_name() {
    for signal in [Signal::KILL, Signal::STOP, Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL] {
        let refused = Signals::new().on(signal, |_| ()).listen().unwrap_err();

        assert_eq!(refused.to_string(), format!("cannot listen for {signal}"));
    }
}
