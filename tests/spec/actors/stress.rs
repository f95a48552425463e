//! Actors on several threads that are asked, killed and restarted all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use rootward::report::Ending;
use rootward::{Address, ChildSpec, Strategy, Supervisor};
use tokio::task::JoinSet;

use crate::support::{builder, given_tree, within};

const ACTORS: usize = 8;
const CALLERS: usize = 4;
/// How often each caller asks for an answer, and every so often for a failure.
const CALLS: u32 = 200;
const FAILURE: u32 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn actors_that_fail_under_many_callers_are_all_there_again_and_all_gone_in_the_end() {
    let there = Arc::new(AtomicU32::new(0));
    let addresses: Vec<_> = (0..ACTORS).map(|_| Address::new()).collect();
    let children = addresses.iter().enumerate().map(|(n, address)| {
        let there = Arc::clone(&there);
        ChildSpec::actor_at(format!("{n}"), address, move || (Answerer, Present::new(&there)))
    });
    let limit = (CALLERS as u32) * CALLS;
    let root = Supervisor::new("root")
        .strategy(Strategy::RestForOne)
        .intensity(limit, Duration::from_secs(3600))
        .children(children);
    let (tree, log) = given_tree(builder(root).event_capacity(1 << 17)).await;

    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        callers.spawn(call(addresses.clone(), n));
    }
    within("the calls", callers.join_all()).await;
    for address in &addresses {
        within("an actor", address.wait()).await.expect("it is there again");
    }
    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Clean, "{report:?}");
    assert_eq!(there.load(Ordering::SeqCst), 0, "every state that was made has been dropped");
    assert!(addresses.iter().all(|address| address.current().is_none()));
    assert!(log.until_the_end().await.paths("restarting").len() >= CALLERS);
}

/// Asks one actor after the other, and has one of them fail now and then.
async fn call(addresses: Vec<Address<Ask>>, first: usize) {
    for (n, address) in (1..=CALLS).zip(addresses.iter().cycle().skip(first)) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let ask = if n % FAILURE == 0 { Ask::Fail(reply.into()) } else { Ask::Answer(reply.into()) };
        assert!(address.send(ask).await.is_ok(), "the tree is there, and so an actor comes");
        // An actor that is stopped meanwhile does not answer, and does not keep the caller waiting either.
        let _ = answer.await;
    }
}

enum Ask {
    Answer(RpcReplyPort<()>),
    /// Fail without a reply.
    Fail(RpcReplyPort<()>),
}

/// Counts the actors that are there.
struct Present(Arc<AtomicU32>);

impl Present {
    fn new(there: &Arc<AtomicU32>) -> Self {
        there.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(there))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Answerer;

impl Actor for Answerer {
    type Msg = Ask;
    type State = Present;
    type Arguments = Present;

    async fn pre_start(&self, _: ActorRef<Ask>, present: Present) -> Result<Present, ActorProcessingErr> {
        Ok(present)
    }

    async fn handle(&self, _: ActorRef<Ask>, ask: Ask, _: &mut Present) -> Result<(), ActorProcessingErr> {
        match ask {
            Ask::Answer(reply) => {
                let _ = reply.send(());
                Ok(())
            }
            Ask::Fail(_reply) => Err("was told to".into()),
        }
    }
}
