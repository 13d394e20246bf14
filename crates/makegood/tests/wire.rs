// SPDX-License-Identifier: MIT OR Apache-2.0
//! Case files that cannot be read say where and why; odd ones that can be read are read.

use makegood::wire::{Fault, read_case};
use makegood_desk::case::{Duration, Event, Instant, Shows, Text, Wants};
use makegood_desk::facts::Facts;

/// A case with everything in it. The tests change it by replacing a piece that stands in it once.
const GOOD: &str = r#"{
  "as_of": "2025-11-21T13:57:24Z",
  "order": {
    "number": "VL-1", "placed_at": "2025-11-10T02:27:24Z", "quantity": 5000, "price": {"amount": 4990, "currency": "EUR"},
    "links": ["https://example.com/p/1"],
    "service": {"name": "Sign-ups", "unit": "sign-up", "kind": "targeted", "start_within": "PT12H", "guarantee": "P30D", "units_per_day": 50, "target_country": "DE"}
  },
  "payments": [
    {"id": "p0", "at": "2025-11-10T02:28:00Z", "amount": {"amount": 4991, "currency": "EUR"}, "kind": "one_time"},
    {"id": "p1", "at": "2025-11-20T02:28:00Z", "amount": {"amount": 4992, "currency": "EUR"}, "kind": "renewal", "fulfilled": true}
  ],
  "subscription": {"status": "active"},
  "refunds": [{"at": "2025-11-12T00:00:00Z", "amount": {"amount": 10, "currency": "EUR"}, "units": 7}],
  "disputes": [{"id": "d1", "opened_at": "2025-11-13T00:00:00Z", "status": "won", "amount": {"amount": 11, "currency": "EUR"}}],
  "contacts": [{"at": "2025-11-14T00:00:00Z", "channel": "chat"}],
  "delivery_log": [
    {"at": "2025-11-10T03:00:00Z", "event": "started", "count": 100},
    {"at": "2025-11-10T04:00:00Z", "event": "count", "count": 200, "id": "e1"},
    {"at": "2025-11-10T05:00:00Z", "event": "delivered", "units": 300},
    {"at": "2025-11-10T06:00:00Z", "event": "redelivery", "units": 400},
    {"at": "2025-11-10T07:00:00Z", "event": "handed_over", "account": "a1"},
    {"at": "2025-11-10T08:00:00Z", "event": "login", "account": "a2"},
    {"at": "2025-11-10T09:00:00Z", "event": "completed"}
  ],
  "claim": {"kind": "dropped", "at": "2025-11-15T00:00:00Z", "wants": "redelivery", "account": "a3", "payment": "p1", "message": "They are gone."},
  "evidence": [
    {"kind": "audience_statistics", "on_target_share": "0.42", "verified": true},
    {"kind": "account_fault", "account": "a4", "shown": true, "verified": true},
    {"kind": "proxy", "account": "a5", "used": true, "country": "US", "verified": true}
  ],
  "findings": {"redelivery_possible": true, "expedite_possible": false}
}"#;

/// The good case with one piece replaced.
fn changed(piece: &str, by: &str) -> String {
    assert_eq!(GOOD.matches(piece).count(), 1, "{piece} stands there once");
    GOOD.replace(piece, by)
}

use Fault::{
    BadJson, BadValue, Contradiction, DuplicateKey, MissingField, UnknownField, UnknownWord,
    WrongType,
};

