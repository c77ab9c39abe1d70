//! A JSON object being written, member by member. Nothing of it is inlined: it is called often in the module, and seldom at run time.

use crate::json;
use crate::price::NanoUsd;

/// An object without its end.
pub(super) struct Object(Vec<u8>);

// === impl Object ===

impl Object {
    /// An object in the place of `data`.
    pub(super) fn data() -> Self {
        Self(b"{\"data\":{".to_vec())
    }

    /// An object that follows `before`.
    pub(super) fn after(mut before: Vec<u8>) -> Self {
        before.push(b'{');
        Self(before)
    }

    /// A text; `null` if there is none.
    #[inline(never)]
    pub(super) fn text(&mut self, name: &str, text: Option<&str>) {
        self.name(name);
        match text {
            Some(text) => json::string_into(&mut self.0, text),
            None => self.0.extend_from_slice(b"null"),
        }
    }

    /// A whole number; `null` if there is none.
    #[inline(never)]
    pub(super) fn number(&mut self, name: &str, number: Option<u64>) {
        match number {
            Some(number) => self.raw(name, itoa::Buffer::new().format(number)),
            None => self.raw(name, "null"),
        }
    }

    /// An amount in USD.
    #[inline(never)]
    pub(super) fn usd(&mut self, name: &str, amount: NanoUsd) {
        self.name(name);
        amount.write_usd(&mut self.0);
    }

    /// A truth.
    #[inline(never)]
    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.raw(name, if flag { "true" } else { "false" });
    }

    /// `null`, for each of the names.
    #[inline(never)]
    pub(super) fn nulls(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.raw(name, "null"));
    }

    /// A value that is JSON.
    #[inline(never)]
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// An object, whose members are written by `members`.
    pub(super) fn object(&mut self, name: &str, members: impl Fn(&mut Self)) {
        self.name(name);
        let mut object = Self::after(std::mem::take(&mut self.0));
        members(&mut object);
        self.0 = object.end();
    }

    /// A list, each element of which is written by `element`.
    pub(super) fn list<T>(&mut self, name: &str, elements: impl IntoIterator<Item = T>, element: impl Fn(&mut Self, T)) {
        self.name(name);
        self.0.push(b'[');
        for (index, value) in elements.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            let mut object = Self::after(std::mem::take(&mut self.0));
            element(&mut object, value);
            self.0 = object.end();
        }
        self.0.push(b']');
    }

    /// The object with its end.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    /// The object and what it is the `data` of.
    pub(super) fn end_data(self) -> Vec<u8> {
        let mut out = self.end();
        out.push(b'}');
        out
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        json::string_into(&mut self.0, name);
        self.0.push(b':');
    }
}
