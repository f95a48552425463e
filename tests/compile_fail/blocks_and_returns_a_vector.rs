//! Blocking work that returns what it has computed.

use rootward::ChildSpec;

fn main() {
    let _ = ChildSpec::blocking("sums", |_cx| vec![1, 2, 3]);
}