/// A piece of the good case, what stands in its place, the fault, and the pointer to it.
#[rustfmt::skip]
const BAD: &[(&str, &str, Fault, &str)] = &[
    // Fields that there are not.
    (r#""findings": {"#, r#""surprise": 1, "findings": {"#, UnknownField, "/surprise"),
    (r#""quantity": 5000"#, r#""quantity": 5000, "Quantity": 5000"#, UnknownField, "/order/Quantity"),
    (r#""unit": "sign-up""#, r#""unit": "sign-up", "a/b~c": 1"#, UnknownField, "/order/service/a~1b~0c"),
    (r#""amount": 4990, "#, r#""amount": 4990, "digits": 2, "#, UnknownField, "/order/price/digits"),
    (r#""id": "p0", "#, r#""id": "p0", "note": "", "#, UnknownField, "/payments/0/note"),
    (r#""status": "active""#, r#""status": "active", "since": "x""#, UnknownField, "/subscription/since"),
    (r#""channel": "chat""#, r#""channel": "chat", "text": "x""#, UnknownField, "/contacts/0/text"),
    (r#""message": "They"#, r#""mood": "sad", "message": "They"#, UnknownField, "/claim/mood"),
    (r#""expedite_possible": false"#, r#""stop_possible": false"#, UnknownField, "/findings/stop_possible"),
    // Fields of another event or another kind of evidence.
    (r#""event": "started", "count": 100"#, r#""event": "started", "units": 100"#, UnknownField, "/delivery_log/0/units"),
    (r#""count": 200, "#, r#""count": 200, "account": "a", "#, UnknownField, "/delivery_log/1/account"),
    (r#""units": 300"#, r#""units": 300, "count": 1"#, UnknownField, "/delivery_log/2/count"),
    (r#""units": 400"#, r#""units": 400, "account": "a""#, UnknownField, "/delivery_log/3/account"),
    (r#""account": "a1""#, r#""account": "a1", "units": 1"#, UnknownField, "/delivery_log/4/units"),
    (r#""account": "a2""#, r#""account": "a2", "count": 1"#, UnknownField, "/delivery_log/5/count"),
    (r#""event": "completed""#, r#""event": "completed", "count": 1"#, UnknownField, "/delivery_log/6/count"),
    (r#""event": "completed""#, r#""event": "stopped", "account": "a""#, UnknownField, "/delivery_log/6/account"),
    (r#""event": "completed""#, r#""event": "stop_failed", "units": 1"#, UnknownField, "/delivery_log/6/units"),
    (r#""on_target_share": "0.42""#, r#""on_target_share": "0.42", "account": "a""#, UnknownField, "/evidence/0/account"),
    (r#""shown": true"#, r#""shown": true, "used": true"#, UnknownField, "/evidence/1/used"),
    (r#""used": true"#, r#""used": true, "on_target_share": "1""#, UnknownField, "/evidence/2/on_target_share"),
    // Fields that are missing.
    (r#""as_of": "2025-11-21T13:57:24Z","#, "", MissingField, "/as_of"),
    (r#""number": "VL-1", "#, "", MissingField, "/order/number"),
    (r#""links": ["https://example.com/p/1"],"#, "", MissingField, "/order/links"),
    (r#""start_within": "PT12H", "#, "", MissingField, "/order/service/start_within"),
    (r#", "currency": "EUR"}, "units": 7"#, r#"}, "units": 7"#, MissingField, "/refunds/0/amount/currency"),
    (r#", "units": 7"#, "", MissingField, "/refunds/0/units"),
    (r#""event": "count", "count": 200"#, r#""event": "count""#, MissingField, "/delivery_log/1/count"),
    (r#", "units": 300"#, "", MissingField, "/delivery_log/2/units"),
    (r#", "units": 400"#, "", MissingField, "/delivery_log/3/units"),
    (r#", "account": "a1""#, "", MissingField, "/delivery_log/4/account"),
    (r#""at": "2025-11-10T09:00:00Z", "#, "", MissingField, "/delivery_log/6/at"),
    (r#""event": "completed""#, r#""id": "e9""#, MissingField, "/delivery_log/6/event"),
    (r#""on_target_share": "0.42", "#, "", MissingField, "/evidence/0/on_target_share"),
    (r#", "shown": true"#, "", MissingField, "/evidence/1/shown"),
    (r#""used": true, "#, "", MissingField, "/evidence/2/used"),
    (r#""on_target_share": "0.42", "verified": true"#, r#""on_target_share": "0.42""#, MissingField, "/evidence/0/verified"),
    (r#""kind": "dropped", "#, "", MissingField, "/claim/kind"),
    // Keys given twice.
    (r#""quantity": 5000"#, r#""quantity": 5000, "quantity": 5000"#, DuplicateKey, "/order/quantity"),
    (r#""units": 300"#, r#""units": 300, "units": 300"#, DuplicateKey, "/delivery_log/2/units"),
    (r#""status": "active""#, r#""status": "active", "\u0073tatus": "active""#, DuplicateKey, "/subscription/status"),
    (r#""payment": "p1", "#, r#""payment": "p1", "payment": "p0", "#, DuplicateKey, "/claim/payment"),
    (r#""findings": {"#, r#""claim": {}, "findings": {"#, DuplicateKey, "/claim"),
    // Another type.
    (r#""number": "VL-1""#, r#""number": 1"#, WrongType, "/order/number"),
    (r#""quantity": 5000"#, r#""quantity": "5000""#, WrongType, "/order/quantity"),
    (r#""units_per_day": 50"#, r#""units_per_day": null"#, WrongType, "/order/service/units_per_day"),
    (r#""guarantee": "P30D""#, r#""guarantee": 30"#, WrongType, "/order/service/guarantee"),
    (r#""account": "a3""#, r#""account": null"#, WrongType, "/claim/account"),
    (r#""fulfilled": true"#, r#""fulfilled": "true""#, WrongType, "/payments/1/fulfilled"),
    (r#""fulfilled": true"#, r#""fulfilled": 1"#, WrongType, "/payments/1/fulfilled"),
    (r#""subscription": {"status": "active"}"#, r#""subscription": null"#, WrongType, "/subscription"),
    (r#""subscription": {"status": "active"}"#, r#""subscription": "active""#, WrongType, "/subscription"),
    (r#""subscription": {"status": "active"}"#, r#""subscription": ["active"]"#, WrongType, "/subscription"),
    (r#"{"amount": 4990, "currency": "EUR"}"#, r#"[4990, "EUR"]"#, WrongType, "/order/price"),
    (r#"{"amount": 4990, "currency": "EUR"}"#, r#""49.90 EUR""#, WrongType, "/order/price"),
    (r#"["https://example.com/p/1"]"#, r#""https://example.com/p/1""#, WrongType, "/order/links"),
    (r#"["https://example.com/p/1"]"#, r#"["x", 2]"#, WrongType, "/order/links/1"),
    (r#"{"redelivery_possible": true, "expedite_possible": false}"#, "[true, false]", WrongType, "/findings"),
    (r#"{"redelivery_possible": true, "expedite_possible": false}"#, "null", WrongType, "/findings"),
    (r#"{"at": "2025-11-10T09:00:00Z", "event": "completed"}"#, r#"["2025-11-10T09:00:00Z", "completed"]"#, WrongType, "/delivery_log/6"),
    (r#"{"at": "2025-11-10T09:00:00Z", "event": "completed"}"#, "null", WrongType, "/delivery_log/6"),
    (r#""event": "completed""#, r#""event": {"completed": null}"#, WrongType, "/delivery_log/6/event"),
    (r#""on_target_share": "0.42""#, r#""on_target_share": 0.42"#, WrongType, "/evidence/0/on_target_share"),
    (r#""as_of": "2025-11-21T13:57:24Z""#, r#""as_of": 1763733444"#, WrongType, "/as_of"),
    (r#""contacts": [{"at": "2025-11-14T00:00:00Z", "channel": "chat"}]"#, r#""contacts": {}"#, WrongType, "/contacts"),
    // Numbers.
    (r#""quantity": 5000"#, r#""quantity": 0"#, BadValue, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": -1"#, BadValue, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": 5000.0"#, BadValue, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": 5e3"#, BadValue, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": 9007199254740992"#, BadValue, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": 99999999999999999999999"#, BadValue, "/order/quantity"),
    (r#""count": 200"#, r#""count": -1"#, BadValue, "/delivery_log/1/count"),
    (r#""count": 100"#, r#""count": -0"#, BadValue, "/delivery_log/0/count"),
    (r#""count": 100"#, r#""count": 0.5"#, BadValue, "/delivery_log/0/count"),
    (r#""units": 300"#, r#""units": 0"#, BadValue, "/delivery_log/2/units"),
    (r#""units": 7"#, r#""units": -7"#, BadValue, "/refunds/0/units"),
    (r#""units_per_day": 50"#, r#""units_per_day": 0"#, BadValue, "/order/service/units_per_day"),
    (r#""amount": 4990, "#, r#""amount": -4990, "#, BadValue, "/order/price/amount"),
    (r#""amount": 4990, "#, r#""amount": 49.90, "#, BadValue, "/order/price/amount"),
    (r#""number": "VL-1""#, r#""number": """#, BadValue, "/order/number"),
    // Instants.
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21 13:57:24Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-31T13:57:24Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-02-29T13:57:24Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T24:00:00Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:60Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24.Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24.0000000001Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24+0100", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24+24:00", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24+01:60", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24Z[UTC]", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", "+002025-11-21T13:57:24Z", BadValue, "/as_of"),
    ("2025-11-21T13:57:24Z", " 2025-11-21T13:57:24Z", BadValue, "/as_of"),
    ("2025-11-10T07:00:00Z", "now", BadValue, "/delivery_log/4/at"),
    // Durations.
    ("PT12H", "P1W", BadValue, "/order/service/start_within"),
    ("PT12H", "P1M", BadValue, "/order/service/start_within"),
    ("PT12H", "P1Y", BadValue, "/order/service/start_within"),
    ("PT12H", "-PT12H", BadValue, "/order/service/start_within"),
    ("PT12H", "PT-12H", BadValue, "/order/service/start_within"),
    ("PT12H", "+PT12H", BadValue, "/order/service/start_within"),
    ("PT12H", "P", BadValue, "/order/service/start_within"),
    ("PT12H", "PT", BadValue, "/order/service/start_within"),
    ("PT12H", "P1DT", BadValue, "/order/service/start_within"),
    ("PT12H", "P12H", BadValue, "/order/service/start_within"),
    ("PT12H", "PT1D", BadValue, "/order/service/start_within"),
    ("PT12H", "PT1.5H", BadValue, "/order/service/start_within"),
    ("PT12H", "PT1M1H", BadValue, "/order/service/start_within"),
    ("PT12H", "PT1H1H", BadValue, "/order/service/start_within"),
    ("PT12H", "pt12h", BadValue, "/order/service/start_within"),
    ("PT12H", "12h", BadValue, "/order/service/start_within"),
    ("PT12H", "PT9007199254740992S", BadValue, "/order/service/start_within"),
    ("P30D", "", BadValue, "/order/service/guarantee"),
    // Shares.
    ("\"0.42\"", "\"1.01\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"-0.1\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"42 %\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\".42\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"0.\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"4.2e-1\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"0,42\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"NaN\"", BadValue, "/evidence/0/on_target_share"),
    ("\"0.42\"", "\"٠.٤\"", BadValue, "/evidence/0/on_target_share"),
    // Currencies and countries.
    (r#"4990, "currency": "EUR""#, r#"4990, "currency": "EUX""#, BadValue, "/order/price/currency"),
    (r#"4990, "currency": "EUR""#, r#"4990, "currency": "eur""#, BadValue, "/order/price/currency"),
    (r#"4990, "currency": "EUR""#, r#"4990, "currency": "€""#, BadValue, "/order/price/currency"),
    (r#"4990, "currency": "EUR""#, r#"4990, "currency": "XAU""#, BadValue, "/order/price/currency"),
    (r#""target_country": "DE""#, r#""target_country": "de""#, BadValue, "/order/service/target_country"),
    (r#""target_country": "DE""#, r#""target_country": "DEU""#, BadValue, "/order/service/target_country"),
    (r#""country": "US""#, r#""country": "U1""#, BadValue, "/evidence/2/country"),
    // Words.
    (r#""kind": "targeted""#, r#""kind": "Targeted""#, UnknownWord, "/order/service/kind"),
    (r#""event": "completed""#, r#""event": "finished""#, UnknownWord, "/delivery_log/6/event"),
    (r#""event": "completed""#, r#""event": """#, UnknownWord, "/delivery_log/6/event"),
    (r#""kind": "dropped""#, r#""kind": "drop""#, UnknownWord, "/claim/kind"),
    (r#""wants": "redelivery""#, r#""wants": "partial_refund""#, UnknownWord, "/claim/wants"),
    (r#""kind": "one_time""#, r#""kind": "onetime""#, UnknownWord, "/payments/0/kind"),
    (r#""status": "won""#, r#""status": "settled""#, UnknownWord, "/disputes/0/status"),
    (r#""status": "active""#, r#""status": "paused""#, UnknownWord, "/subscription/status"),
    (r#""channel": "chat""#, r#""channel": "phone""#, UnknownWord, "/contacts/0/channel"),
    (r#""kind": "proxy""#, r#""kind": "screenshot""#, UnknownWord, "/evidence/2/kind"),
    // Fields that cannot stand beside each other.
    (r#""at": "2025-11-15T00:00:00Z""#, r#""at": "2025-11-10T02:27:23.999999999Z""#, Contradiction, "/claim/at"),
    (r#""at": "2025-11-15T00:00:00Z""#, r#""at": "2025-11-21T13:57:24.000000001Z""#, Contradiction, "/claim/at"),
    (r#""payment": "p1""#, r#""payment": "p2""#, Contradiction, "/claim/payment"),
    (r#""id": "p0""#, r#""id": "p1""#, Contradiction, "/claim/payment"),
    (r#"4992, "currency": "EUR""#, r#"4992, "currency": "USD""#, Contradiction, "/payments/1/amount/currency"),
    (r#"10, "currency": "EUR""#, r#"10, "currency": "USD""#, Contradiction, "/refunds/0/amount/currency"),
    (r#"11, "currency": "EUR""#, r#"11, "currency": "USD""#, Contradiction, "/disputes/0/amount/currency"),
    // No JSON.
    (r#""quantity": 5000"#, r#""quantity": 05000"#, BadJson, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": +5000"#, BadJson, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": 1e999"#, BadJson, "/order/quantity"),
    (r#""quantity": 5000"#, r#""quantity": NaN"#, BadJson, "/order/quantity"),
    (r#""number": "VL-1""#, r#""number": 'VL-1'"#, BadJson, "/order/number"),
    (r#""number": "VL-1""#, "\"number\": \"VL\n-1\"", BadJson, "/order/number"),
    (r#""number": "VL-1""#, r#""number": "\ud800""#, BadJson, "/order/number"),
    (r#""number": "VL-1""#, r#""number": "\x41""#, BadJson, "/order/number"),
];

#[test]
fn a_case_that_cannot_be_read_says_where_and_why() {
    for (piece, by, fault, pointer) in BAD {
        let text = changed(piece, by);
        let error = read_case(text.as_bytes()).expect_err(by);
        assert_eq!(
            (error.kind, error.pointer.as_str()),
            (*fault, *pointer),
            "{by}: {error}"
        );
        // The words name the place as people write it, and say what to do.
        let place = pointer
            .rsplit('/')
            .next()
            .expect("a last step")
            .replace("~1", "/")
            .replace("~0", "~");
        assert!(
            error.detail.contains(&place) || place.parse::<u8>().is_ok(),
            "{by}: {error}"
        );
        if *fault != BadJson
            && !matches!(
                error.pointer.as_str(),
                "/payments/1/amount/currency"
                    | "/refunds/0/amount/currency"
                    | "/disputes/0/amount/currency"
            )
        {
            assert!(error.detail.contains("; "), "{by}: {error}");
        }
    }
}

#[test]
fn what_is_no_case_at_all_is_said_so() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let deeper = changed(r#""number": "VL-1""#, &format!(r#""number": {deep}"#));
    let trailing = format!("{GOOD} {{}}");
    let marked = format!("\u{feff}{GOOD}");
    let half = GOOD.split_at(200).0;
    let comment = format!("// a case\n{GOOD}");
    for (text, fault, pointer, words) in [
        ("", BadJson, "", "is empty"),
        (" \n ", BadJson, "", "is empty"),
        ("null", WrongType, "", "`null`"),
        ("[]", WrongType, "", "a list"),
        ("{}", MissingField, "/as_of", "missing"),
        ("7", WrongType, "", "an object"),
        ("\"case\"", WrongType, "", "an object"),
        (&trailing, BadJson, "", "trailing"),
        (&marked, BadJson, "", "byte order mark"),
        (half, BadJson, "/order", "EOF"),
        (&comment, BadJson, "", "not JSON"),
        (&deep, BadJson, "", "recursion"),
        (&deeper, BadJson, "/order/number", "recursion"),
    ] {
        let error = read_case(text.as_bytes()).expect_err(words);
        assert_eq!(error.kind, fault, "{error}");
        assert!(
            error.pointer.starts_with(pointer),
            "{error} at {}",
            error.pointer
        );
        assert!(error.detail.contains(words), "{error}");
    }
    let mut bytes = GOOD.as_bytes().to_vec();
    bytes[60] = 0xff;
    let error = read_case(&bytes).expect_err("not UTF-8");
    assert_eq!((error.kind, error.pointer.as_str()), (Fault::NotUtf8, ""));
}

#[test]
fn a_long_value_is_not_repeated_in_full() {
    let long = format!(r#""kind": "{}""#, "\u{202e}x".repeat(10_000));
    let error = read_case(changed(r#""kind": "dropped""#, &long).as_bytes()).expect_err("a word");
    assert!(error.detail.len() < 1_000, "{error}");
    assert!(!error.detail.contains('\u{202e}'), "{error}");
}

#[test]
fn odd_cases_that_are_right_are_read() {
    for (piece, by) in [
        ("2025-11-21T13:57:24Z", "2025-11-21T13:57:24.123456789Z"),
        ("2025-11-21T13:57:24Z", "2025-11-21t13:57:24z"),
        ("2025-11-21T13:57:24Z", "2025-11-21T23:59:59-00:00"),
        ("2025-11-21T13:57:24Z", "2028-02-29T00:00:00+14:00"),
        ("PT12H", "P0D"),
        ("PT12H", "PT0S"),
        ("PT12H", "P1DT2H3M4S"),
        ("PT12H", "PT90M"),
        ("PT12H", "P00030D"),
        ("PT12H", "P9007199254740991D"),
        ("\"0.42\"", "\"0\""),
        ("\"0.42\"", "\"1.000\""),
        ("\"0.42\"", "\"0.499999999999999999999999999999\""),
        (r#""quantity": 5000"#, r#""quantity": 9007199254740991"#),
        (r#""count": 200, "id": "e1""#, r#""count": 0, "id": """#),
        (
            r#""event": "started", "count": 100"#,
            r#""event": "started""#,
        ),
        (r#"["https://example.com/p/1"]"#, "[]"),
        (
            r#""number": "VL-1""#,
            r#""number": "VL\u002d1 \ud83d\ude00""#,
        ),
        (r#""units": 400"#, r#""units": 0"#),
        (r#""amount": 4990, "#, r#""amount": 0, "#),
        (r#""payment": "p1", "#, ""),
        (r#""wants": "redelivery", "#, ""),
        (
            r#""at": "2025-11-15T00:00:00Z""#,
            r#""at": "2025-11-10T02:27:24Z""#,
        ),
        (
            r#""at": "2025-11-15T00:00:00Z""#,
            r#""at": "2025-11-21T14:57:24+01:00""#,
        ),
        (r#", "country": "US""#, ""),
        // The same id with another content is another entry.
        (
            r#""event": "completed""#,
            r#""event": "stopped", "id": "e1""#,
        ),
    ] {
        let text = changed(piece, by);
        let case = read_case(text.as_bytes()).unwrap_or_else(|error| panic!("{by}: {error}"));
        let _ = Facts::of(&case);
    }
}

#[test]
fn a_case_is_read_as_it_stands() {
    let case = read_case(GOOD.as_bytes()).expect("a good case");
    assert_eq!(
        case.as_of,
        Instant::from_unix_nanoseconds(1_763_733_444_000_000_000)
    );
    assert!(matches!(case.order.number, Text::Borrowed("VL-1")));
    assert_eq!(
        (
            case.order.price.minor(),
            case.order.price.currency().digits()
        ),
        (4990, 2)
    );
    assert_eq!(
        case.order.service.start_within,
        Duration::from_seconds(12 * 3600)
    );
    assert_eq!(case.claim.wants, Wants::Redelivery);
    assert_eq!(
        case.delivery_log[0].event,
        Event::Started { count: Some(100) }
    );
    assert!(
        matches!(&case.evidence[0].shows, Shows::AudienceStatistics { on_target_share } if on_target_share.numerator() == 42)
    );
    assert_eq!(case.findings.expedite_possible, Some(false));

    let least = r#"{"claim": {"at": "2025-10-03T00:00:00Z", "kind": "other"}, "as_of": "2025-10-03T00:00:00Z",
        "order": {"service": {"start_within": "PT1H", "kind": "auto", "unit": "", "name": ""}, "links": [], "quantity": 1,
        "price": {"currency": "JPY", "amount": 0}, "placed_at": "2025-10-03T02:00:00+02:00", "number": " "}}"#;
    let case = read_case(least.as_bytes()).expect("the least of a case");
    assert_eq!(
        case.order.service.guarantee,
        Duration::from_seconds(30 * 86_400)
    );
    assert_eq!(case.claim.wants, Wants::Refund);
    assert!(case.delivery_log.is_empty());
}
