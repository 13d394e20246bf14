// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mails that people, machines and enemies send, and what the desk reads in them.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "mails/charsets.rs"]
mod charsets;
#[path = "mails/corpus.rs"]
mod corpus;
#[path = "mails/letters.rs"]
mod letters;
#[path = "mails/make.rs"]
mod make;
#[path = "support/peers.rs"]
mod peers;

use makegood::mail::address::{Answered, ReplyTo};
use makegood::mail::html;
use makegood::mail::kind::{Delivered, Kind};
use makegood::mail::read::{Bounds, Mail, read};
use makegood_desk::input::Id;
use ring::hmac;

fn read_one(raw: &[u8]) -> Mail {
    read(raw, false, &Bounds::default())
}

#[test]
fn every_awkward_mail_is_read_as_a_person_would() {
    let corpus = corpus::all();
    assert!(corpus.len() >= 200, "{} mails", corpus.len());
    let mut wrong = Vec::new();
    for made in &corpus {
        let mail = read_one(&made.raw);
        let names: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
        let flaws: Vec<&str> = mail.flaws.iter().map(|flaw| flaw.word()).collect();
        if made.said.as_ref().is_some_and(|said| *said != mail.said) {
            wrong.push(format!(
                "{}: said {:?}, not {:?}",
                made.name, mail.said, made.said
            ));
        }
        if mail.kind.word() != made.kind {
            wrong.push(format!(
                "{}: {} instead of {}",
                made.name,
                mail.kind.word(),
                made.kind
            ));
        }
        let files = made.files.iter().map(String::as_str).collect::<Vec<_>>();
        // Parts of a report are files too, whatever they are called.
        if names != files && made.kind != "report" {
            wrong.push(format!(
                "{}: files {names:?} instead of {files:?}",
                made.name
            ));
        }
        if flaws != made.flaws {
            wrong.push(format!(
                "{}: flaws {flaws:?} instead of {:?}",
                made.name, made.flaws
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        corpus.len(),
        wrong.join("\n")
    );
}

/// Numbers that are the same at each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most.max(1)).unwrap()).unwrap()
    }
}

/// A mail of the corpus with bytes changed, cut out, doubled, or put in from another.
fn damaged(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut raw = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(6) {
        let from = numbers.below(raw.len());
        let to = (from + numbers.below(60)).min(raw.len());
        match numbers.below(5) {
            0 => raw.truncate(from),
            1 => drop(raw.drain(from..to)),
            2 => {
                let piece = raw[from..to].to_vec();
                raw.splice(from..from, piece);
            }
            3 => {
                let other = &corpus[numbers.below(corpus.len())];
                let begin = numbers.below(other.len());
                let piece = other[begin..(begin + numbers.below(400)).min(other.len())].to_vec();
                raw.splice(from..from, piece);
            }
            _ => {
                for byte in &mut raw[from..to] {
                    *byte = numbers.next().to_le_bytes()[0];
                }
            }
        }
    }
    raw
}

#[test]
fn any_bytes_give_a_mail_within_its_bounds() {
    let corpus: Vec<Vec<u8>> = corpus::all()
        .into_iter()
        .map(|made| made.raw)
        .filter(|raw| raw.len() < 20_000)
        .collect();
    let mut numbers = Numbers(20_261_126);
    let bounds = Bounds::default();
    for _ in 0..5_000 {
        let raw = damaged(&mut numbers, &corpus);
        let mail = read(&raw, false, &bounds);
        let bytes: usize = mail.files.iter().map(|file| file.bytes.len()).sum();
        // Nothing is unpacked: a mail never holds more than was sent, but for characters that are longer in UTF-8.
        assert!(
            bytes <= raw.len() * 4,
            "{bytes} bytes of files from {}",
            raw.len()
        );
        assert!(mail.said.len() <= bounds.text_bytes + 1);
        assert!(mail.files.len() <= bounds.files);
        let seen = |sign: char| sign == '\n' || sign == '\t' || makegood::mail::trim::is_seen(sign);
        for text in [&mail.text, &mail.said] {
            assert!(text.chars().all(seen), "{text:?}");
        }
        assert!(!mail.subject.contains(['\r', '\n']));
    }
}

#[test]
fn a_page_has_no_markup_left_whatever_it_was() {
    let pieces = [
        "<",
        ">",
        "</",
        "<script>",
        "</script>",
        "<b",
        "\"",
        "'",
        "=",
        "&lt;",
        "&#60;",
        "<!--",
        "-->",
        "a",
        " ",
        "<div style=\"display:none\">",
        "</div>",
        "<blockquote>",
        "</blockquote>",
        "<a href=\"https://x.example\">",
        "</a>",
        "<p class=\"gmail_attr\">",
        "</p>",
        "<pre>",
        "\n",
        "æ",
    ];
    let mut numbers = Numbers(7);
    for _ in 0..5_000 {
        let page: String = (0..numbers.below(30))
            .map(|_| pieces[numbers.below(pieces.len())])
            .collect();
        let text = html::to_text(&page);
        assert!(text.len() <= page.len() * 8 + 64, "{page:?}");
    }
}

#[test]
fn reports_tell_what_became_of_which_letter() {
    let told = |name: &str| {
        let corpus = corpus::all();
        let made = corpus.iter().find(|made| made.name == name).unwrap();
        match read_one(&made.raw).kind {
            Kind::Report(delivery) => delivery,
            other => panic!("{name}: {other:?}"),
        }
    };
    let rows = [
        ("report: failed", Delivered::Failed, "5.1.1"),
        ("report: Failed", Delivered::Failed, "5.7.1"),
        ("report: delayed", Delivered::Delayed, "4.4.7"),
        ("report: relayed", Delivered::Arrived, "2.1.5"),
        ("report in words", Delivered::Failed, "5.1.1"),
    ];
    for (name, outcome, status) in rows {
        let delivery = told(name);
        assert_eq!(delivery.outcome, outcome, "{name}");
        assert_eq!(delivery.status.as_deref(), Some(status), "{name}");
        assert_eq!(delivery.about, ["ours@shop.example"], "{name}");
    }
}

fn desk(secret: &[u8], address: &str) -> ReplyTo {
    ReplyTo::new(hmac::Key::new(hmac::HMAC_SHA256, secret), address).unwrap()
}

const OF: Answered = Answered {
    case: Id([7; 16]),
    letter: 3,
};

#[test]
fn only_the_desk_makes_addresses_that_name_a_case() {
    let ours = desk(b"ours", "reply@shop.example");
    let address = ours.address(OF);
    let (local, _) = address.split_once('@').unwrap();
    assert!(local.len() <= 64, "{local}");
    assert_eq!(ours.answered(&address), Some(OF));
    assert_eq!(ours.answered(&address.to_uppercase()), Some(OF));
    assert_eq!(ours.answered(&format!(" {address}. ")), Some(OF));
    assert_eq!(ours.named(&ours.message_id(OF)), Some(OF));
    let foreign = desk(b"theirs", "reply@shop.example").address(OF);
    assert_eq!(ours.answered(&foreign), None, "another desk's key");
    let elsewhere = address.replace("shop.example", "evil.example");
    assert_eq!(ours.answered(&elsewhere), None, "another domain");
    let renamed = address.replace("reply+", "desk+");
    assert_eq!(ours.answered(&renamed), None, "another name");
    for refused in [
        "",
        "@",
        "reply@shop.example",
        "reply+@shop.example",
        "reply+x@shop.example",
        "reply+é@shop.example",
    ] {
        assert_eq!(ours.answered(refused), None, "{refused}");
    }
    for place in 6..54 {
        let mut changed: Vec<u8> = address.clone().into_bytes();
        changed[place] = if changed[place] == b'a' { b'b' } else { b'a' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(ours.answered(&changed), None, "{place}: {changed}");
    }
}

#[test]
fn addresses_that_a_token_does_not_fit_into_are_refused() {
    let key = || hmac::Key::new(hmac::HMAC_SHA256, b"k");
    for refused in [
        "",
        "reply",
        "@shop.example",
        "re+ply@shop.example",
        "averylongname123@shop.example",
        "reply@",
        "reply@sh\r\nop.example",
    ] {
        assert!(ReplyTo::new(key(), refused).is_err(), "{refused:?}");
    }
}

#[test]
fn a_mail_of_fifty_megabytes_is_read() {
    let rows: [Vec<u8>; 3] = [
        vec![b'a'; 50 << 20],
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            .iter()
            .copied()
            .chain(b"--b\r\n".iter().copied().cycle().take(40 << 20))
            .collect(),
        b"A: "
            .iter()
            .copied()
            .chain(b"\r\n\t".iter().copied().cycle().take(40 << 20))
            .collect(),
    ];
    for raw in rows {
        // A quadratic reader would take hours.
        let mail = read_one(&raw);
        assert!(mail.files.len() <= 50);
    }
}
