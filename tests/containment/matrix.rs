//! Every misbehaviour by every end.

/// A misbehaving program, by what it does, and the tests of what becomes of it.
macro_rules! misbehaviour {
    ($name:ident: $program:literal, stays $stays:ident, goes $goes:ident) => {
        mod $name {
            use crate::ends;
            use crate::scene::{Goes, Misbehaviour, Stays};

            const IT: Misbehaviour = Misbehaviour {
                program: {
                    // That there is such a program is known when this is compiled.
                    let _ = env!(concat!("CARGO_BIN_EXE_", $program));
                    $program
                },
                stays: Stays::$stays,
                goes: Goes::$goes,
            };

            #[test]
            fn is_gone_after_a_stop() {
                ends::stop(IT);
            }

            #[test]
            fn is_gone_before_it_is_started_again() {
                ends::restart(IT);
            }

            #[test]
            fn is_gone_soon_after_its_supervisor_was_killed() {
                ends::kill_of_the_supervisor(IT);
            }

            #[test]
            fn is_gone_when_the_warden_was_killed_and_the_supervisor_has_left() {
                ends::kill_of_the_warden(IT);
            }
        }
    };
}

// Its own process group, or what belongs to it.
misbehaviour!(a_program_that_has_a_grandchild: "has_a_grandchild", stays InItsGroup, goes WhenAsked);
misbehaviour!(a_program_that_has_lost_its_parent: "is_reparented", stays InItsGroup, goes WhenAsked);
misbehaviour!(a_program_that_ignores_sigterm: "will_not_go", stays InItsGroup, goes WhenKilled);
misbehaviour!(a_program_that_has_a_stubborn_grandchild: "has_a_stubborn_grandchild", stays InItsGroup, goes WhenKilled);
misbehaviour!(a_program_that_forks_like_a_bomb: "forks_like_a_bomb", stays InItsGroup, goes WhenKilled);

// Elsewhere.
misbehaviour!(a_program_that_changes_its_group: "changes_its_group", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_changes_its_session: "changes_its_session", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_changes_its_directory: "changes_its_directory", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_clears_its_environment: "clears_its_environment", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_closes_everything: "closes_everything", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_forks_twice: "double_forks", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_shares_its_pipe: "shares_its_pipe", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_is_suspended: "is_suspended", stays Nowhere, goes WhenAsked);
misbehaviour!(a_program_that_forks_when_asked_to_go: "forks_when_asked_to_go", stays Nowhere, goes WhenKilled);
misbehaviour!(a_program_that_keeps_hopping: "keeps_hopping", stays Nowhere, goes AsItPleases);
