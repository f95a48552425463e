//! Code of users that panics, blocks its thread or looks at the tree wherever the library calls it: the rest of the
//! tree goes on, and its stop ends.
//!
//! Each piece of code is in a whole program under real signals, in [`surroundings`]: three of them get out, the
//! deadline holds, the report is written, and no process is left. What happens in the tree meanwhile is in the files
//! beside it. `P` stands for both tests of `surroundings`, and a dash for what cannot be done there.
//!
//! | the code | it blocks | it panics | it looks at the tree |
//! | --- | --- | --- | --- |
//! | `Ready::check` | P, `a_ready_function_that_blocks_its_thread_is_named_and_its_process_is_gone` | P, `a_ready_function_that_panics_is_a_failed_start_that_says_so` | P |
//! | a task's error: `Display`, `Debug`, `source`, `Drop` | P, `a_task_that_is_blocked_by_the_error_that_it_returns_is_named_as_inside_its_poll` | P, `an_error_that_panics_when_a_task_returns_it_is_that_tasks_failure` | P |
//! | the error of a start: `Display`, `source` | P, `a_supervisor_that_is_blocked_by_an_error_that_it_reads_holds_up_no_other` | P, `an_error_that_panics_or_looks_at_the_tree_when_it_is_read_is_still_a_failed_start` | P, the same |
//! | the error of a start: `Drop` | `a_root_that_is_blocked_by_what_its_children_had_captured_is_reported_with_how_they_went`: it is dropped where they are | `an_error_that_panics_or_looks_at_the_tree_when_it_is_dropped_takes_no_supervisor_with_it` | the same |
//! | `StartChild::start` | P, `a_start_that_blocks_holds_up_its_own_supervisor_alone_and_everything_can_be_looked_at` | P, `a_start_that_panics_is_told_only_to_its_caller` | P, `a_start_may_look_at_the_tree` |
//! | `StartChild::check` | `a_check_that_blocks_blocks_the_caller_that_offers_the_child_and_no_supervisor` | in the caller's own call | `a_check_may_look_at_the_tree` |
//! | `RunningChild::hold`, `stop`, `kill`, `force`, `force_name`, `stop_signal` | P, `a_child_that_blocks_its_supervisor_wherever_that_calls_it_is_reported_at_the_deadline` | P, `a_child_that_panics_wherever_its_supervisor_calls_it_is_stopped_and_so_are_all_others` | P, `a_child_may_look_at_the_tree_wherever_its_supervisor_calls_it` |
//! | the `Drop` of a `RunningChild` | P, `a_supervisor_that_is_blocked_by_the_drop_of_what_it_holds_of_a_child_is_named_at_the_deadline` | P, as above | P, `what_is_held_of_a_child_may_look_at_the_tree_when_it_is_dropped` |
//! | `KillHandle::kill` | `kill_handles_that_block_keep_no_other_child_from_the_last_kill_and_no_caller_from_leaving` | `three_signals_get_out_of_a_program_in_which_a_child_panics_where_it_is_to_be_ended` | `a_kill_handle_may_look_at_the_tree` |
//! | the `Drop` of a spec, and of what it has captured | `a_supervisor_that_is_blocked_by_what_a_child_had_captured_holds_up_no_other` | `what_the_children_of_a_supervisor_that_gives_up_had_captured_may_panic_or_look_at_the_tree` | the same |
//! | the `Drop` of a task's future, and of an actor's state | P | P | P, `a_future_may_look_at_the_tree_when_it_is_dropped_at_its_end_and_by_an_abort` |
//! | the `Drop` of what is provided | `a_program_ends_although_the_drop_of_what_it_has_given_misbehaves` | the same | - |
//! | a handler of a signal, and its future | P, `a_handler_that_hangs_does_not_take_away_the_way_out` | P | P |
//! | what shows the snapshot | P, `a_snapshot_whose_show_hangs_holds_up_no_stop_that_has_handlers_and_shows_the_snapshot` | P | P |
//! | what is called at the launch | `a_third_signal_leads_out_although_the_function_that_is_called_at_the_launch_blocks` | `a_panic_on_launch_goes_on_once_everything_is_gone` | `foreign_code_has_threads_of_its_own` |
//! | a log subscriber: an event | P, `a_log_that_blocks_for_ever_keeps_no_signal_from_getting_through` | P, `a_subscriber_that_always_panics_costs_all_lines_and_nothing_else` | P, `a_subscriber_may_look_at_the_tree_that_it_hears_of` |
//! | a log subscriber: a span | P, `a_subscriber_that_blocks_for_ever_in_a_new_span_keeps_no_signal_from_getting_through` | P, `a_subscriber_that_panics_in_a_childs_span_costs_the_span_and_nothing_else` | P |
//! | standard error, a full pipe | `tasks_whose_panics_cannot_be_written_keep_no_signal_from_getting_through` | - | - |

mod blocked_programs;
mod calls;
mod drops;
mod errors;
mod full_stderr;
mod given;
mod programs;
mod reports;
mod starts;
mod surroundings;
mod woken;
