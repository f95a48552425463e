//! Users' own ractor actors as children: how they start, end and stop, and where they can be found.

mod address;
mod clerk;
mod ending;
mod guests;
mod starting;
mod stopping;
mod stress;
mod stuck;
mod supervised;
