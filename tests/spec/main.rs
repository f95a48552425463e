//! What rootward promises, as tests, through its public API only.
//!
//! Every test's name is a rule. Tests wait for events and never for a time: tasks live in virtual time,
//! where nothing takes any, and processes say what they have come to.

mod support;

mod actors;
mod backoff;
mod blame;
mod blocking;
mod common_cases;
mod compile_errors;
mod deadline;
mod depth;
mod details;
mod drain;
mod dynamic;
mod embedding;
mod events;
mod failing;
mod foreign_wakers;
mod gate;
mod good_guest;
mod guests;
mod health;
mod hostile;
mod hostile_log;
mod http;
mod http_floods;
mod http_slow_clients;
mod init;
mod intensity;
mod job_results;
mod live;
mod nothing_starts;
mod output;
mod peer_cases;
mod permits;
mod processes;
mod public_api;
mod readiness;
mod refused_by_a_stop;
mod report;
mod restart;
mod sandbox;
mod servers;
mod shutdown_order;
mod signals;
mod significant;
mod snapshots;
mod soak;
mod spawn_errors;
mod standstill;
mod start;
mod stop_requests;
mod stragglers;
mod strategies;
mod stuck;
mod stuck_siblings;
mod supervisor_program;
mod task_children;
mod task_company;
mod tasks;
mod tidy;
mod told_nothing;
mod wakers;
