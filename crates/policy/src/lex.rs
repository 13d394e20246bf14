// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words of a block: identifiers, numbers with their units, strings and signs, each with its place.

use crate::fact::{CurrencyCode, Ratio};
use crate::problem::{Code, FileIx, Problem, Span};

/// A word of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    /// A name: letters, digits, `_`, and for rules `-` and `.`; a trailing `.*` makes it a prefix.
    Word(String),
    /// A bare number.
    Number(Ratio),
    /// `10 %` or `1/3`.
    Share(Ratio),
    /// Nanoseconds.
    Length(i128),
    /// Minor units.
    Money(i64, CurrencyCode),
    /// Nanoseconds since the epoch.
    Instant(i128),
    /// Text in quotation marks.
    Text(String),
    /// A sign such as `<=`.
    Sign(&'static str),
}

/// A token and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lexeme {
    pub token: Token,
    pub span: Span,
}

const SIGNS: [&str; 21] = [
    "==", "!=", "<=", ">=", "&&", "||", "..", "<", ">", "!", "(", ")", "{", "}", "[", "]", ",",
    ":", "=", "+", ";",
];

/// Nanoseconds in a second.
pub(crate) const SECOND: i128 = 1_000_000_000;

/// Splits the text of a block into words. `base` is where the block begins in its file.
pub(crate) fn lex(text: &str, file: FileIx, base: usize) -> Result<Vec<Lexeme>, Problem> {
    let mut lexer = Lexer {
        text,
        file,
        base,
        at: 0,
    };
    let mut out = Vec::new();
    while let Some(lexeme) = lexer.next()? {
        out.push(lexeme);
    }
    Ok(out)
}

