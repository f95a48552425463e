//! Runs the built demo and checks what its contract promises to scripts.
//!
//! Tests wait for what the demo writes and never for a time. The only clock is a backstop that ends a
//! test that hangs.

mod activation;
mod bad_input;
mod built_in;
mod chaos;
mod closed_terminal;
mod containment;
mod early;
mod endings;
mod exec;
mod few_descriptors;
mod few_processes;
mod files;
mod foreseen;
mod hostile_arguments;
mod keys;
mod killed_lines;
mod killed_views;
mod lines_view;
mod many_children;
mod observe;
mod orchestrated;
mod out_of_reach;
mod outputs;
mod passed_descriptors;
mod picture;
mod process_1;
mod quiet;
mod remote;
mod remote_follow;
mod samples;
mod screens;
mod shared_terminal;
mod signals;
mod standard_streams;
mod stopped_by_the_terminal;
mod support;
mod surroundings;
mod suspended;
mod telling;
mod terminal;
mod terminals;
mod timeline;
mod timeline_picture;
mod trees;
mod view_in_a_file;
