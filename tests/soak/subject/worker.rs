//! A task that fails when it is told to.

use std::sync::Arc;

use rootward::{ChildSpec, Exit, Restart, TaskContext};
use tokio::sync::{Mutex, mpsc, watch};

/// With what it panics, so that the panic is known to be ordered.
pub(super) const ORDERED: &str = "it was told to panic";

/// How a task is told to end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Fail,
    Panic,
    Return,
    /// Have some children first.
    Bear(usize),
    /// Keep the thread for so many milliseconds, and go on.
    Block(u64),
}

/// All ways in which it can end.
pub(super) const ENDS: [Order; 3] = [Order::Fail, Order::Panic, Order::Return];

/// All incarnations of one task.
#[derive(Debug)]
pub(super) struct Worker {
    orders: mpsc::UnboundedSender<Order>,
    /// Whichever incarnation is there listens here.
    listening: Mutex<mpsc::UnboundedReceiver<Order>>,
    starts: watch::Sender<u64>,
}

impl Worker {
    pub(super) fn new() -> Arc<Self> {
        let (orders, listening) = mpsc::unbounded_channel();
        Arc::new(Self { orders, listening: Mutex::new(listening), starts: watch::Sender::new(0) })
    }

    /// The child that this is.
    pub(super) fn child(self: &Arc<Self>, id: impl Into<String>) -> ChildSpec {
        let worker = Arc::clone(self);
        ChildSpec::task(id, move |cx| {
            let worker = Arc::clone(&worker);
            async move { worker.work(cx).await }
        })
        .restart(Restart::Permanent)
    }

    /// Tells it to end, and waits until it has been started again.
    pub(super) async fn end(&self, order: Order) {
        let mut starts = self.starts.subscribe();
        let before = *starts.borrow_and_update();
        self.tell(order);
        // The sender is here, so that there is always a next start to wait for.
        let _ = starts.wait_for(|starts| *starts > before).await;
    }

    /// Gives it an order.
    pub(super) fn tell(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    async fn work(&self, cx: TaskContext) -> Exit {
        self.starts.send_modify(|starts| *starts += 1);
        loop {
            let order = async { self.listening.lock().await.recv().await };
            let order = tokio::select! {
                () = cx.stopping() => return Exit::Normal,
                order = order => order,
            };
            match order {
                Some(Order::Fail) => return Exit::Failed { error: "it was told to".into() },
                Some(Order::Panic) => std::panic::panic_any(ORDERED),
                Some(Order::Return) | None => return Exit::Normal,
                Some(Order::Bear(children)) => bear(&cx, children).await,
                Some(Order::Block(millis)) => block(millis),
            }
        }
    }
}

/// Starts children of which one half end by themselves and the others when this task does.
async fn bear(cx: &TaskContext, children: usize) {
    for n in 0..children {
        let stays = ChildSpec::task(format!("stays-{n}"), |cx| async move { cx.stopping().await });
        let _ = cx.start_child(stays.restart(Restart::Temporary)).await;
        let _ = cx.spawn(|_| async {}).await;
    }
}

/// Does what a task should not do.
fn block(millis: u64) {
    let (_keep, nothing) = std::sync::mpsc::channel::<()>();
    let _ = nothing.recv_timeout(std::time::Duration::from_millis(millis));
}
