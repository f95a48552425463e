//! Lesson 9: an application that can be tested, and its tests.
//!
//! - The tree is made by a function that takes what a test may want to replace.
//! - `EventLog` waits for what happens, `crash` makes it happen, and a `TestChild` does as the test says.
//! - Under paused time an hour of graces and backoffs takes no time, and a process gets the time that it needs.
//!
//! The chapter `docs/testing.md` goes through it. `cargo test -p rootward --features testing --test chapter` runs the
//! tests.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::time::Duration;

use rootward::error::TreeStartError;
use rootward::{Backoff, ChildSpec, Strategy, Supervisor};

/// The tree of a shop: a web server that needs a database.
fn shop(db: ChildSpec, web: ChildSpec) -> Supervisor {
    Supervisor::new("shop")
        .strategy(Strategy::RestForOne)
        .intensity(10, Duration::from_secs(600))
        .child(db.backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(60))))
        .child(web.shutdown(Duration::from_secs(10)))
}

fn db() -> ChildSpec {
    ChildSpec::service("db", |cx| async move {
        println!("the database is open");
        cx.ready();
        cx.stopping().await;
        println!("the database is closed");
    })
}

fn web() -> ChildSpec {
    ChildSpec::service("web", |cx| async move {
        println!("the web server listens");
        cx.ready();
        cx.stopping().await;
        println!("the web server has answered its last request");
    })
}

#[tokio::main]
async fn main() -> Result<(), TreeStartError> {
    let tree = shop(db(), web()).start().await?;
    let report = tree.stop().await;
    println!("it has ended: {:?}", report.ending);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rootward::EventKind;
    use rootward::process::{Process, Ready};
    use rootward::report::{Ending, Outcome};
    use rootward::testing::{EventLog, TestChild, crash};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_web_server_is_started_again_together_with_the_database() {
        let (tree, mut log) = EventLog::start(shop(db(), web())).await;

        crash(&tree, "shop/db").await;

        log.ended("shop/web").await;
        assert_eq!(log.ready("shop/web").await.incarnation, 2);
        assert_eq!(tree.stop().await.ending, Ending::Clean);
    }

    #[tokio::test]
    async fn the_web_server_waits_for_a_database_that_takes_its_time() {
        let (db, web) = (TestChild::service("db"), TestChild::new("web"));
        let (tree, mut log) = EventLog::launch(shop(db.spec(), web.spec()).into_tree().unwrap());
        db.started(1).await;
        assert_eq!(web.starts(), 0);

        db.ready();

        log.ready("shop/web").await;
        tree.started().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_shop_gives_up_after_five_minutes_without_a_database() {
        let (db, web) = (TestChild::new("db"), TestChild::new("web"));
        let (tree, mut log) = EventLog::start(shop(db.spec(), web.spec())).await;
        let began = Instant::now();

        for _ in 0..10 {
            db.fail("no such host");
            log.ended("shop/db").await;
            log.ready("shop/db").await;
        }
        db.fail("no such host");

        log.wait_for("shop", |what| matches!(what, EventKind::GaveUp { restarts: 10, .. })).await;
        assert_eq!(began.elapsed().as_secs(), 303, "1, 2, 4, 8, 16, 32 and four times 60");
        let report = tree.wait().await;
        assert_eq!(report.ending, Ending::Failed);
        assert_eq!(report.blame.as_ref().unwrap().child, *"shop/db");
    }

    #[tokio::test(start_paused = true)]
    async fn a_web_server_that_does_not_stop_is_aborted_after_ten_seconds() {
        let (db, web) = (TestChild::new("db"), TestChild::new("web"));
        let (tree, _log) = EventLog::start(shop(db.spec(), web.spec())).await;
        web.ignores_stop();

        let report = tree.stop().await;

        assert_eq!(report.find("shop/web").unwrap().outcome, Outcome::Killed);
        assert_eq!(report.find("shop/web").unwrap().elapsed, Duration::from_secs(10));
        assert_eq!(report.find("shop/db").unwrap().outcome, Outcome::Graceful);
    }

    #[tokio::test(start_paused = true)]
    async fn a_web_server_that_is_a_process_gets_its_ten_seconds() {
        let script = "trap 'sleep 0.3; exit 0' TERM; echo listening; while :; do sleep 1; done";
        let web = Process::new("sh").args(["-c", script]).ready(Ready::line_containing("listening"));
        let (tree, _log) = EventLog::start(shop(db(), web.into_child("web"))).await;

        let report = tree.stop().await;

        assert_eq!(report.find("shop/web").unwrap().outcome, Outcome::Graceful);
    }
}
