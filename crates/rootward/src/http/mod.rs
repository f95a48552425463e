//! A server for HTTP/1 and HTTP/2 whose connections belong to the task that serves them.
//!
//! A server that spawns its connections by itself, as `axum::serve` does, outlives the tree: a request goes on
//! writing after the stop has returned. Here every connection is a [`Guest`](crate::task::Guest) of the task, with all
//! requests, streams and upgrades in it.
//!
//! | what runs | when the task is asked to stop | when its grace is over |
//! | --- | --- | --- |
//! | a request | is answered, and then the connection closes | is dropped, and the task is reported as killed |
//! | a connection that waits for a request | closes at once | |
//! | a stream of server-sent events (`text/event-stream`) | ends at once, as it has no end of its own. If its client takes nothing for a second, or half of a shorter grace, and no request is under way on the connection, that is closed | |
//! | any other stream, such as gRPC's | goes on: its handler ends it when the task is asked to stop | is dropped, and the task is reported as killed |
//! | an upgraded connection | is asked, if its handler [ran it as a guest](crate::task::Guest::wrap) | is dropped |
//!
//! A handler finds the task as a request extension of the type [`TaskContext`](crate::TaskContext). A stream without an
//! end of its own ends with `stream.take_until(cx.token().cancelled_owned())`.
//!
//! Absent on purpose: TLS, routing, limits. Those are layers around the service.

mod body;
mod connection;
mod server;
mod socket;

pub use server::serve;
