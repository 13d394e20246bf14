// SPDX-License-Identifier: MIT OR Apache-2.0
//! The forms of the interface: ids, instants, money, bounded texts and parameters, strictly read and plainly written.

pub mod case;
pub mod event;
pub mod order;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{ClaimKind, Instant, Wants};
use makegood_desk::input::{Digest, Door, Id, Language};
use makegood_desk::life::Check;
use makegood_desk::remedy::Outcome;
use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::refusal::{self, Problem};
use crate::answer::outcome_word;
use crate::books::effects::{check_word, outcome_of};
use crate::books::seal::hex;
use crate::clock::timestamp;
use crate::wire::{OneOf, Read, Whole, Word, nearest, shortened};

/// An answer or a problem.
pub type Answer = Result<Response, Problem>;

/// An answer in JSON.
#[must_use]
pub fn json(body: &impl Serialize) -> Response {
    json_bytes(written(body))
}

/// What is written on the wire.
#[must_use]
pub fn written(body: &impl Serialize) -> Vec<u8> {
    // The forms have string keys only, so writing them does not fail.
    serde_json::to_vec(body).unwrap_or_default()
}

/// An answer whose JSON is written already.
#[must_use]
pub fn json_bytes(body: Vec<u8>) -> Response {
    refusal::bytes(refusal::DONE, "application/json", body)
}

/// A page.
#[must_use]
pub fn html(page: String) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

/// An instant as RFC 3339 has it.
#[must_use]
pub fn moment(at: Instant) -> String {
    timestamp(at).to_string()
}

/// An instant in whole seconds since 1970.
#[must_use]
pub fn unix(at: Instant) -> i64 {
    timestamp(at).as_second()
}

/// An id with its prefix.
#[must_use]
pub fn name(prefix: &str, id: Id) -> String {
    format!("{prefix}_{}", hex(&id.0))
}

/// The id of a thing of a case that has a number.
#[must_use]
pub fn part(prefix: &str, case: Id, no: u32) -> String {
    format!("{prefix}_{}_{no}", hex(&case.0))
}

/// The name of a file.
#[must_use]
pub fn file_name(digest: Digest) -> String {
    format!("att_{}", hex(&digest.0))
}

/// The bytes of lower-case hexadecimal digits.
#[must_use]
pub fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != N.checked_mul(2)?
        || !digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The id that stands behind a prefix.
///
/// # Errors
/// It is no id of this sort: then there is no such thing.
pub fn read_name(prefix: &str, text: &str) -> Result<Id, Problem> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'));
    let id = digits.and_then(bytes_of::<16>).map(Id);
    id.ok_or_else(|| Problem::no_such(word_of(prefix)))
}

/// The case and the number that stand behind a prefix.
///
/// # Errors
/// It is no id of this sort: then there is no such thing.
pub fn read_part(prefix: &str, text: &str) -> Result<(Id, u32), Problem> {
    let rest = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'));
    let read = rest
        .and_then(|rest| rest.split_once('_'))
        .and_then(|(case, no)| {
            let plain = no.bytes().all(|b| b.is_ascii_digit()) && !no.starts_with('0');
            Some((Id(bytes_of(case)?), no.parse().ok().filter(|_| plain)?))
        });
    read.ok_or_else(|| Problem::no_such(word_of(prefix)))
}

/// The digest of a file from its name.
#[must_use]
pub fn read_file_name(text: &str) -> Option<Digest> {
    text.strip_prefix("att_")
        .and_then(bytes_of::<32>)
        .map(Digest)
}

/// A number from 1 in a path.
///
/// # Errors
/// It is none: then there is no such thing.
pub fn read_no(what: &str, text: &str) -> Result<u32, Problem> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| Problem::no_such(what))
}

fn word_of(prefix: &str) -> &'static str {
    match prefix {
        "case" => "case",
        "rf" => "refund",
        "let" => "letter",
        "task" | "ask" => "task",
        "cus" => "customer",
        "evt" => "event",
        "mail" => "mail",
        _ => "thing",
    }
}

// ---- Money ------------------------------------------------------------------------------------------------------------------

/// Money: whole minor units and a currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Money {
    /// Minor units: 1248 for 12.48 EUR, 1248 for ¥1,248.
    #[schema(minimum = 0, example = 1248)]
    pub amount: u64,
    /// The currency of ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: String,
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self {
            amount: amount.minor(),
            currency: amount.currency().code().to_owned(),
        }
    }
}

/// Money that comes in.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoneyIn)]
pub struct MoneyIn {
    amount: Count,
    currency: CurrencyCode,
}

impl MoneyIn {
    /// The amount.
    #[must_use]
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount.0, self.currency.0)
    }
}

struct CurrencyCode(Currency);

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::<Currency>::deserialize(deserializer).map(|read| Self(read.0))
    }
}

