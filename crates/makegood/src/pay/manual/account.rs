// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bank accounts: checked when they are read, and never shown whole.

use std::fmt;

/// The countries of the single euro payments area, with the length of their IBANs.
///
/// Source: the registry of IBANs and the European Payments Council's list of the area (2026).
const AREA: [(&str, usize); 42] = [
    ("AD", 24),
    ("AL", 28),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GI", 23),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("RS", 22),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("VA", 22),
];

/// An international bank account number whose check digits are right.
#[derive(Clone, PartialEq, Eq)]
pub struct Iban(String);

impl Iban {
    /// Reads one, with or without spaces.
    ///
    /// # Errors
    /// It is none. The message does not repeat it.
    pub fn new(text: &str) -> Result<Self, String> {
        let written: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let bytes = written.as_bytes();
        let shaped = (15..=34).contains(&bytes.len())
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit)
            && bytes.iter().all(u8::is_ascii_alphanumeric);
        if !shaped {
            return Err(
                "an IBAN has a country, two check digits and the account, such as DK50 0040 0440 1162 43"
                    .to_owned(),
            );
        }
        let length = AREA
            .iter()
            .find(|(country, _)| written.starts_with(country))
            .map(|(_, length)| *length);
        if let Some(length) = length
            && length != bytes.len()
        {
            return Err(format!(
                "an IBAN of {} has {length} characters, and this has {}",
                &written[..2],
                bytes.len()
            ));
        }
        if remainder(bytes) != 1 {
            return Err(
                "the check digits of this IBAN are wrong; there is a slip in it".to_owned(),
            );
        }
        Ok(Self(written))
    }

    /// As banks write it in files: without spaces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Does its country take part in the single euro payments area?
    #[must_use]
    pub fn is_in_area(&self) -> bool {
        AREA.iter().any(|(country, _)| self.0.starts_with(country))
    }
}

/// The number that an IBAN is, modulo 97: the first four characters go to the end, and A is 10 (ISO 13616).
fn remainder(bytes: &[u8]) -> u32 {
    let (head, tail) = bytes.split_at(4);
    tail.iter().chain(head).fold(0, |rest, byte| {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            _ => u32::from(byte - b'A') + 10,
        };
        let shift = if value < 10 { 10 } else { 100 };
        (rest * shift + value) % 97
    })
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({}…)", &self.0[..2])
    }
}

/// The code of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bic(String);

impl Bic {
    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn new(text: &str) -> Result<Self, String> {
        let written = text.trim().to_ascii_uppercase();
        let bytes = written.as_bytes();
        let shaped = matches!(bytes.len(), 8 | 11)
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes[4..6].iter().all(u8::is_ascii_uppercase);
        if shaped {
            Ok(Self(written))
        } else {
            Err(
                "a BIC has 8 or 11 characters: the bank, the country, the place and maybe the branch, such as DABADKKK"
                    .to_owned(),
            )
        }
    }

    /// The code.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Where money goes to.
#[derive(Clone, PartialEq, Eq)]
pub enum Account {
    /// A European account, and many others.
    Iban(Iban),
    /// An account with a number of another kind, and its bank in the bank's own words (a routing number, a sort code).
    Other {
        /// The account.
        number: String,
        /// The bank.
        bank: String,
    },
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iban(iban) => iban.fmt(f),
            Self::Other { .. } => f.write_str("Other(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_with_a_slip_is_found() {
        // The examples of the registry of IBANs.
        let good = [
            "DK50 0040 0440 1162 43",
            "DE89370400440532013000",
            "de89 3704 0044 0532 0130 00",
            "NO93 8601 1117 947",
            "GB29 NWBK 6016 1331 9268 19",
            "FR14 2004 1010 0505 0001 3M02 606",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "SE45 5000 0000 0583 9825 7466",
            "BR15 0000 0000 0000 1093 2840 814P 2",
        ];
        for text in good {
            assert!(Iban::new(text).is_ok(), "{text}");
        }
        let good = "DE89370400440532013000";
        for at in 0..good.len() {
            for letter in "0123456789AZ".chars() {
                let mut slipped: Vec<char> = good.chars().collect();
                if slipped[at] == letter {
                    continue;
                }
                slipped[at] = letter;
                let slipped: String = slipped.into_iter().collect();
                assert!(Iban::new(&slipped).is_err(), "{slipped}");
            }
        }
        for text in [
            "",
            "DK",
            "DK50",
            "DK5000400440116",
            "DE8937040044053201300É",
            "Æ",
        ] {
            assert!(Iban::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bic_has_eight_or_eleven_characters() {
        let table = [
            ("DABADKKK", true),
            ("dabadkkk", true),
            ("DEUTDEFF500", true),
            ("DABADKK", false),
            ("DABADKKK1", false),
            ("DABA1KKK", false),
            ("DABADK K", false),
            ("", false),
        ];
        for (text, taken) in table {
            assert_eq!(Bic::new(text).is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn an_account_is_not_shown() {
        let iban = Iban::new("DK50 0040 0440 1162 43").expect("an IBAN");
        assert_eq!(
            format!("{iban:?} {:?}", Account::Iban(iban.clone())),
            "Iban(DK…) Iban(DK…)"
        );
        let why = Iban::new("DK51 0040 0440 1162 43").expect_err("a slip");
        assert!(!why.contains("0040"), "{why}");
    }
}
