//! Which exits of a child lead to a restart.

use serde::{Deserialize, Serialize};

/// Says which exits of a child lead to a restart (OTP's `restart`).
///
/// The default is [`Permanent`](Self::Permanent), as in OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Always started again, also after a normal exit (systemd's `Restart=always`).
    #[default]
    Permanent,
    /// Started again after an abnormal exit only (systemd's `Restart=on-failure`). After a normal one it stays
    /// down, and a group restart may still revive it.
    Transient,
    /// Never started again (systemd's `Restart=no`). Once it has ended its supervisor forgets it.
    Temporary,
}