impl PartialSchema for CurrencyCode {
    fn schema() -> RefOr<Schema> {
        let known = iso_currency_codes();
        text_schema()
            .enum_values(Some(known))
            .description(Some("A currency of ISO 4217 with a minor unit"))
            .into()
    }
}

impl ToSchema for CurrencyCode {
    fn name() -> Cow<'static, str> {
        "Currency".into()
    }
}

/// The currencies that money may be in.
fn iso_currency_codes() -> Vec<String> {
    let mut known = Vec::new();
    for a in 'A'..='Z' {
        for b in 'A'..='Z' {
            for c in 'A'..='Z' {
                let code = String::from_iter([a, b, c]);
                if <Currency as crate::wire::Written>::read(&code).is_ok() {
                    known.push(code);
                }
            }
        }
    }
    known
}

/// A whole number from 0, below 2^53.
#[derive(Clone, Copy)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Whole::deserialize(deserializer).map(|whole| Self(whole.0))
    }
}

impl PartialSchema for Count {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(makegood_desk::case::WHOLE_MAX.cast_signed()))
            .into()
    }
}

impl ToSchema for Count {
    fn name() -> Cow<'static, str> {
        "Count".into()
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy)]
pub struct Within<const FROM: i64, const TO: i64>(pub i64);

impl<'de, const FROM: i64, const TO: i64> Deserialize<'de> for Within<FROM, TO> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Whole::deserialize(deserializer)?.0;
        i64::try_from(whole)
            .ok()
            .filter(|whole| (FROM..=TO).contains(whole))
            .map(Self)
            .ok_or_else(|| {
                let instead = format!("a whole number from {FROM} to {TO}");
                de::Error::invalid_value(de::Unexpected::Unsigned(whole), &instead.as_str())
            })
    }
}

impl<const FROM: i64, const TO: i64> PartialSchema for Within<FROM, TO> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(FROM))
            .maximum(Some(TO))
            .into()
    }
}

impl<const FROM: i64, const TO: i64> ToSchema for Within<FROM, TO> {
    fn name() -> Cow<'static, str> {
        format!("WholeFrom{FROM}To{TO}").into()
    }
}

// ---- Texts ------------------------------------------------------------------------------------------------------------------

fn text_schema() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A text of 1 to so many characters, in one line or in several.
#[derive(Clone)]
pub struct Bounded<const MAX: usize, const LINES: bool>(pub String);

/// A text in one line.
pub type Line<const MAX: usize> = Bounded<MAX, false>;
/// A text that may have several lines.
pub type Prose<const MAX: usize> = Bounded<MAX, true>;

/// What stands in no line: what moves a cursor, turns the direction of writing, or cannot be kept.
fn is_stray(c: char, lines: bool) -> bool {
    match c {
        '\n' | '\t' => !lines,
        '\r' => !lines,
        c => {
            c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        }
    }
}

/// Whether a text stands in one line of 1 to so many characters: another one is the name of nothing.
#[must_use]
pub fn is_line(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most && !text.chars().any(|c| is_stray(c, false))
}

impl<'de, const MAX: usize, const LINES: bool> Deserialize<'de> for Bounded<MAX, LINES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<const MAX: usize, const LINES: bool>;
        impl<const MAX: usize, const LINES: bool> Visitor<'_> for Only<MAX, LINES> {
            type Value = Bounded<MAX, LINES>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let kind = if LINES {
                    "a text"
                } else {
                    "a text in one line"
                };
                write!(
                    f,
                    "{kind} of 1 to {MAX} characters without control characters"
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let fits = !text.is_empty()
                    && text.chars().count() <= MAX
                    && !text.chars().any(|c| is_stray(c, LINES));
                if fits {
                    Ok(Bounded(text.to_owned()))
                } else {
                    let shown = shortened(text);
                    Err(E::invalid_value(de::Unexpected::Str(&shown), &self))
                }
            }
        }
        deserializer.deserialize_str(Only)
    }
}

impl<const MAX: usize, const LINES: bool> PartialSchema for Bounded<MAX, LINES> {
    fn schema() -> RefOr<Schema> {
        let words = if LINES {
            "Without control characters but line ends and tabs"
        } else {
            "In one line, without control characters"
        };
        text_schema()
            .min_length(Some(1))
            .max_length(Some(MAX))
            .description(Some(words))
            .into()
    }
}

impl<const MAX: usize, const LINES: bool> ToSchema for Bounded<MAX, LINES> {
    fn name() -> Cow<'static, str> {
        format!("{}Of{MAX}", if LINES { "Prose" } else { "Line" }).into()
    }
}

/// A mail address: something, an `@`, and a domain.
#[derive(Clone)]
pub struct Mail(pub String);

