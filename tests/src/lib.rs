//! The tests stand in `spec/`, the misbehaving programs in `fixtures/`.
