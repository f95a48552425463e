//! The loop of the view: waits for what happens, and draws when something has changed, as
//! [`picture_rest`](crate::terminal::picture_rest) decides.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::inbox::{Inbox, Mail};
use super::screen::Screen;
use super::suspend::Arrivals;
use crate::terminal::draw::draw;
use crate::terminal::fit::Fit;
use crate::terminal::picture_rest::{PictureChange, PictureRest};
use crate::terminal::state::{Effect, ViewInput, ViewState};
use crate::terminal::text::osc52;

/// What does what the user wants of the tree.
pub(crate) trait Hands {
    /// Does it, or begins to. What comes of it goes into the inbox.
    fn perform(&mut self, effect: Effect);

    /// The program is about to be suspended.
    fn pause(&mut self) {}

    /// The program goes on, or was not suspended.
    fn go_on(&mut self) {}
}

/// A view on its screen.
pub(crate) struct ViewLoop<H> {
    pub(crate) screen: Screen,
    pub(crate) state: ViewState,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) fit: Fit,
    pub(crate) hands: H,
}

/// What is to be done about the screen.
#[derive(Debug, Default)]
struct Orders {
    leave: bool,
    fit: bool,
    suspend: bool,
}

impl<H: Hands> ViewLoop<H> {
    /// Shows the tree until it is gone or the user leaves. The terminal is given back before this returns.
    ///
    /// # Errors
    ///
    /// If the terminal has gone.
    pub(crate) fn run(mut self) -> io::Result<ViewState> {
        let begun = now();
        let mut rest = PictureRest::new();
        loop {
            if rest.due().is_some_and(|due| now() - begun >= due) {
                self.show(begun)?;
                rest.drawn(now() - begun);
            }
            let at_most = match rest.due() {
                Some(due) => Some(due.saturating_sub(now() - begun)),
                None => self.state.next_change(),
            };
            let mail = self.inbox.wait(at_most, rest.due().is_none());
            let is_by_hand = mail.iter().any(|mail| !matches!(mail, Mail::Input(ViewInput::Event(_))));
            rest.change(
                if is_by_hand { PictureChange::ByHand } else { PictureChange::ByItself },
                now() - begun,
            );
            let mut orders = Orders::default();
            for mail in mail {
                match mail {
                    Mail::Input(input) => self.take(input, begun, &mut orders)?,
                    Mail::Suspend => orders.suspend = true,
                }
            }
            if orders.leave {
                break;
            }
            if orders.suspend {
                suspend(&mut self.screen, &mut self.hands, &self.inbox.arrivals)?;
            } else if orders.fit {
                self.screen.fit()?;
            }
        }
        self.screen.leave();
        Ok(self.state)
    }

    fn show(&mut self, begun: Instant) -> io::Result<()> {
        self.state.tick((now() - begun).as_secs_f64());
        let (state, fit) = (&mut self.state, self.fit);
        self.screen.draw(|frame| draw(state, fit, frame))?;
        if self.state.wants_look() {
            self.hands.perform(Effect::Look);
        }
        if let Some(path) = self.state.wants_explanation() {
            self.hands.perform(Effect::Explain(path));
        }
        Ok(())
    }

    fn take(&mut self, input: ViewInput, begun: Instant, orders: &mut Orders) -> io::Result<()> {
        orders.fit |= matches!(input, ViewInput::Resize);
        for effect in self.state.update(input, (now() - begun).as_secs_f64()) {
            match effect {
                Effect::Leave => orders.leave = true,
                Effect::Redraw => orders.fit = true,
                Effect::Copy(text) => self.screen.send(&osc52(&text))?,
                effect @ (Effect::Stop
                | Effect::Force
                | Effect::Terminate(_)
                | Effect::Start(_)
                | Effect::Restart(_)
                | Effect::Signal { .. }
                | Effect::Chaos(_)
                | Effect::Explain(_)
                | Effect::Look) => self.hands.perform(effect),
            }
        }
        Ok(())
    }
}

/// Gives the terminal back and stops, until the shell goes on with the program.
fn suspend(screen: &mut Screen, hands: &mut impl Hands, arrivals: &Arrivals) -> io::Result<()> {
    screen.leave();
    hands.pause();
    super::suspend::suspend(arrivals);
    hands.go_on();
    screen.enter()
}

#[expect(clippy::disallowed_methods, reason = "a view is beside the tree, and shows the time as it goes by")]
fn now() -> Instant {
    Instant::now()
}