impl<'de> Deserialize<'de> for Mail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bounded(text) = Line::<254>::deserialize(deserializer)?;
        let good = text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
        if good && !text.contains(char::is_whitespace) {
            return Ok(Self(text));
        }
        // The address itself is not repeated: sentences about a request may be logged by its sender.
        Err(de::Error::invalid_value(
            de::Unexpected::Other("no mail address"),
            &"a mail address, such as `ann@example.com`",
        ))
    }
}

impl PartialSchema for Mail {
    fn schema() -> RefOr<Schema> {
        let pattern =
            r"^[a-z0-9.+_-]{1,64}@[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?(\.[a-z]{2,20}){1,3}$";
        text_schema()
            .max_length(Some(254))
            .pattern(Some(pattern))
            .description(Some("A mail address"))
            .into()
    }
}

impl ToSchema for Mail {
    fn name() -> Cow<'static, str> {
        "MailAddress".into()
    }
}

/// The name of a file that was handed in.
#[derive(Clone, Copy)]
pub struct FileName(pub Digest);

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bounded(text) = Line::<80>::deserialize(deserializer)?;
        let instead = "the `id` of a file, as `POST /v1/attachments` answers it";
        read_file_name(&text)
            .map(Self)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &instead))
    }
}

impl PartialSchema for FileName {
    fn schema() -> RefOr<Schema> {
        text_schema()
            .pattern(Some("^att_[0-9a-f]{64}$"))
            .description(Some("The id of a file"))
            .into()
    }
}

impl ToSchema for FileName {
    fn name() -> Cow<'static, str> {
        "AttachmentId".into()
    }
}

/// A list of at most so many.
pub struct Few<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for Few<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Few<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Only<T, MAX> {
            type Value = Few<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of {MAX} at most")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    if items.len() == MAX {
                        return Err(de::Error::invalid_value(de::Unexpected::Seq, &self));
                    }
                    items.push(item);
                }
                Ok(Few(items))
            }
        }
        deserializer.deserialize_seq(Only(PhantomData))
    }
}

impl<T: ToSchema, const MAX: usize> PartialSchema for Few<T, MAX> {
    fn schema() -> RefOr<Schema> {
        utoipa::openapi::ArrayBuilder::new()
            .items(T::schema())
            .max_items(Some(MAX))
            .into()
    }
}

impl<T: ToSchema, const MAX: usize> ToSchema for Few<T, MAX> {
    fn name() -> Cow<'static, str> {
        format!("{}ListOf{MAX}", T::name()).into()
    }
}

/// Files that were handed in.
pub type Files = Few<FileName, 20>;

// ---- Words ------------------------------------------------------------------------------------------------------------------

/// A word of a closed list, by a name of its own in the description.
pub(crate) trait Listed: Word {
    /// What the list is called.
    const NAME: &'static str;
}

/// One of some words.
#[derive(Clone, Copy)]
pub struct One<T>(pub T);

impl<'de, T: Listed> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OneOf::deserialize(deserializer).map(|OneOf(word)| Self(word))
    }
}

impl<T: Listed> PartialSchema for One<T> {
    fn schema() -> RefOr<Schema> {
        text_schema()
            .enum_values(Some(T::ALL.iter().copied()))
            .into()
    }
}

impl<T: Listed> ToSchema for One<T> {
    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }
}

/// A kind of claim.
pub type ClaimWord = One<ClaimKind>;
/// What is wished for.
pub type WantsWord = One<Wants>;
/// By which way something came.
pub type ChannelWord = One<Door>;
/// A language.
pub type LanguageWord = One<Language>;
/// An outcome.
pub type OutcomeWord = One<Outcome>;

impl Listed for ClaimKind {
    const NAME: &'static str = "ClaimKind";
}

impl Listed for Wants {
    const NAME: &'static str = "Wants";
}

macro_rules! listed {
    ($($type:ty, $name:literal, [$($word:literal),+], $read:expr, $write:expr;)+) => {$(
        impl Word for $type {
            const ALL: &'static [&'static str] = &[$($word),+];

            fn read(word: &str) -> Option<Self> {
                $read(word)
            }

            fn word(&self) -> &'static str {
                $write(*self)
            }
        }

        impl Listed for $type {
            const NAME: &'static str = $name;
        }
    )+};
}

listed! {
    Door, "Channel", ["form", "chat", "email", "api"],
        |word| Door::ALL.iter().find(|(known, _)| *known == word).map(|(_, door)| *door), Door::word;
    Language, "Language", ["da", "en"], crate::post::language_of, Language::code;
    Check, "Check", ["delivery_log", "account_activity", "internal_records"],
        |word| Check::ALL.into_iter().find(|check| check_word(*check) == word), check_word;
    Outcome, "Outcome",
        ["refund", "partial_refund", "support_resolution", "declined", "needs_information", "review", "contest", "concede"],
        outcome_of, outcome_word;
}

