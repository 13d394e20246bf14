// SPDX-License-Identifier: MIT OR Apache-2.0
//! The letters that every bank takes, decimals as banks write them, and text for XML.

use makegood_desk::amount::{Amount, Currency};

/// A text in the letters that every bank of the single euro payments area must take, at most so many of them.
///
/// Other letters are replaced by the nearest ones, or by a point.
/// Source of the set: the European Payments Council's implementation guidelines for credit transfers.
pub(super) fn basic(text: &str, letters: usize) -> String {
    let mut basic = String::new();
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => basic.push(letter),
            '/' | '-' | '?' | ':' | '(' | ')' | '.' | ',' | '\'' | '+' | ' ' => basic.push(letter),
            'à'..='å' | 'ā' | 'ă' | 'ą' => basic.push('a'),
            'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => basic.push('A'),
            'æ' => basic.push_str("ae"),
            'Æ' => basic.push_str("Ae"),
            'ç' | 'ć' | 'č' | 'ċ' => basic.push('c'),
            'Ç' | 'Ć' | 'Č' | 'Ċ' => basic.push('C'),
            'ð' | 'ď' | 'đ' => basic.push('d'),
            'Ð' | 'Ď' | 'Đ' => basic.push('D'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => basic.push('e'),
            'È'..='Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => basic.push('E'),
            'ğ' | 'ģ' | 'ġ' => basic.push('g'),
            'Ğ' | 'Ģ' | 'Ġ' => basic.push('G'),
            'ì'..='ï' | 'ī' | 'į' | 'ı' => basic.push('i'),
            'Ì'..='Ï' | 'Ī' | 'Į' | 'İ' => basic.push('I'),
            'ķ' => basic.push('k'),
            'Ķ' => basic.push('K'),
            'ł' | 'ļ' | 'ľ' => basic.push('l'),
            'Ł' | 'Ļ' | 'Ľ' => basic.push('L'),
            'ñ' | 'ń' | 'ņ' | 'ň' => basic.push('n'),
            'Ñ' | 'Ń' | 'Ņ' | 'Ň' => basic.push('N'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => basic.push('o'),
            'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ő' => basic.push('O'),
            'œ' => basic.push_str("oe"),
            'Œ' => basic.push_str("Oe"),
            'ř' | 'ŗ' => basic.push('r'),
            'Ř' | 'Ŗ' => basic.push('R'),
            'ś' | 'š' | 'ş' | 'ș' => basic.push('s'),
            'Ś' | 'Š' | 'Ş' | 'Ș' => basic.push('S'),
            'ß' => basic.push_str("ss"),
            'ť' | 'ţ' | 'ț' => basic.push('t'),
            'Ť' | 'Ţ' | 'Ț' => basic.push('T'),
            'þ' => basic.push_str("th"),
            'Þ' => basic.push_str("Th"),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => basic.push('u'),
            'Ù'..='Ü' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => basic.push('U'),
            'ý' | 'ÿ' => basic.push('y'),
            'Ý' | 'Ÿ' => basic.push('Y'),
            'ź' | 'ż' | 'ž' => basic.push('z'),
            'Ź' | 'Ż' | 'Ž' => basic.push('Z'),
            '&' => basic.push('+'),
            '’' | '‘' | '`' => basic.push('\''),
            '–' | '—' | '_' => basic.push('-'),
            _ if letter.is_whitespace() => basic.push(' '),
            _ => basic.push('.'),
        }
    }
    // A text of theirs must not begin or end with a slash, nor have two together: those mark fields in older formats.
    let mut words: Vec<&str> = basic.split_whitespace().collect();
    words.retain(|word| !word.chars().all(|letter| letter == '/'));
    let mut joined = words.join(" ");
    while joined.contains("//") {
        joined = joined.replace("//", "/");
    }
    let kept: String = joined.trim_matches('/').chars().take(letters).collect();
    kept.trim_end_matches(['/', ' ']).to_owned()
}