struct Lexer<'a> {
    text: &'a str,
    file: FileIx,
    base: usize,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span(&self, start: usize) -> Span {
        Span::new(
            self.file,
            self.base.saturating_add(start),
            self.base.saturating_add(self.at),
        )
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.advance(rest.len().saturating_sub(trimmed.len()));
            if !trimmed.starts_with('#') {
                return;
            }
            self.advance(trimmed.find('\n').unwrap_or(trimmed.len()));
        }
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.advance(end);
        rest.get(..end).unwrap_or("")
    }

    fn next(&mut self) -> Result<Option<Lexeme>, Problem> {
        self.skip_blank();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let token = if first.is_ascii_alphabetic() || first == '_' {
            self.word()
        } else if first.is_ascii_digit()
            || (first == '-'
                && self
                    .rest()
                    .chars()
                    .nth(1)
                    .is_some_and(|c| c.is_ascii_digit()))
        {
            self.number(start)?
        } else if first == '"' {
            self.string(start)?
        } else if let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
            self.advance(sign.len());
            Token::Sign(sign)
        } else {
            self.advance(first.len_utf8());
            return Err(odd(first, self.span(start)));
        };
        Ok(Some(Lexeme {
            token,
            span: self.span(start),
        }))
    }

    /// A name. A `.` belongs to it only when a letter, digit or a closing `*` follows, so `low..high` is three words.
    fn word(&mut self) -> Token {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = 0;
        while let Some(byte) = bytes.get(end) {
            let next = bytes.get(end.saturating_add(1));
            let fits = match byte {
                b'.' => next.is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'*'),
                b'-' => next.is_some_and(u8::is_ascii_alphanumeric),
                b'*' => end > 0 && bytes.get(end.saturating_sub(1)) == Some(&b'.'),
                _ => byte.is_ascii_alphanumeric() || *byte == b'_',
            };
            if !fits {
                break;
            }
            end = end.saturating_add(1);
        }
        self.advance(end);
        Token::Word(rest.get(..end).unwrap_or("").to_owned())
    }

    fn string(&mut self, start: usize) -> Result<Token, Problem> {
        self.advance(1);
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        // A text may run over several lines of the Markdown; it is one line of text.
        let mut space = false;
        while let Some((at, c)) = chars.next() {
            let here = self.base.saturating_add(self.at).saturating_add(at);
            let here = Span::new(self.file, here, here.saturating_add(c.len_utf8()));
            let c = match c {
                '"' => {
                    self.advance(at.saturating_add(1));
                    return Ok(Token::Text(out));
                }
                '\n' | '\r' | '\t' | ' ' => {
                    space = !out.is_empty();
                    continue;
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => '\n',
                    Some(c @ ('"' | '\\')) => c,
                    _ => {
                        return Err(Problem::new(
                            Code::Syntax,
                            here,
                            "a backslash that escapes nothing",
                            "write `\\\\` for a backslash, `\\\"` for a quotation mark, `\\n` for a new line",
                        ));
                    }
                },
                c if is_bidi(c) => return Err(odd(c, here)),
                c => c,
            };
            if space {
                out.push(' ');
                space = false;
            }
            out.push(c);
        }
        self.at = self.text.len().min(start.saturating_add(1));
        Err(Problem::new(
            Code::Syntax,
            self.span(start),
            "a text that is never closed",
            "end it with `\"`",
        ))
    }

    fn number(&mut self, start: usize) -> Result<Token, Problem> {
        if let Some(date) = self.date(start)? {
            return Ok(date);
        }
        let value = self.decimal(start)?;
        let before_unit = self.at;
        if self.rest().starts_with('/') {
            self.advance(1);
            let below = self.decimal(start)?;
            let share = Ratio::new(
                value.numerator().saturating_mul(below.denominator()),
                value.denominator().saturating_mul(below.numerator()),
            );
            return share.map(Token::Share).ok_or_else(|| self.too_large(start));
        }
        self.take_while(|c| c == ' ');
        if self.rest().starts_with('%') {
            self.advance(1);
            let share = Ratio::new(value.numerator(), value.denominator().saturating_mul(100));
            return share.map(Token::Share).ok_or_else(|| self.too_large(start));
        }
        let unit = self.take_while(|c| c.is_ascii_alphabetic());
        let seconds = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => 0,
        };
        if seconds > 0 {
            let length = value
                .numerator()
                .checked_mul(SECOND)
                .and_then(|ns| ns.checked_mul(seconds));
            let length = length.filter(|ns| ns.checked_rem(value.denominator()) == Some(0));
            let length = length.and_then(|ns| ns.checked_div(value.denominator()));
            return length
                .filter(|ns| ns.abs() < 1_i128 << 100)
                .map(Token::Length)
                .ok_or_else(|| self.too_large(start));
        }
        if let [a, b, c] = *unit.as_bytes()
            && unit.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            return self.money(value, CurrencyCode([a, b, c]), start);
        }
        self.at = before_unit;
        Ok(Token::Number(value))
    }

    /// Major units with as many digits as were written: the host knows how many the currency has.
    fn money(&self, value: Ratio, currency: CurrencyCode, start: usize) -> Result<Token, Problem> {
        let digits = 10_i128.checked_pow(currency.digits()).unwrap_or(1);
        let minor = value.numerator().checked_mul(digits);
        let minor = minor.filter(|minor| minor.checked_rem(value.denominator()) == Some(0));
        let minor = minor
            .and_then(|minor| minor.checked_div(value.denominator()))
            .and_then(|minor| i64::try_from(minor).ok());
        minor
            .map(|minor| Token::Money(minor, currency))
            .ok_or_else(|| {
                Problem::new(
                    Code::Type,
                    self.span(start),
                    format!("an amount that {currency} cannot hold"),
                    "write no more decimals than the currency has",
                )
            })
    }

    fn decimal(&mut self, start: usize) -> Result<Ratio, Problem> {
        let negative = self.rest().starts_with('-');
        if negative {
            self.advance(1);
        }
        let whole = self
            .take_while(|c| c.is_ascii_digit() || c == '_')
            .replace('_', "");
        let rest = self.rest().as_bytes();
        let mut fraction = "";
        if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.advance(1);
            fraction = self.take_while(|c| c.is_ascii_digit());
        }
        let digits = format!("{whole}{fraction}");
        let power = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        let (Ok(num), Some(den)) = (digits.parse::<i128>(), 10_i128.checked_pow(power)) else {
            return Err(self.too_large(start));
        };
        let num = if negative { num.saturating_neg() } else { num };
        if num.abs() >= 1 << 62 {
            return Err(self.too_large(start));
        }
        Ratio::new(num, den).ok_or_else(|| self.too_large(start))
    }

    fn too_large(&self, start: usize) -> Problem {
        Problem::new(
            Code::Limit,
            self.span(start),
            "a number that cannot be kept exactly",
            "use a number below 2^62 with fewer decimals",
        )
    }

    /// `2025-10-02`, `2025-10-02T12:30:00Z` or `2025-10-02T12:30:00.5Z`.
    fn date(&mut self, start: usize) -> Result<Option<Token>, Problem> {
        let rest = self.rest().as_bytes();
        let digit = |at: usize| {
            rest.get(at)
                .filter(|b| b.is_ascii_digit())
                .map(|b| i64::from(b.saturating_sub(b'0')))
        };
        let two = |at: usize| {
            Some(
                digit(at)?
                    .saturating_mul(10)
                    .saturating_add(digit(at.saturating_add(1))?),
            )
        };
        let sign = |at: usize, byte: u8| (rest.get(at) == Some(&byte)).then_some(());
        let parse = || {
            let year = two(0)?.saturating_mul(100).saturating_add(two(2)?);
            sign(4, b'-')?;
            let month = two(5)?;
            sign(7, b'-')?;
            Some((year, month, two(8)?))
        };
        let Some((year, month, day)) = parse() else {
            return Ok(None);
        };
        let time = || {
            sign(10, b'T')?;
            sign(13, b':')?;
            sign(16, b':')?;
            // Seconds may have decimals, down to nanoseconds.
            let mut end = 19;
            let mut nanos = 0;
            if sign(19, b'.').is_some() {
                let decimals = (0..9)
                    .map_while(|place| digit(20 + place))
                    .collect::<Vec<_>>();
                end = 20 + decimals.len();
                let padded = decimals.iter().copied().chain(std::iter::repeat(0)).take(9);
                nanos = padded.fold(0, |nanos: i64, digit| {
                    nanos.saturating_mul(10).saturating_add(digit)
                });
            }
            sign(end, b'Z')?;
            Some((end + 1, (two(11)?, two(14)?, two(17)?), nanos))
        };
        let (length, (hour, minute, second), nanos) = time().unwrap_or((10, (0, 0, 0), 0));
        self.advance(length);
        let days =
            days_since_epoch(year, month, day).filter(|_| hour < 24 && minute < 60 && second < 60);
        let Some(days) = days else {
            return Err(Problem::new(
                Code::Type,
                self.span(start),
                "a day or time that is not in the calendar",
                "write it as 2025-10-02 or 2025-10-02T12:30:00Z",
            ));
        };
        let seconds = days
            .saturating_mul(86_400)
            .saturating_add(hour.saturating_mul(3_600))
            .saturating_add(minute.saturating_mul(60))
            .saturating_add(second);
        Ok(Some(Token::Instant(
            i128::from(seconds)
                .saturating_mul(SECOND)
                .saturating_add(i128::from(nanos)),
        )))
    }
}

