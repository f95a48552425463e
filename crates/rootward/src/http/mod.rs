//! A server for HTTP/1 and HTTP/2 whose connections belong to the task that serves them.
//!
//! A server that spawns its connections by itself, as `axum::serve` does, outlives the tree: a request goes on
//! writing after the stop has returned. Here every connection is a [`Guest`](crate::task::Guest) of the task, with all
//! requests and streams in it, and so is the socket of an upgraded connection.
//!
//! | what runs | when the task is asked to stop | when its grace is over |
//! | --- | --- | --- |
//! | a request | is answered, and then the connection closes | is dropped, and the task is reported as killed |
//! | a connection that waits for a request | closes at once | |
//! | a stream of server-sent events (`text/event-stream`), and one that [`EndsWithStop`] | ends at once, as it has no end of its own. If its client takes nothing for a second, or half of a shorter grace, and no request is under way on the connection, that is closed | |
//! | any other stream, such as gRPC's | goes on: its handler ends it, which [`until_stopping`](crate::TaskContext::until_stopping) does | is dropped, and the task is reported as killed |
//! | an upgraded connection, such as a websocket | goes on: its handler ends it when the task is asked to stop | its reads and writes fail, so that its handler ends, and the task is reported as killed |
//! | an upgraded connection whose handler [runs as a guest](crate::task::Guest::wrap) | the same | is dropped together with its handler, and the task is reported as killed |
//!
//! A handler finds the task as a request extension of the type [`TaskContext`](crate::TaskContext), and the other end
//! of a connection that [`serve`] has accepted as one of the type `std::net::SocketAddr` or, at a Unix socket,
//! `tokio::net::unix::UCred`. axum's `ConnectInfo` is told by a layer, `middleware::map_request`, that inserts
//! `ConnectInfo(peer)`.
//!
//! # Upgrades
//!
//! A library that upgrades a connection runs the handler in a task of its own, as axum's `WebSocketUpgrade::on_upgrade`
//! does. The socket stays a guest: the task is not gone before the handler has dropped it. A handler that keeps its
//! socket beyond the grace and does not use it is what the task is [stuck in](crate::report::StuckIn::Guest). What the
//! handler does after it has dropped its socket is not seen from here, so one that has more to do runs
//! [as a guest](crate::task::Guest::wrap). So does one of a tunnel over HTTP/2 (`CONNECT`), which is part of a
//! connection and has no socket of its own: when the task is forced its reads and writes fail, and nothing waits for
//! it. Websockets over HTTP/2 are not offered to clients, which use HTTP/1 then.
//!
//! # Panics
//!
//! A handler that panics costs its client the connection (HTTP/1) or the request (HTTP/2), and no other client
//! anything. The event [`GuestPanicked`](crate::EventKind::GuestPanicked) tells of it. While the task stops it is a
//! failure of the task, and the stop is not clean.
//!
//! Absent on purpose: routing and limits, which are layers around the service, and TLS, for which [`serve_connection`]
//! takes what a handshake has made of a socket.

mod body;
mod connection;
mod listener;
mod server;
mod socket;

pub use body::EndsWithStop;
pub use connection::serve_connection;
pub use listener::HttpListener;
pub use server::serve;
