//! Pure: what a key does.

#![expect(clippy::wildcard_enum_match_arm, reason = "most keys do nothing")]

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rootward_observer::wire::State as ChildState;

use super::{Effect, Menu, Mode, Pane, SIGNALS, ViewState};
use crate::chaos::ChaosTurn;

impl ViewState {
    pub(super) fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return vec![];
        }
        self.notice.clear();
        // Ctrl-C comes as a signal: the terminal sends it.
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('l') => vec![Effect::Redraw],
                _ => vec![],
            };
        }
        match std::mem::replace(&mut self.mode, Mode::Usual) {
            Mode::Usual => self.usual(key.code),
            Mode::Help => vec![],
            Mode::Why(path, first) => {
                if let Some(lines) = self.lines_of(key.code) {
                    let first = first.saturating_add_signed(lines).min(self.explanation.0);
                    self.mode = Mode::Why(path, first);
                }
                vec![]
            }
            Mode::Search(text) => self.typed(text, key.code),
            Mode::Signals(menu) => self.choose(menu, key.code),
            Mode::Sure(_, effect) if matches!(key.code, KeyCode::Char('y' | 'Y')) => vec![effect],
            Mode::Sure(..) => vec![],
        }
    }

    fn usual(&mut self, code: KeyCode) -> Vec<Effect> {
        let page = isize::try_from(self.height().saturating_sub(1).max(1)).unwrap_or(1);
        match code {
            KeyCode::Up | KeyCode::Char('k') => self.go(-1),
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::PageUp => self.go(-page),
            KeyCode::PageDown => self.go(page),
            KeyCode::Home | KeyCode::Char('g') => self.go(isize::MIN + 1),
            KeyCode::End | KeyCode::Char('G') => self.go(isize::MAX),
            KeyCode::Left | KeyCode::Char('h') => self.fold(),
            KeyCode::Right | KeyCode::Char('l') => self.unfold(),
            KeyCode::Char(' ') | KeyCode::Enter => self.turn_fold(),
            KeyCode::Tab | KeyCode::BackTab => {
                self.pane = if self.pane == Pane::Tree { Pane::Events } else { Pane::Tree };
            }
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('/') => self.mode = Mode::Search(String::new()),
            KeyCode::Char('n') => {
                let found = self.log.older();
                self.say_unless(found, "no older line has it");
            }
            KeyCode::Char('N') => {
                let found = self.log.newer();
                self.say_unless(found, "no newer line has it");
            }
            KeyCode::Char('f') => self.log.follow(!self.log.is_following()),
            KeyCode::Char('p') => {
                let under = self.log.under().is_none().then(|| self.selected.clone());
                self.log.show_under(under);
            }
            KeyCode::Char('v') => self.log.next_level(),
            KeyCode::Char('w') => {
                self.mode = Mode::Why(self.selected.clone(), 0);
                self.explained_at = self.now;
                return vec![Effect::Explain(self.selected.clone())];
            }
            KeyCode::Char('y') => return self.copy(),
            KeyCode::Char(key @ ('c' | '+' | '-')) => return self.turn_chaos(key),
            KeyCode::Char('q') if !self.rights.is_own => return vec![Effect::Leave],
            KeyCode::Char(key) => return self.change(key),
            _ => {}
        }
        vec![]
    }

    /// By how many lines a key moves an explanation, if it is a key that moves.
    fn lines_of(&self, code: KeyCode) -> Option<isize> {
        let page = isize::try_from(self.explanation.1.saturating_sub(1).max(1)).unwrap_or(1);
        Some(match code {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown => page,
            KeyCode::Home | KeyCode::Char('g') => isize::MIN + 1,
            KeyCode::End | KeyCode::Char('G') => isize::MAX,
            _ => return None,
        })
    }

    /// Chaos is a matter of the program whose tree it is.
    fn turn_chaos(&mut self, key: char) -> Vec<Effect> {
        if !self.rights.is_own {
            return self.tell("only a program that shows its own tree has chaos");
        }
        match key {
            'c' => vec![Effect::Chaos(ChaosTurn::OnOrOff)],
            _ if self.chaos.is_none() => self.tell("chaos is off: c turns it on"),
            '+' => vec![Effect::Chaos(ChaosTurn::Faster)],
            _ => vec![Effect::Chaos(ChaosTurn::Slower)],
        }
    }

    /// What changes the tree.
    fn change(&mut self, key: char) -> Vec<Effect> {
        if !"rtsxqS".contains(key) {
            return vec![];
        }
        if !self.rights.control {
            self.say_unless(false, "this program lets watchers look and change nothing");
            return vec![];
        }
        let path = self.selected.clone();
        match key {
            'S' | 'q' if self.is_stopping() => self.sure("force the whole tree", Effect::Force),
            'S' | 'q' => self.sure("stop the whole tree", Effect::Stop),
            'r' => self.sure(&format!("restart {path}"), Effect::Restart(path)),
            't' => self.sure(&format!("stop {path} and leave it down"), Effect::Terminate(path)),
            's' => {
                let is_down = self.model.find(&path).is_some_and(|child| child.state == ChildState::Down);
                if is_down { vec![Effect::Start(path)] } else { self.tell("it is not down") }
            }
            _ => match self.selected_pid() {
                Some(pid) => {
                    self.mode = Mode::Signals(Menu::new(path, pid));
                    vec![]
                }
                None => self.tell("only a process that runs hears signals"),
            },
        }
    }

    /// Does it, or asks first whether it is meant: the tree may be one that matters.
    fn sure(&mut self, what: &str, effect: Effect) -> Vec<Effect> {
        if self.rights.is_own {
            return vec![effect];
        }
        self.mode = Mode::Sure(what.to_owned(), effect);
        vec![]
    }

    fn typed(&mut self, mut text: String, code: KeyCode) -> Vec<Effect> {
        match code {
            KeyCode::Esc => return vec![],
            KeyCode::Enter => {
                let found = self.log.search(&text);
                self.pane = Pane::Events;
                self.say_unless(found || text.is_empty(), "no line has it");
                return vec![];
            }
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(c) => text.push(c),
            _ => {}
        }
        self.mode = Mode::Search(text);
        vec![]
    }

    fn choose(&mut self, mut menu: Menu, code: KeyCode) -> Vec<Effect> {
        match code {
            KeyCode::Up | KeyCode::Char('k') => menu.go(false),
            KeyCode::Down | KeyCode::Char('j') => menu.go(true),
            KeyCode::Char(digit @ '1'..='8') => {
                menu.chosen = digit.to_digit(10).map_or(0, |digit| digit as usize - 1);
                return self.send(&menu);
            }
            KeyCode::Enter => return self.send(&menu),
            KeyCode::Esc | KeyCode::Char('q') => return vec![],
            _ => {}
        }
        self.mode = Mode::Signals(menu);
        vec![]
    }

    /// The path of the child, or the line of the log.
    fn copy(&mut self) -> Vec<Effect> {
        let text = match self.pane {
            Pane::Tree => crate::terminal::text::safe(&self.selected),
            Pane::Events => {
                let current = self.log.current();
                current.map_or_else(String::new, |entry| format!("{} {}", entry.path(), entry.said().text))
            }
        };
        self.notice = "copied, if the terminal allows it".to_owned();
        vec![Effect::Copy(text)]
    }

    /// Sends the chosen signal, unless the process has ended since the menu was opened.
    fn send(&mut self, menu: &Menu) -> Vec<Effect> {
        if self.model.find(&menu.path).and_then(|child| child.pid) != Some(menu.pid) {
            return self.tell("that process has ended");
        }
        let (path, signal) = (menu.path.clone(), SIGNALS[menu.chosen]);
        self.sure(&format!("send {signal} to {path}"), Effect::Signal { path, signal })
    }

    fn height(&self) -> usize {
        match self.pane {
            Pane::Tree => self.heights.0,
            Pane::Events => self.heights.1,
        }
    }

    fn go(&mut self, lines: isize) {
        if self.pane == Pane::Events {
            return self.log.go(lines);
        }
        let paths: Vec<String> = self.rows().iter().map(|row| row.child.path.clone()).collect();
        let at = self.place(&paths);
        let to = at.saturating_add_signed(lines).min(paths.len().saturating_sub(1));
        if let Some(path) = paths.into_iter().nth(to) {
            self.selected = path;
        }
    }

    /// Where the user stands among these lines.
    fn place(&self, paths: &[String]) -> usize {
        paths.iter().position(|path| *path == self.selected).unwrap_or(0)
    }

    /// Folds the child, or goes up to the one above.
    fn fold(&mut self) {
        let is_open =
            self.rows().iter().any(|row| row.child.path == self.selected && row.is_parent && row.hidden == 0);
        if is_open {
            self.folded.insert(self.selected.clone());
        } else if let Some((above, _)) = self.selected.rsplit_once('/') {
            self.selected = above.to_owned();
        }
    }

    fn unfold(&mut self) {
        if !self.folded.remove(&self.selected) {
            self.go(1);
        }
    }

    fn turn_fold(&mut self) {
        let is_parent = self.rows().iter().any(|row| row.child.path == self.selected && row.is_parent);
        if !self.folded.remove(&self.selected) && is_parent {
            self.folded.insert(self.selected.clone());
        }
    }

    fn tell(&mut self, what: &str) -> Vec<Effect> {
        what.clone_into(&mut self.notice);
        vec![]
    }

    fn say_unless(&mut self, is_well: bool, what: &str) {
        if !is_well {
            what.clone_into(&mut self.notice);
        }
    }
}