// ---- Parameters and pages of lists --------------------------------------------------------------------------------------------

/// The parameters of a request, each known and given once.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those that stand behind the `?`.
    ///
    /// # Errors
    /// One is not known here, or is given twice.
    pub fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        {
            if !known.contains(&name.as_ref()) {
                let name = shortened(&name);
                let near = nearest(&name, known).map_or_else(String::new, |near| {
                    format!("if `{near}` is meant, write that; else ")
                });
                let all = if known.is_empty() {
                    "nothing here".to_owned()
                } else {
                    format!("one of `{}`", known.join("`, `"))
                };
                return Err(Problem::parameter(
                    &name,
                    format!("`{name}` is no parameter here; {near}leave it out, or write {all}"),
                ));
            }
            if read.iter().any(|(given, _)| *given == name) {
                return Err(Problem::parameter(
                    &name,
                    format!("`{name}` is given twice; keep the one that is meant"),
                ));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// A parameter, if it is given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of a shape, if it is given.
    ///
    /// # Errors
    /// It has not that shape.
    pub fn read<T>(
        &self,
        name: &str,
        shape: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| {
            Problem::parameter(
                name,
                format!("`{name}` is \"{}\"; write {shape}", shortened(value)),
            )
        })
    }

    /// One of some words, if it is given.
    ///
    /// # Errors
    /// It is another word.
    pub fn word(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Problem> {
        let shape = format!("one of `{}`", words.join("`, `"));
        self.read(name, &shape, |value| {
            words.iter().copied().find(|word| *word == value)
        })
    }

    /// A text in one line, if it is given.
    ///
    /// # Errors
    /// It is empty, too long, or has characters that stand in no line.
    pub fn line(&self, name: &str, most: usize) -> Result<Option<String>, Problem> {
        let fits = |value: &str| is_line(value, most).then(|| value.to_owned());
        self.read(
            name,
            &format!("a text in one line of 1 to {most} characters"),
            fits,
        )
    }

    /// A whole number within bounds, if it is given.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, name: &str, from: i64, to: i64) -> Result<Option<i64>, Problem> {
        let inside = |value: &str| {
            value
                .parse::<i64>()
                .ok()
                .filter(|n| (from..=to).contains(n) && n.to_string() == value)
        };
        self.read(name, &format!("a whole number from {from} to {to}"), inside)
    }
}

/// The parameters with which a list is read page by page.
pub const PAGING: [&str; 3] = ["limit", "starting_after", "ending_before"];

/// Which page of a list is wanted.
#[derive(Clone, Debug)]
pub struct Paging {
    /// How many at most.
    pub limit: i64,
    /// Those after this one.
    pub after: Option<String>,
    /// Those before this one.
    pub before: Option<String>,
}

impl Paging {
    /// What the parameters say.
    ///
    /// # Errors
    /// They make no sense.
    pub fn of(parameters: &Parameters) -> Result<Self, Problem> {
        let limit = parameters.number("limit", 1, 100)?.unwrap_or(10);
        let after = parameters.line("starting_after", 120)?;
        let before = parameters.line("ending_before", 120)?;
        if after.is_some() && before.is_some() {
            let detail =
                "`starting_after` and `ending_before` exclude each other; keep one of them";
            return Err(Problem::parameter("ending_before", detail));
        }
        Ok(Self {
            limit,
            after,
            before,
        })
    }

    /// Cuts what was read, one more than wanted, to the page, and puts it in the order of the list.
    #[must_use]
    pub fn page<T>(&self, mut read: Vec<T>) -> (Vec<T>, bool) {
        let most = usize::try_from(self.limit).unwrap_or_default();
        let more = read.len() > most;
        read.truncate(most);
        if self.before.is_some() {
            read.reverse();
        }
        (read, more)
    }
}

/// A page of a list.
#[derive(Serialize)]
pub struct List<T> {
    /// `list`.
    pub object: &'static str,
    /// What is on the page.
    pub data: Vec<T>,
    /// Whether there is more beyond it.
    pub has_more: bool,
    /// The address of the list.
    pub url: &'static str,
}

impl<T> List<T> {
    /// A page.
    #[must_use]
    pub const fn new(url: &'static str, data: Vec<T>, has_more: bool) -> Self {
        Self {
            object: "list",
            data,
            has_more,
            url,
        }
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let items = RefOr::Ref(utoipa::openapi::Ref::from_schema_name(T::name()));
        ObjectBuilder::new()
            .property("object", text_schema().enum_values(Some(["list"])))
            .property("data", utoipa::openapi::ArrayBuilder::new().items(items))
            .property("has_more", ObjectBuilder::new().schema_type(Type::Boolean))
            .property("url", text_schema())
            .required("object")
            .required("data")
            .required("has_more")
            .required("url")
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
