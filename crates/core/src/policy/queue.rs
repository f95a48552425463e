//! A queue whose first value takes no memory of its own.
//!
//! Most of what a supervisor deals with comes one at a time. In a deep tree every buffer that is made for it is one
//! more piece of memory to get, to look for and to give back at each level.

use std::collections::VecDeque;

/// Values in the order in which they came.
#[derive(Debug)]
pub(crate) struct ShortQueue<T> {
    /// Ahead of all the others.
    first: Option<T>,
    rest: VecDeque<T>,
}

impl<T> ShortQueue<T> {
    pub(crate) const fn new() -> Self {
        Self { first: None, rest: VecDeque::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    pub(crate) fn push_back(&mut self, value: T) {
        if self.is_empty() {
            self.first = Some(value);
        } else {
            self.rest.push_back(value);
        }
    }

    pub(crate) fn push_front(&mut self, value: T) {
        if let Some(second) = self.first.replace(value) {
            self.rest.push_front(second);
        }
    }

    /// Puts a value ahead of all others, if there is one.
    pub(crate) fn extend_front(&mut self, value: Option<T>) {
        if let Some(value) = value {
            self.push_front(value);
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        self.first.take().or_else(|| self.rest.pop_front())
    }

    /// Takes out what there is, one after the other.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        std::iter::from_fn(|| self.pop_front())
    }

    pub(crate) fn clear(&mut self) {
        self.first = None;
        self.rest.clear();
    }
}

impl<T> Default for ShortQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<T> for ShortQueue<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push_back(value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_deque_does(steps in prop::collection::vec(0u8..8, 0..60)) {
            let (mut queue, mut deque) = (ShortQueue::new(), VecDeque::new());
            for (value, what) in steps.into_iter().enumerate() {
                match what {
                    0..3 => {
                        queue.push_back(value);
                        deque.push_back(value);
                    }
                    3 => {
                        queue.push_front(value);
                        deque.push_front(value);
                    }
                    4 => {
                        let front = (value % 2 == 0).then_some(value);
                        queue.extend_front(front);
                        front.into_iter().for_each(|value| deque.push_front(value));
                        queue.extend([value, value + 1]);
                        deque.extend([value, value + 1]);
                    }
                    5 if value % 7 == 0 => {
                        queue.clear();
                        deque.clear();
                    }
                    _ => prop_assert_eq!(queue.pop_front(), deque.pop_front()),
                }
                prop_assert_eq!(queue.is_empty(), deque.is_empty());
            }
            prop_assert!(queue.drain().eq(deque));
        }
    }
}
