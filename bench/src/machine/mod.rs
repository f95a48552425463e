//! What the system says about time, memory and the work that processes do.

pub mod ballast;
pub mod clock;
pub mod memory;
pub mod work;
