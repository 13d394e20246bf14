// SPDX-License-Identifier: MIT OR Apache-2.0
//! A secret in memory: nothing prints it, and its bytes are overwritten when it is let go.
//!
//! That is best effort: what was moved about, or copied by others on its way here, is not reached.

use std::fmt;

use zeroize::Zeroize;

/// Something that must not be seen, a text unless said otherwise. Its `Debug` shows nothing, and it has no `Display`.
///
/// ```
/// use makegood::secret::Secret;
/// let token = Secret::new("sk_live_1");
/// assert_eq!(format!("{token:?}"), "…");
/// assert_eq!(token.expose(), "sk_live_1");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize = String>(T);

impl Secret {
    /// Takes a text into keeping.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl<T: Zeroize> Secret<T> {
    /// Takes something else into keeping.
    pub const fn of(value: T) -> Self {
        Self(value)
    }

    /// The secret, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The secret, to be filled in where it is kept.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