/// A place among the words of a block.
pub(crate) struct Cursor<'a> {
    words: &'a [Lexeme],
    at: usize,
    end: Span,
    depth: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first word; `end` is the place to point at when words run out.
    pub fn new(words: &'a [Lexeme], end: Span) -> Self {
        Self {
            words,
            at: 0,
            end,
            depth: 0,
        }
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.words.get(self.at).map(|lexeme| &lexeme.token)
    }

    pub fn peek_after(&self, ahead: usize) -> Option<&'a Token> {
        self.words
            .get(self.at.saturating_add(ahead))
            .map(|lexeme| &lexeme.token)
    }

    /// The place of the next word.
    pub fn span(&self) -> Span {
        self.words
            .get(self.at)
            .map_or(self.end, |lexeme| lexeme.span)
    }

    /// The place of the word before.
    pub fn last_span(&self) -> Span {
        self.at
            .checked_sub(1)
            .and_then(|at| self.words.get(at))
            .map_or(self.end, |lexeme| lexeme.span)
    }

    pub fn bump(&mut self) -> Option<&'a Lexeme> {
        let lexeme = self.words.get(self.at);
        self.at = self.at.saturating_add(usize::from(lexeme.is_some()));
        lexeme
    }

    pub fn done(&self) -> bool {
        self.at >= self.words.len()
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == word)
    }

    pub fn eat_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.bump();
        }
        found
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.bump();
        }
        found
    }

    /// `key:` with the key given.
    pub fn eat_key(&mut self, key: &str) -> bool {
        let found = self.is_word(key) && matches!(self.peek_after(1), Some(Token::Sign(":")));
        if found {
            self.bump();
            self.bump();
        }
        found
    }

    pub fn expect_sign(&mut self, sign: &'static str, help: &str) -> Result<(), Problem> {
        if self.eat_sign(sign) {
            Ok(())
        } else {
            Err(self.missing(&format!("`{sign}`"), help))
        }
    }

    pub fn expect_word(&mut self, what: &str, help: &str) -> Result<(String, Span), Problem> {
        let span = self.span();
        match self.peek() {
            Some(Token::Word(word)) => {
                self.bump();
                Ok((word.clone(), span))
            }
            _ => Err(self.missing(what, help)),
        }
    }

    pub fn expect_text(&mut self, what: &str) -> Result<(String, Span), Problem> {
        let span = self.span();
        match self.peek() {
            Some(Token::Text(text)) => {
                self.bump();
                Ok((text.clone(), span))
            }
            _ => Err(self.missing(what, "write it in quotation marks")),
        }
    }

    /// What is missing where the cursor stands.
    pub fn missing(&self, what: &str, help: &str) -> Problem {
        let message = if self.done() {
            format!("{what} is missing at the end")
        } else {
            format!("{what} is missing before this")
        };
        Problem::new(Code::Syntax, self.span(), message, help)
    }

    /// Goes one level deeper; an error beyond the limit.
    pub fn deeper(&mut self) -> Result<(), Problem> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MOST_NESTING {
            return Err(Problem::new(
                Code::Limit,
                self.span(),
                format!("more than {MOST_NESTING} levels of nesting"),
                "give parts of it a name in a `terms` block",
            ));
        }
        Ok(())
    }

    /// How deep the cursor is.
    pub fn depth(&self) -> usize {
        self.depth
    }

    pub fn shallower(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// Deepest nesting of parentheses, negations and exceptions in a block.
pub(crate) const MOST_NESTING: usize = 64;

/// Days from 1970-01-01 in the Gregorian calendar.
pub(crate) fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month = usize::try_from(month.checked_sub(1)?).ok()?;
    let length = *lengths.get(month)?;
    if day < 1 || day > length || year < 1 {
        return None;
    }
    let before = year.checked_sub(1)?;
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let in_year: i64 = lengths.iter().take(month).sum();
    Some(before.checked_mul(365)? + leaps + in_year + day - 1 - 719_162)
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

/// The problem of a character that has no business in a block, with the plain one that it resembles.
fn odd(c: char, span: Span) -> Problem {
    let code = u32::from(c);
    if is_bidi(c) {
        return Problem::new(
            Code::OddUnicode,
            span,
            format!("an invisible character that turns the text around (U+{code:04X})"),
            "remove it: a block must read as it decides",
        );
    }
    if c.is_ascii() {
        return Problem::new(
            Code::Syntax,
            span,
            format!("`{}` means nothing here", c.escape_default()),
            "remove it",
        );
    }
    let like: String = unicode_security::skeleton(&c.to_string()).collect();
    let help = if like.is_ascii() && !like.is_empty() && !like.contains(c) {
        format!("it looks like `{like}`: type that, or put it in quotation marks if it is text")
    } else {
        "names are made of the letters a to z, digits and `_`; put text in quotation marks"
            .to_owned()
    };
    Problem::new(
        Code::OddUnicode,
        span,
        format!(
            "the character `{}` (U+{code:04X}) in a block",
            c.escape_debug()
        ),
        help,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text, 0, 0)
            .expect("readable")
            .into_iter()
            .map(|lexeme| lexeme.token)
            .collect()
    }

    #[test]
    fn numbers_carry_their_units() {
        let share = |a, b| Token::Share(Ratio::new(a, b).expect("small"));
        let table = [
            ("10 %", share(1, 10)),
            ("12.5%", share(1, 8)),
            ("1/3", share(1, 3)),
            ("12 h", Token::Length(12 * 3600 * SECOND)),
            ("0.5 s", Token::Length(SECOND / 2)),
            ("30d", Token::Length(30 * 86_400 * SECOND)),
            ("4.99 EUR", Token::Money(499, CurrencyCode(*b"EUR"))),
            ("1.234 KWD", Token::Money(1234, CurrencyCode(*b"KWD"))),
            ("7 JPY", Token::Money(7, CurrencyCode(*b"JPY"))),
            ("-3", Token::Number(Ratio::whole(-3))),
            ("1970-01-02", Token::Instant(86_400 * SECOND)),
            (
                "2025-10-02T00:00:01Z",
                Token::Instant(1_759_363_201 * SECOND),
            ),
        ];
        for (text, token) in table {
            assert_eq!(tokens(text), [token], "{text}");
        }
    }

    #[test]
    fn a_range_is_three_words() {
        assert_eq!(tokens("1..5").len(), 3);
        assert_eq!(tokens("low..high").len(), 3);
        assert_eq!(
            tokens("drop.small-after drop.*"),
            [
                Token::Word("drop.small-after".into()),
                Token::Word("drop.*".into())
            ]
        );
    }

    #[test]
    fn a_text_over_two_lines_is_one_line() {
        assert_eq!(tokens("\"a\n   b\\n c\""), [Token::Text("a b\n c".into())]);
    }

    #[test]
    fn letters_that_look_like_others_are_refused_with_the_one_they_resemble() {
        let problem = lex("\u{0430}bc", 0, 0).expect_err("Cyrillic a");
        assert_eq!(problem.code, Code::OddUnicode);
        assert!(problem.help.contains("`a`"), "{}", problem.help);
        assert_eq!(
            lex("\"x\u{202e}y\"", 0, 0).expect_err("override").code,
            Code::OddUnicode
        );
    }
}
