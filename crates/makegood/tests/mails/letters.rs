// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters as mails, read by Python's own reader of mail.

use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use makegood::mail::html;
use makegood::mail::letter::{Envelope, Kept, written};
use makegood_desk::input::Language;
use makegood_desk::notice::{Figure, Notice, Paragraph, Question};
use serde_json::{Value as Json, json};

use crate::peers::peers;

fn notice() -> Notice {
    Notice {
        language: Language::Danish,
        subject:
            "Sag 1001: du får 12,48 € tilbage for ordre VL-1, og her er hvorfor det er så meget"
                .to_owned(),
        greeting: "Kære kunde,".to_owned(),
        paragraphs: vec![
            Paragraph::Lead("Du får 12,48 € tilbage.".to_owned()),
            Paragraph::Text("From her on <b>no</b> & \"nothing\" is 'markup'.".to_owned()),
            Paragraph::Quote {
                clause: "5.10".to_owned(),
                source: "I punkt 5.10 står der".to_owned(),
                words: vec![
                    "Enheder, der ikke blev leveret, betales tilbage.".to_owned(),
                    ".En linje med punktum.".to_owned(),
                ],
            },
            Paragraph::Heading("Sådan har vi regnet".to_owned()),
            Paragraph::Figures(vec![Figure {
                label: "Leveret".to_owned(),
                figure: "750".to_owned(),
                result: false,
            }]),
            Paragraph::List(vec!["et".to_owned(), "to".to_owned()]),
            Paragraph::Steps(vec!["først".to_owned(), "så".to_owned()]),
            Paragraph::Questions(vec![Question {
                ask: "Hvilken konto?".to_owned(),
                why: Some("Vi skal se den.".to_owned()),
            }]),
        ],
        closing: "Venlig hilsen".to_owned(),
        sender: "Kundeservice".to_owned(),
        proof: true,
    }
}

fn envelope<'e>(
    name: &'e str,
    to: &'e str,
    proof: Option<&'e str>,
    references: &'e [String],
) -> Envelope<'e> {
    Envelope {
        from: "help@desk.test",
        name,
        to,
        reply_to: "help+abc@desk.test",
        message_id: "abc@desk.test",
        references,
        at: Timestamp::from_second(1_793_787_120).unwrap(),
        proof,
    }
}

const READER: &str = r#"
import sys, json, email, email.policy
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
def tree(part):
    if part.is_multipart():
        return {"type": part.get_content_type(), "parts": [tree(p) for p in part.iter_parts()]}
    return {"type": part.get_content_type(), "name": part.get_filename(), "text": part.get_content().replace("\r\n", "\n")}
defects = [str(d) for p in mail.walk() for d in p.defects] + [str(d) for n in mail.keys() for d in mail[n].defects]
print(json.dumps({"headers": [[n, str(v)] for n, v in mail.items()], "tree": tree(mail), "defects": defects}))
"#;

/// What Python reads in a mail.
fn read_by_python(raw: &[u8]) -> Json {
    let mut python = Command::new(peers().join("venv/bin/python"))
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(raw).unwrap();
    let out = python.wait_with_output().unwrap();
    assert!(out.status.success());
    serde_json::from_slice(&out.stdout).unwrap()
}

fn header<'j>(read: &'j Json, name: &str) -> Option<&'j str> {
    let headers = read["headers"].as_array().unwrap();
    headers
        .iter()
        .find(|pair| pair[0] == name)
        .map(|pair| pair[1].as_str().unwrap())
}

