//! The secret that requests at a port have to bring.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Read as _};

use subtle::ConstantTimeEq as _;

/// A secret. It is never shown.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn new(token: String) -> Self {
        Self(token)
    }

    /// Whether it is one that cannot be guessed as far as its length tells.
    pub(super) fn is_strong(&self) -> bool {
        self.0.len() >= 16 && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether a request brings it. How long this takes does not depend on how much of it is right.
    pub(super) fn is(&self, brought: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(brought).into()
    }
}

/// A token that cannot be guessed: 32 bytes of the system's randomness, in hexadecimal digits.
///
/// # Errors
///
/// What the system says if it gives no randomness.
pub fn random_token() -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut token = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text does not fail.
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
