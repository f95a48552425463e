//! A task whose function computes something, and returns it.

use rootward::ChildSpec;

fn main() {
    let _ = ChildSpec::task("answer", |_cx| async { 6 * 7 });
}