#[test]
fn a_letter_is_a_sound_mail_with_its_words_twice_and_the_proof_beside_them() {
    let kept = Kept::of(&notice());
    let references = ["root@desk.test".to_owned(), "before@desk.test".to_owned()];
    let proof = "makegood proof\n1001\nåben\n";
    let raw = written(
        &kept,
        &envelope(
            "Bjørns butik, refusion",
            "ann@customer.test",
            Some(proof),
            &references,
        ),
    );
    assert!(raw.is_ascii());
    assert!(
        raw.split(|byte| *byte == b'\n')
            .all(|line| line.len() <= 100)
    );
    let read = read_by_python(&raw);
    assert_eq!(read["defects"], json!([]));
    let rows = [
        ("From", "\"Bjørns butik, refusion\" <help@desk.test>"),
        ("To", "ann@customer.test"),
        ("Reply-To", "help+abc@desk.test"),
        ("Subject", notice().subject.as_str()),
        ("Date", "Wed, 04 Nov 2026 10:12:00 +0000"),
        ("Message-ID", "<abc@desk.test>"),
        ("In-Reply-To", "<before@desk.test>"),
        ("References", "<root@desk.test> <before@desk.test>"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "da"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    for (name, value) in rows {
        let found = header(&read, name)
            .unwrap_or_default()
            .replace(['<', '>'], "");
        assert_eq!(found, value.replace(['<', '>'], ""), "{name}");
    }
    let tree = &read["tree"];
    assert_eq!(tree["type"], "multipart/mixed");
    let both = &tree["parts"][0];
    assert_eq!(both["type"], "multipart/alternative");
    assert_eq!(
        both["parts"][0]["text"].as_str().unwrap().trim_end(),
        kept.text.trim_end()
    );
    assert_eq!(
        both["parts"][1]["text"].as_str().unwrap().trim_end(),
        kept.html.trim_end()
    );
    assert_eq!(
        (&tree["parts"][1]["name"], &tree["parts"][1]["text"]),
        (&json!("proof.txt"), &json!(proof))
    );
}

#[test]
fn a_page_says_what_the_plain_words_say_and_fetches_nothing() {
    let kept = Kept::of(&notice());
    let squeezed = |text: &str| {
        let kept = |sign: &char| sign.is_alphanumeric();
        text.chars().filter(kept).collect::<String>()
    };
    let mut page = squeezed(&html::to_text(&kept.html));
    // The page numbers steps by itself.
    let plain = squeezed(&kept.text.replace("1. ", "").replace("2. ", ""));
    page = page.replace(&squeezed(&kept.subject), "");
    assert_eq!(page, plain);
    for fetched in ["http", "src=", "url(", "<script", "<link", "<img", "<b>no"] {
        assert!(!kept.html.contains(fetched), "{fetched}");
    }
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    let kept = Kept::of(&notice());
    let once = || written(&kept, &envelope("Shop", "ann@customer.test", None, &[]));
    assert_eq!(once(), once());
}

#[test]
fn nothing_that_was_written_elsewhere_begins_a_header() {
    let breaks = [
        "\r\nBcc: all@evil.test",
        "\nBcc: all@evil.test",
        "\rBcc: x",
        "\r\n\r\nbody",
        "\u{85}Bcc: x",
        "\u{2028}Bcc: x",
        "\0Bcc: x",
        "\r\n Bcc: x",
    ];
    for hurt in breaks {
        let mut notice = notice();
        notice.subject.push_str(hurt);
        let mut kept = Kept::of(&notice);
        kept.language.push_str(hurt);
        let (name, to) = (format!("Shop{hurt}"), format!("ann@customer.test{hurt}"));
        let references = [format!("a@b.test{hurt}")];
        let mut around = envelope(&name, &to, None, &references);
        let (from, reply, id) = (
            format!("help@desk.test{hurt}"),
            format!("r@desk.test{hurt}"),
            format!("abc@desk.test{hurt}"),
        );
        (around.from, around.reply_to, around.message_id) = (&from, &reply, &id);
        let raw = written(&kept, &around);
        let head = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&raw[..head]).unwrap();
        for line in head.split("\r\n") {
            assert!(!line.contains(['\r', '\n', '\0']), "{hurt:?}: {line:?}");
            let known = [
                "From:",
                "To:",
                "Reply-To:",
                "Subject:",
                "Date:",
                "Message-ID:",
                "In-Reply-To:",
                "References:",
                "Auto-Submitted:",
                "X-Auto-Response-Suppress:",
                "X-Makegood:",
                "Content-Language:",
                "MIME-Version:",
                "Content-Type:",
                " ",
            ];
            assert!(
                known.iter().any(|name| line.starts_with(name)),
                "{hurt:?}: {line:?}"
            );
        }
        assert_eq!(head.matches("Content-Type:").count(), 1);
    }
}
