//! The options of a definition.
//!
//! A value that the library's types cannot express is kept as the tag by which OTP refuses it. When it
//! is refused, and before or after which other mistake, is decided where the supervisor is built.

use std::collections::HashMap;
use std::time::Duration;

use rootward::{AutoShutdown, Restart, Shutdown, Strategy};

use crate::scenario::{Outcome, Plan};

/// OTP's word for a mistake, such as `invalid_shutdown`.
pub(crate) type Tag = &'static str;

/// What every child has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChildOptions {
    pub(crate) restart: Result<Restart, Tag>,
    pub(crate) significant: Result<bool, Tag>,
    /// `None` is the default for its kind.
    pub(crate) shutdown: Result<Option<Shutdown>, Tag>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkerOptions {
    pub(crate) child: ChildOptions,
    pub(crate) reaction: Reaction,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SupervisorOptions {
    pub(crate) child: ChildOptions,
    pub(crate) layout: Result<Layout, Tag>,
    pub(crate) intensity: Result<u32, Tag>,
    pub(crate) period: Result<Duration, Tag>,
    pub(crate) auto_shutdown: Result<AutoShutdown, Tag>,
}

/// What a worker does when it is asked to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaction {
    Shutdown,
    ShutdownTerm,
    Normal,
    Abnormal,
    Ignore,
    Slow(Duration),
}

/// OTP's four strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Static(Strategy),
    /// `simple_one_for_one`.
    Simple,
}

/// The options of one definition, as they were written.
pub(crate) struct Written<'a>(HashMap<&'a str, &'a str>);

impl<'a> Written<'a> {
    /// Takes apart `key=value`. Keys that are not asked for are ignored, as OTP does.
    pub(crate) fn read(tokens: &[&'a str]) -> Result<Self, String> {
        let pair = |token: &&'a str| {
            token.split_once('=').ok_or_else(|| format!("`{token}` is not an option of the form key=value"))
        };
        tokens.iter().map(pair).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    fn or(&self, key: &str, default: &'a str) -> &'a str {
        self.get(key).unwrap_or(default)
    }

    pub(crate) fn worker(&self) -> Result<WorkerOptions, String> {
        Ok(WorkerOptions { child: self.child(), reaction: self.reaction()? })
    }

    pub(crate) fn supervisor(&self) -> SupervisorOptions {
        SupervisorOptions {
            child: self.child(),
            layout: match self.or("strategy", "one_for_one") {
                "one_for_one" => Ok(Layout::Static(Strategy::OneForOne)),
                "one_for_all" => Ok(Layout::Static(Strategy::OneForAll)),
                "rest_for_one" => Ok(Layout::Static(Strategy::RestForOne)),
                "simple_one_for_one" => Ok(Layout::Simple),
                _ => Err("invalid_strategy"),
            },
            intensity: whole(self.or("intensity", "1"))
                .map(|number| u32::try_from(number).unwrap_or(u32::MAX))
                .ok_or("invalid_intensity"),
            period: whole(self.or("period", "5")).map(Duration::from_secs).ok_or("invalid_period"),
            auto_shutdown: match self.or("auto_shutdown", "never") {
                "never" => Ok(AutoShutdown::Never),
                "any_significant" => Ok(AutoShutdown::AnySignificant),
                "all_significant" => Ok(AutoShutdown::AllSignificant),
                _ => Err("invalid_auto_shutdown"),
            },
        }
    }

    fn child(&self) -> ChildOptions {
        ChildOptions {
            restart: match self.or("restart", "permanent") {
                "permanent" => Ok(Restart::Permanent),
                "transient" => Ok(Restart::Transient),
                "temporary" => Ok(Restart::Temporary),
                _ => Err("invalid_restart_type"),
            },
            significant: match self.or("significant", "false") {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err("invalid_significant"),
            },
            shutdown: match self.or("shutdown", "default") {
                "default" => Ok(None),
                "brutal_kill" => Ok(Some(Shutdown::Kill)),
                "infinity" => Ok(Some(Shutdown::Infinity)),
                number => match whole(number) {
                    Some(millis) => Ok(Some(Shutdown::Grace(Duration::from_millis(millis)))),
                    None => Err("invalid_shutdown"),
                },
            },
        }
    }

    pub(crate) fn plan(&self) -> Result<Plan, String> {
        let outcome = |letter| match letter {
            'o' => Ok(Outcome::Runs),
            'e' => Ok(Outcome::Fails),
            'i' => Ok(Outcome::Ignored),
            _ => Err(format!("a start plan consists of o, e and i, and not of `{letter}`")),
        };
        self.or("start", "o").chars().map(outcome).collect::<Result<_, _>>().map(Plan)
    }

    fn reaction(&self) -> Result<Reaction, String> {
        match self.or("stop", "ok") {
            "ok" => Ok(Reaction::Shutdown),
            "term" => Ok(Reaction::ShutdownTerm),
            "normal" => Ok(Reaction::Normal),
            "error" => Ok(Reaction::Abnormal),
            "ignore" => Ok(Reaction::Ignore),
            other => other
                .strip_prefix("slow:")
                .and_then(whole)
                .map(|millis| Reaction::Slow(Duration::from_millis(millis)))
                .ok_or_else(|| format!("`stop={other}` is no reaction")),
        }
    }
}

/// A number without a sign. One that is too big for us is as good as the biggest.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}
