//! Texts for the kernel: C strings, one behind the other in one piece of memory.
//!
//! An environment has dozens of them, and every start has to make them anew. Nothing here calls the kernel.

use std::ffi::CStr;
use std::fmt;
use std::ptr;

use libc::c_char;

/// A list of C strings.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

/// A text holds a NUL byte, which no C string can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HoldsNul;

impl Texts {
    /// With room for that many texts, which have that many bytes altogether without the zeros at their ends.
    pub(crate) fn with_room(texts: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes + texts), places: Vec::with_capacity(texts) }
    }

    /// Adds a text that is made of these parts.
    pub(crate) fn push(&mut self, parts: &[&[u8]]) -> Result<(), HoldsNul> {
        if parts.iter().any(|part| part.contains(&0)) {
            return Err(HoldsNul);
        }
        self.places.push(self.bytes.len());
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.bytes.push(0);
        Ok(())
    }

    /// All texts with the zeros at their ends.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the bytes each text begins.
    pub(crate) fn places(&self) -> &[usize] {
        &self.places
    }

    /// Pointers to the texts, and a null pointer behind the last. They hold as long as nothing is added.
    pub(super) fn pointers(&self) -> Vec<*const c_char> {
        let pointer = |place: &usize| self.bytes[*place..].as_ptr().cast();
        self.places.iter().map(pointer).chain([ptr::null()]).collect()
    }

    fn iter(&self) -> impl Iterator<Item = &CStr> {
        self.places.iter().filter_map(|place| CStr::from_bytes_until_nul(&self.bytes[*place..]).ok())
    }
}

impl<'a> FromIterator<&'a CStr> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a CStr>>(texts: I) -> Self {
        let mut all = Self::default();
        for text in texts {
            // A C string holds none.
            let _ = all.push(&[text.to_bytes()]);
        }
        all
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_its_parts_are_together() {
        let mut texts = Texts::with_room(2, 8);

        texts.push(&[b"KEY", b"=", b""]).unwrap();
        texts.push(&[b""]).unwrap();

        assert_eq!(texts.iter().collect::<Vec<_>>(), [c"KEY=", c""]);
        assert_eq!((texts.bytes(), texts.places()), (&b"KEY=\0\0"[..], &[0, 5][..]));
    }

    #[test]
    fn a_nul_byte_is_refused_and_leaves_nothing() {
        let mut texts = Texts::default();

        assert_eq!(texts.push(&[b"a", b"b\0c"]), Err(HoldsNul));
        assert_eq!(texts.places(), [0_usize; 0]);
        assert_eq!(texts.bytes(), b"");
    }
}
