// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers, texts and lists as bytes, each in one way only.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;
use alloc::vec::Vec;

use super::{Unreadable, Why};

/// What has a stored form. It takes at least one byte, whatever it is.
pub(super) trait Stored: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes it from the front.
    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable>;
}

/// Bytes, and how far they are read.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next byte stands.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| wrong(self.at, Why::Ended))?;
        self.at += 1;
        Ok(byte)
    }

    fn slice(&mut self, len: usize) -> Result<&'b [u8], Unreadable> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let slice = rest.get(..len);
        let slice = slice.ok_or_else(|| wrong(self.at, Why::Ended))?;
        self.at += len;
        Ok(slice)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let at = self.at;
        let slice = self.slice(N)?;
        slice.try_into().map_err(|_| wrong(at, Why::Ended))
    }

    /// A whole number in groups of seven bits.
    fn number(&mut self) -> Result<u128, Unreadable> {
        let begin = self.at;
        // Nine groups fit 64 bits, which are faster, and nearly all numbers are that short.
        let mut low = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            low |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return match byte {
                    0 if shift > 0 => Err(wrong(begin, Why::NotShortest)),
                    _ => Ok(u128::from(low)),
                };
            }
        }
        let mut number = u128::from(low);
        for shift in (63..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let group = u128::from(byte & 0x7f);
            let placed = group << shift;
            if placed >> shift != group {
                return Err(wrong(begin, Why::TooLarge));
            }
            number |= placed;
            match byte {
                0 => return Err(wrong(begin, Why::NotShortest)),
                1..0x80 => return Ok(number),
                _ => {}
            }
        }
        Err(wrong(begin, Why::TooLarge))
    }

    /// A whole number that fits its place.
    fn whole<T: TryFrom<u128>>(&mut self) -> Result<T, Unreadable> {
        let at = self.at;
        T::try_from(self.number()?).map_err(|_| wrong(at, Why::TooLarge))
    }

    /// Nothing stands behind the end.
    pub(super) fn end(&self) -> Result<(), Unreadable> {
        match self.bytes.len().saturating_sub(self.at) {
            0 => Ok(()),
            count => Err(wrong(self.at, Why::LeftOver { count })),
        }
    }
}

pub(super) const fn wrong(at: usize, why: Why) -> Unreadable {
    Unreadable { at, why }
}

fn put_number(mut number: u128, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn put_len(len: usize, out: &mut Vec<u8>) {
    // A length fits 128 bits on every machine.
    put_number(u128::try_from(len).unwrap_or(u128::MAX), out);
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Stored for $number {
            fn put(&self, out: &mut Vec<u8>) {
                put_number((*self).into(), out);
            }

            fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
                from.whole()
            }
        }
    )+};
}

whole_numbers!(u32, u64, u128);

/// Numbers on both sides of nothing: 0, −1, 1, −2, … are written as 0, 1, 2, 3, …
impl Stored for i128 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(((self << 1) ^ (self >> 127)).cast_unsigned(), out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let number = from.number()?;
        let half = (number >> 1).cast_signed();
        Ok(if number & 1 == 0 { half } else { !half })
    }
}

impl Stored for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let at = from.at();
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(wrong(at, Why::Impossible { what: "yes or no" })),
        }
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(thing) = self {
            thing.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(if bool::get(from)? {
            Some(T::get(from)?)
        } else {
            None
        })
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_len(self.len(), out);
        for thing in self {
            thing.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let at = from.at();
        let len: usize = from.whole()?;
        // Each takes a byte at least, so a longer list than what is left is a lie and no room is made for it.
        if len > from.bytes.len().saturating_sub(from.at) {
            return Err(wrong(at, Why::Ended));
        }
        let mut list = Self::with_capacity(len.min(64));
        for _ in 0..len {
            list.push(T::get(from)?);
        }
        Ok(list)
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_len(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn text<'b>(from: &mut Reader<'b>) -> Result<&'b str, Unreadable> {
    let len = from.whole()?;
    let at = from.at;
    let bytes = from.slice(len)?;
    core::str::from_utf8(bytes).map_err(|error| wrong(at + error.valid_up_to(), Why::NotText))
}

impl Stored for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        text(from).map(Self::from)
    }
}

impl Stored for Cow<'_, str> {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        text(from).map(|text| Self::Owned(text.to_owned()))
    }
}

/// The stored form of an enum: each variant by its number, and then its fields in this order.
///
/// Both directions come of one table, and a variant that has no row does not compile.
macro_rules! stored_enum {
    ($name:ident $(<$life:lifetime>)?, $what:literal, {
        $($tag:literal $variant:ident $({ $($field:ident),+ })? $(($inner:ident))?,)+
    }) => {
        impl $(<$life>)? Stored for $name $(<$life>)? {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),+ })? $(($inner))? => {
                        out.push($tag);
                        $($($field.put(out);)+)?
                        $($inner.put(out);)?
                    })+
                }
            }

            fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
                let at = from.at();
                Ok(match from.byte()? {
                    $($tag => {
                        $($(let $field = Stored::get(from)?;)+)?
                        $(let $inner = Stored::get(from)?;)?
                        Self::$variant $({ $($field),+ })? $(($inner))?
                    })+
                    found => return Err(wrong(at, Why::NoSuch { what: $what, found })),
                })
            }
        }
    };
}

/// The stored form of a struct: its fields in this order. A field that has no place does not compile.
macro_rules! stored_struct {
    ($name:ident $(<$life:lifetime>)?, { $($field:ident),+ $(,)? }) => {
        impl $(<$life>)? Stored for $name $(<$life>)? {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.put(out);)+
            }

            fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
                $(let $field = Stored::get(from)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

pub(super) use {stored_enum, stored_struct};