/// A text for a cell that a spreadsheet may open: nothing that it would take for a formula.
pub(super) fn cell(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    plain
        .trim_start_matches(['=', '+', '-', '@', ' '])
        .trim_end()
        .to_owned()
}

/// Text between tags, or in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// `12.48`, with as many digits as the currency has.
pub(super) fn decimal(minor: u128, currency: Currency) -> String {
    let digits = usize::from(currency.digits());
    let padded = format!("{minor:0>width$}", width = digits + 1);
    let (whole, part) = padded.split_at(padded.len() - digits);
    if part.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{part}")
    }
}

/// An amount as banks write it: a point, and no more digits than the currency has unless they are zeros.
pub(super) fn amount(text: &str, code: &str) -> Result<Amount, String> {
    let currency = iso_currency::Currency::from_code(code)
        .and_then(|known| u8::try_from(known.exponent()?).ok())
        .and_then(|digits| Currency::new(code, digits))
        .ok_or_else(|| "a currency that ISO 4217 does not have".to_owned())?;
    let wrong = || format!("an amount that is not a number such as 12.48, in {code}");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = usize::from(currency.digits());
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (part, beyond) = part.split_at_checked(digits).unwrap_or((part, ""));
    let readable = !whole.is_empty()
        && all_digits(whole)
        && all_digits(part)
        && beyond.bytes().all(|byte| byte == b'0');
    if !readable {
        return Err(wrong());
    }
    format!("{whole}{part:0<digits$}")
        .parse()
        .map(|minor| Amount::new(minor, currency))
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_that_every_bank_takes() {
        let table = [
            ("Ada Lovelace", "Ada Lovelace"),
            ("Jørgen Æblegård", "Jorgen Aeblegard"),
            ("Groß & Söhne <GmbH>", "Gross + Sohne .GmbH."),
            ("Łukasz Żółć", "Lukasz Zolc"),
            ("Ivana\tŠ.\r\nČ.", "Ivana S. C."),
            ("李雷", ".."),
            ("//a//b/", "a/b"),
            (" / ", ""),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(basic(text, 70), expected, "{text}");
        }
        assert_eq!(basic("abc def", 4), "abc");
        assert_eq!(basic("ææ", 3), "aea");
    }

    #[test]
    fn amounts_come_back_as_they_were_written() {
        let currency = |code: &str, digits| Currency::new(code, digits).expect("a code");
        let table = [
            (0, "EUR", 2, "0.00"),
            (5, "EUR", 2, "0.05"),
            (1_248, "EUR", 2, "12.48"),
            (500, "JPY", 0, "500"),
            (5_123, "KWD", 3, "5.123"),
            (u64::MAX, "EUR", 2, "184467440737095516.15"),
        ];
        for (minor, code, digits, expected) in table {
            let written = decimal(u128::from(minor), currency(code, digits));
            assert_eq!(written, expected);
            assert_eq!(
                amount(&written, code).map(|amount| amount.minor()),
                Ok(minor)
            );
        }
        let table = [
            ("12.5", "EUR", Some(1_250)),
            ("12.48000", "EUR", Some(1_248)),
            ("12", "EUR", Some(1_200)),
            ("500.00", "JPY", Some(500)),
            ("12.485", "EUR", None),
            ("500.5", "JPY", None),
            ("12,48", "EUR", None),
            ("-12.48", "EUR", None),
            ("+12.48", "EUR", None),
            (".48", "EUR", None),
            ("1e2", "EUR", None),
            ("12.4é", "EUR", None),
            ("", "EUR", None),
            ("184467440737095516.16", "EUR", None),
            ("12.48", "eur", None),
        ];
        for (text, code, expected) in table {
            assert_eq!(
                amount(text, code).ok().map(|amount| amount.minor()),
                expected,
                "{text} {code}"
            );
        }
    }

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "HYPERLINK(\"x\")");
        assert_eq!(cell(" +-@=1\t2\n"), "1 2");
    }
}
