// SPDX-License-Identifier: MIT OR Apache-2.0
//! The corpus: tables of awkward mails and of what is expected.

use crate::charsets::SENTENCES;
use crate::make::{ENCODINGS, Made, encoded, mail, page, part, plain, several, with};

pub fn all() -> Vec<Made> {
    [charsets(), quotes(), pages(), kinds(), files(), shapes()]
        .into_iter()
        .flatten()
        .collect()
}

/// Every language and charset in every encoding, alone and inside other parts.
fn charsets() -> Vec<Made> {
    let mut made = Vec::new();
    for (place, (language, charset, bytes, sentence)) in SENTENCES.iter().enumerate() {
        // UTF-16 and UTF-7 cannot stand in a mail as they are.
        for how in ENCODINGS
            .iter()
            .filter(|how| **how != "8bit" || !charset.contains("16"))
        {
            let headers = format!(
                "Content-Type: text/plain; charset=\"{charset}\"\r\nContent-Transfer-Encoding: {how}"
            );
            let words = part(&headers, &encoded(how, bytes));
            let raw = match place % 3 {
                0 => words,
                1 => several("mixed", "b1", &[words]),
                _ => {
                    let empty = part("Content-Type: text/html", b"<p>the same as a page</p>");
                    several(
                        "related",
                        "b1",
                        &[several("alternative", "b2", &[words, empty])],
                    )
                }
            };
            let name = format!("{language} in {charset} as {how}");
            made.push(Made::new(name, mail(&raw)).said(sentence));
        }
    }
    made
}

/// What mail programs put around what is new.
fn quotes() -> Vec<Made> {
    let old = "> Dear Ada\n> we ask for a picture.\n>\n> The desk";
    let bare = "Dear Ada\nwe ask for a picture.\n\nThe desk";
    let announced = [
        "On Wed, Nov 4, 2026 at 10:12 AM The Desk <reply+x@shop.example> wrote:",
        "On Wed, Nov 4, 2026 at 10:12 AM The Desk\n<reply+x@shop.example> wrote:",
        "On 4 Nov 2026, at 10.12, The Desk <reply+x@shop.example> wrote:",
        "On 04/11/2026 10:12, The Desk wrote:",
        "On 2026-11-04 10:12, The Desk wrote:",
        "Den ons. 4. nov. 2026 kl. 10.12 skrev The Desk <reply+x@shop.example>:",
        "Den 4. nov. 2026 kl. 10.12 skrev The Desk <reply+x@shop.example>:",
        "ons. 4. nov. 2026 kl. 10.12 skrev The Desk <reply+x@shop.example>:",
        "Den 04.11.2026 kl. 10:12 skrev The Desk:",
        "Den 04-11-2026 kl. 10:12 skrev The Desk:",
        "D. 4. november 2026 skrev The Desk:",
        "Den onsdag den 4. november 2026 kl. 10.12.00 CET skrev\nThe Desk <reply+x@shop.example>:",
        "Am 04.11.2026 um 10:12 schrieb The Desk:",
        "Am Mi., 4. Nov. 2026 um 10:12 Uhr schrieb The Desk <reply+x@shop.example>:",
        "Den ons 4 nov. 2026 kl 10:12 skrev The Desk <reply+x@shop.example>:",
        "Op wo 4 nov 2026 om 10:12 schreef The Desk <reply+x@shop.example>:",
        "Le mer. 4 nov. 2026 à 10:12, The Desk <reply+x@shop.example> a écrit :",
        "El mié, 4 nov 2026 a las 10:12, The Desk (<reply+x@shop.example>) escribió:",
        "Il giorno mer 4 nov 2026 alle ore 10:12 The Desk <reply+x@shop.example> ha scritto:",
        "śr., 4 lis 2026 o 10:12 The Desk <reply+x@shop.example> napisał(a):",
        "2026-11-04 10:12 GMT+01:00 The Desk <reply+x@shop.example> wrote:",
        "On Wed, 4 Nov 2026\n10:12 The Desk via Makegood\n<reply+averyverylongtoken@shop.example>\nwrote:",
    ];
    let mut made = Vec::new();
    for (place, line) in announced.iter().enumerate() {
        let said = "Here is the picture.\n\nAda";
        made.push(
            Made::new(
                format!("marked quote {place}"),
                plain(&format!("{said}\n\n{line}\n{old}\n")),
            )
            .said(said),
        );
        made.push(
            Made::new(
                format!("bare quote {place}"),
                plain(&format!("{said}\n\n{line}\n\n{bare}\n")),
            )
            .said(said),
        );
        made.push(
            Made::new(
                format!("answer below {place}"),
                plain(&format!("{line}\n{old}\n\n{said}\n")),
            )
            .said(said),
        );
    }
    let blocks = [
        "-----Original Message-----\nFrom: The Desk\nSent: 4 November\n\nDear Ada",
        "----- Original Message -----\nDear Ada",
        "-----Oprindelig meddelelse-----\nFra: The Desk\nSendt: 4. november\n\nKære Ada",
        "---- Oprindelig besked ----\nKære Ada",
        "________________________________\nFrom: The Desk <reply+x@shop.example>\nSent: Wednesday, November 4, 2026\nTo: Ada\nSubject: Case 12\n\nDear Ada",
        "From: The Desk <reply+x@shop.example>\nSent: Wednesday, November 4, 2026\nTo: Ada\nSubject: Case 12\n\nDear Ada",
        "Fra: The Desk <reply+x@shop.example>\nSendt: 4. november 2026 10:12\nTil: Ada\nEmne: Sag 12\n\nKære Ada",
        "*Fra:* The Desk <reply+x@shop.example>\n*Dato:* 4. november 2026\n*Til:* Ada\n*Emne:* Sag 12\n\nKære Ada",
        "Von: The Desk\nGesendet: Mittwoch, 4. November 2026\nAn: Ada\nBetreff: Fall 12\n\nLiebe Ada",
        "-------- Ursprüngliche Nachricht --------\nVon: The Desk\n\nLiebe Ada",
        "-- \nAda Lovelace\nAnalytical Ltd.\nTlf. 12 34 56 78",
        "--\nAda Lovelace",
        "Sent from my iPhone",
        "Sendt fra min iPhone",
        "Get Outlook for Android",
        "Hent Outlook til iOS",
        "Sendt fra Outlook til Android",
        "Sent from Yahoo Mail on Android",
        "Sendt fra min iPhone\n\n> Den 4. nov. 2026 kl. 10.12 skrev The Desk <reply+x@shop.example>:\n> \n> Kære Ada",
    ];
    for (place, block) in blocks.iter().enumerate() {
        let said = "Jeg vedhæfter billedet. Se linje 2: den mangler.";
        made.push(
            Made::new(
                format!("block {place}"),
                plain(&format!("{said}\n\n{block}\n")),
            )
            .said(said),
        );
    }
    let kept = [
        "She wrote:\nyou get it back.\n\nIs that so?",
        "From: me\n\nI ordered 100.",
        "Facts: ordered 100, got 50.\nDate: yesterday",
        "- one\n- two\n- three",
        "On Monday I wrote:\nnothing came.",
        "Den 4. november skrev jeg at det mangler: 100 stk.",
        "a -- b -- c",
        "https://shop.example/?a=1&b=2",
        "1 > 0 and 2 > 1",
    ];
    for (place, text) in kept.iter().enumerate() {
        made.push(Made::new(format!("nothing quoted {place}"), plain(text)).said(text));
    }
    let between = "> Which account?\n\nMy second one.\n\n> Since when?\n\nSince Monday.";
    made.push(
        Made::new(
            "answers between",
            plain(&format!(
                "On 04/11/2026 10:12, The Desk wrote:\n{between}\n"
            )),
        )
        .said("My second one.\n\nSince Monday."),
    );
    let only = "> Dear Ada\n> we ask.";
    made.push(Made::new("only a quote", plain(only)).said(only));
    made
}

/// The same as pages.
fn pages() -> Vec<Made> {
    let rows: &[(&str, &str, &str)] = &[
        (
            "gmail",
            "<div dir=\"ltr\">It is missing</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">On Wed, 4 Nov 2026 at 10:12, Desk &lt;<a href=\"mailto:d@shop.example\">d@shop.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\">Dear Ada</blockquote></div>",
            "It is missing",
        ),
        (
            "gmail in Danish",
            "<div dir=\"ltr\">Det mangler</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">Den ons. 4. nov. 2026 kl. 10.12 skrev Desk:<br></div><blockquote>Kære Ada</blockquote></div>",
            "Det mangler",
        ),
        (
            "outlook on the web",
            "<div>It is missing</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> Desk<br><b>Sent:</b> Wednesday</div><div>Dear Ada</div>",
            "It is missing",
        ),
        (
            "outlook forwarded through another",
            "<div>It is missing</div><div id=\"x_divRplyFwdMsg\">From: Desk</div><div>Dear Ada</div>",
            "It is missing",
        ),
        (
            "outlook on windows",
            "<p class=MsoNormal>Det mangler<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Fra:</b> Desk<br><b>Sendt:</b> 4. november 2026<br><b>Til:</b> Ada<br><b>Emne:</b> Sag</p></div><p>Kære Ada</p>",
            "Det mangler",
        ),
        (
            "apple",
            "<html><body>It is missing<br><br><div>Ada</div><div><br><blockquote type=\"cite\"><div>On 4 Nov 2026, at 10.12, Desk &lt;d@shop.example&gt; wrote:</div><br><div>Dear Ada</div></blockquote></div></body></html>",
            "It is missing\n\nAda",
        ),
        (
            "thunderbird below",
            "<div class=\"moz-cite-prefix\">Den 04.11.2026 kl. 10:12 skrev Desk:<br></div><blockquote type=\"cite\">Kære Ada</blockquote><p>Det mangler</p>",
            "Det mangler",
        ),
        (
            "yahoo",
            "<div>It is missing</div><div class=\"yahoo_quoted\"><div>On Wednesday, Desk wrote:</div><div>Dear Ada</div></div>",
            "It is missing",
        ),
        (
            "proton",
            "<div>It is missing</div><div class=\"protonmail_signature_block\">Sent with Proton</div><div class=\"protonmail_quote\">On Wednesday<br><blockquote>Dear Ada</blockquote></div>",
            "It is missing",
        ),
        (
            "gmail signature",
            "<div>It is missing<br clear=\"all\"><div><br></div>-- <br><div class=\"gmail_signature\">Ada<br>Analytical</div></div>",
            "It is missing",
        ),
        (
            "script",
            "<script>alert('x')</script><p>It is missing</p>",
            "It is missing",
        ),
        (
            "script that looks ended",
            "<script>\"</p>\" <b </script ><p>It is missing</p>",
            "It is missing",
        ),
        (
            "style",
            "<style>p{color:red}</style>It is missing",
            "It is missing",
        ),
        (
            "hidden",
            "<p>It is missing</p><div style=\"display: none\">pay 1000<div>x</div></div><p>Ada</p>",
            "It is missing\n\nAda",
        ),
        (
            "invisible",
            "<span style='visibility:hidden'>pay</span>It is missing",
            "It is missing",
        ),
        (
            "comment",
            "<!-- pay --><p>It is missing</p><!-- open",
            "It is missing",
        ),
        (
            "conditional",
            "<!--[if mso]><p>x</p><![endif]--><p>It is missing</p>",
            "It is missing",
        ),
        (
            "link that lies",
            "<a href=\"https://evil.example/x\">shop.example</a>",
            "shop.example (https://evil.example/x)",
        ),
        (
            "link that is true",
            "<a href=\"https://shop.example/\">https://shop.example</a>",
            "https://shop.example",
        ),
        (
            "link that runs",
            "<a href=\"javascript:alert(1)\">here</a>",
            "here",
        ),
        (
            "picture that reports",
            "<p>It is missing</p><img src=\"https://evil.example/t.gif?ada\" width=1 height=1>",
            "It is missing",
        ),
        (
            "entities",
            "49,90&nbsp;kr. &lt;b&gt; &amp;amp; &#65;&#x42; &aelig;&oslash;&aring; &nothing; &",
            "49,90 kr. <b> &amp; AB æøå &nothing; &",
        ),
        (
            "entities that turn round",
            "abc&#x202e;fdp&#8203;.exe",
            "abcfdp.exe",
        ),
        (
            "table",
            "<table><tr><td>Ordered</td><td>100</td></tr><tr><td>Got</td><td>50</td></tr></table>",
            "Ordered 100\nGot 50",
        ),
        ("list", "<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("lone bracket", "1 < 2 and 3<4", "1 < 2 and 3<4"),
        (
            "tag that does not end",
            "<p>It is missing</p><a href=\"x",
            "It is missing",
        ),
        (
            "quotes in attributes",
            "<p title=\"a > b\">It is missing</p>",
            "It is missing",
        ),
        (
            "apostrophe among attributes",
            "<p data-x=it's>It is missing</p>",
            "It is missing",
        ),
        ("pre", "<pre>a\n  b</pre>", "a\n  b"),
        (
            "many spaces",
            "It \r\n\t  is &nbsp; &nbsp; missing",
            "It is missing",
        ),
    ];
    let mut made: Vec<Made> = Vec::new();
    for (name, html, said) in rows {
        made.push(Made::new(format!("page: {name}"), page(html)).said(said));
    }
    let both = several(
        "alternative",
        "b",
        &[
            part("Content-Type: text/plain", b"plain words"),
            part("Content-Type: text/html", b"<p>page words</p>"),
        ],
    );
    made.push(Made::new("the same twice", mail(&both)).said("plain words"));
    let empty = several(
        "alternative",
        "b",
        &[
            part("Content-Type: text/plain", b" \r\n"),
            part("Content-Type: text/html", b"<p>page words</p>"),
        ],
    );
    made.push(Made::new("an empty plain way", mail(&empty)).said("page words"));
    made
}

/// Machines, lists, reports and loops.
fn kinds() -> Vec<Made> {
    let dsn = |action: &str, status: &str| {
        let report = format!(
            "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ada@customer.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        );
        mail(&several(
            "report; report-type=delivery-status",
            "b",
            &[
                part("Content-Type: text/plain", b"It could not be delivered."),
                part("Content-Type: message/delivery-status", report.as_bytes()),
                part(
                    "Content-Type: text/rfc822-headers",
                    b"Message-ID: <ours@shop.example>\r\nSubject: x\r\n",
                ),
            ],
        ))
    };
    let many = "Received: from a by b; Wed, 4 Nov 2026 10:12:00 +0000\r\n".repeat(60);
    let daemon = "From: MAILER-DAEMON@mx.example\r\nTo: desk@shop.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\nHi. This is the program at mx.example.\r\n550 5.1.1 unknown\r\n\r\n--- Below this line is a copy.\r\nMessage-ID: <ours@shop.example>\r\n";
    let rows: &[(&str, &str, &'static str)] = &[
        ("vacation", "Auto-Submitted: auto-replied", "automatic"),
        (
            "vacation with a parameter",
            "Auto-Submitted: auto-replied; owner-email=\"a@b.example\"",
            "automatic",
        ),
        ("generated", "Auto-Submitted: auto-generated", "automatic"),
        ("in capitals", "AUTO-SUBMITTED: AUTO-REPLIED", "automatic"),
        ("folded", "Auto-Submitted:\r\n auto-replied", "automatic"),
        (
            "with a comment",
            "Auto-Submitted: auto-notified (by a machine)",
            "automatic",
        ),
        ("not automatic", "Auto-Submitted: no", "written"),
        (
            "not automatic with a comment",
            "Auto-Submitted: no (a person)",
            "written",
        ),
        ("x-autoreply", "X-Autoreply: yes", "automatic"),
        ("x-autorespond", "X-Autorespond: vacation", "automatic"),
        ("exchange", "X-Auto-Response-Suppress: All", "automatic"),
        (
            "precedence auto_reply",
            "Precedence: auto_reply",
            "automatic",
        ),
        ("precedence bulk", "Precedence: bulk", "list"),
        ("precedence list", "Precedence: list", "list"),
        ("precedence junk", "Precedence: junk", "list"),
        (
            "precedence first-class",
            "Precedence: first-class",
            "written",
        ),
        ("list", "List-Id: <news.example>", "list"),
        (
            "newsletter",
            "List-Unsubscribe: <mailto:u@news.example>",
            "list",
        ),
        ("null sender", "Return-Path: <>", "automatic"),
        ("a sender", "Return-Path: <ada@customer.example>", "written"),
        ("our own", "X-Makegood: letter", "loop"),
        ("x-loop", "X-Loop: desk@shop.example", "loop"),
        (
            "failed recipients",
            "X-Failed-Recipients: ada@customer.example",
            "report",
        ),
        (
            "answered letter",
            "In-Reply-To: <ours@shop.example>",
            "written",
        ),
        (
            "high priority",
            "X-Priority: 1\r\nImportance: high",
            "written",
        ),
    ];
    let mut made: Vec<Made> = Vec::new();
    for (name, headers, kind) in rows {
        made.push(Made::new(format!("kind: {name}"), with(headers, "Hello")).kind(kind));
    }
    let subjects = [
        ("Automatic reply: My order", "automatic"),
        ("Automatisk svar: Sag 12", "automatic"),
        ("Autosvar: Sag 12", "automatic"),
        ("=?utf-8?Q?Re:_Sag_12?=", "written"),
        ("Out of Office: Sag 12", "automatic"),
        ("My automatic reply button is broken", "written"),
    ];
    for (subject, kind) in subjects {
        let raw = format!("From: a@b.example\r\nSubject: {subject}\r\n\r\nHello\r\n");
        made.push(Made::new(format!("subject: {subject}"), raw).kind(kind));
    }
    for (action, status) in [
        ("failed", "5.1.1"),
        ("delayed", "4.4.7"),
        ("relayed", "2.1.5"),
        ("Failed", "5.7.1"),
    ] {
        made.push(Made::new(format!("report: {action}"), dsn(action, status)).kind("report"));
    }
    made.push(Made::new("report in words", daemon).kind("report"));
    made.push(Made::new("sixty hops", with(many.trim_end(), "Hello")).kind("loop"));
    let receipt = several(
        "report; report-type=disposition-notification",
        "b",
        &[part("Content-Type: text/plain", b"It was read.")],
    );
    made.push(Made::new("receipt", mail(&receipt)).kind("automatic"));
    for sender in [
        "noreply@news.example",
        "no-reply@news.example",
        "donotreply@x.example",
    ] {
        let raw = format!("From: {sender}\r\nSubject: x\r\n\r\nHello\r\n");
        made.push(Made::new(format!("from {sender}"), raw).kind("automatic"));
    }
    made
}

/// Files, and what they are called.
fn files() -> Vec<Made> {
    let rows: &[(&str, &str)] = &[
        ("filename=\"shot.png\"", "shot.png"),
        ("filename=shot.png", "shot.png"),
        ("filename=\"../../etc/passwd\"", "passwd"),
        ("filename=\"C:\\\\Users\\\\ada\\\\shot.png\"", "shot.png"),
        ("filename*=utf-8''b%C3%A5nd%C3%B8.png", "båndø.png"),
        (
            "filename*0=\"long\"; filename*1=\"name.png\"",
            "longname.png",
        ),
        ("filename=\"=?utf-8?B?YsOlbmQucG5n?=\"", "bånd.png"),
        ("filename=\"=?iso-8859-1?Q?b=E5nd.png?=\"", "bånd.png"),
        ("filename=\"a<b>:c.png\"", "abc.png"),
        ("filename=\"...\"", "file-1.png"),
        ("filename=\"\"", "file-1.png"),
        ("filename=\"gnp\u{202e}exe.png\"", "gnpexe.png"),
        ("filename=\"tab\there.png\"", "tabhere.png"),
    ];
    let mut made: Vec<Made> = Vec::new();
    for (disposition, name) in rows {
        let raw = several(
            "mixed",
            "b",
            &[
                part("Content-Type: text/plain", b"See the picture."),
                part(
                    &format!(
                        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; {disposition}"
                    ),
                    b"iVBORw0KGgo=",
                ),
            ],
        );
        made.push(
            Made::new(format!("file: {disposition}"), mail(&raw))
                .said("See the picture.")
                .files(&[name]),
        );
    }
    let inline = several(
        "related",
        "b",
        &[
            part("Content-Type: text/html", b"<p>See</p><img src=\"cid:1\">"),
            part(
                "Content-Type: image/png; name=\"image001.png\"\r\nContent-ID: <1>\r\nContent-Transfer-Encoding: base64",
                b"iVBORw0KGgo=",
            ),
        ],
    );
    made.push(
        Made::new("inline picture", mail(&inline))
            .said("See")
            .files(&["image001.png"]),
    );
    let calendar = several(
        "alternative",
        "b",
        &[
            part("Content-Type: text/plain", b"Shall we talk?"),
            part(
                "Content-Type: text/calendar; method=REQUEST",
                b"BEGIN:VCALENDAR\r\nEND:VCALENDAR",
            ),
        ],
    );
    made.push(
        Made::new("invitation", mail(&calendar))
            .said("Shall we talk?")
            .files(&["file-1.ics"]),
    );
    let forwarded = several(
        "mixed",
        "b",
        &[
            part("Content-Type: text/plain", b"See below."),
            part(
                "Content-Type: message/rfc822",
                b"Subject: older\r\n\r\nolder words",
            ),
        ],
    );
    made.push(
        Made::new("a mail within", mail(&forwarded))
            .said("See below.")
            .files(&["file-1.eml"]),
    );
    let digest = several(
        "digest",
        "b",
        &[
            b"\r\nSubject: one\r\n\r\nwords".to_vec(),
            b"\r\nSubject: two\r\n\r\nwords".to_vec(),
        ],
    );
    made.push(
        Made::new("digest", mail(&digest))
            .said("")
            .files(&["file-1.eml", "file-2.eml"]),
    );
    let signed = several(
        "signed; protocol=\"application/pgp-signature\"",
        "b",
        &[
            part("Content-Type: text/plain", b"Signed words."),
            part(
                "Content-Type: application/pgp-signature; name=\"signature.asc\"",
                b"-----BEGIN PGP SIGNATURE-----",
            ),
        ],
    );
    made.push(Made::new("signed", mail(&signed)).said("Signed words."));
    let text_file = several(
        "mixed",
        "b",
        &[
            part("Content-Type: text/plain", b"The log is attached."),
            part(
                "Content-Type: text/plain; name=\"log.txt\"\r\nContent-Disposition: attachment",
                b"line 1",
            ),
            part(
                "Content-Type: text/html\r\nContent-Disposition: attachment; filename=\"page.html\"",
                b"<script>alert(1)</script>",
            ),
        ],
    );
    made.push(
        Made::new("texts as files", mail(&text_file))
            .said("The log is attached.")
            .files(&["log.txt", "page.html"]),
    );
    let svg = part(
        "Content-Type: image/svg+xml; name=\"x.svg\"",
        b"<svg onload=alert(1)>",
    );
    made.push(
        Made::new("only a picture", mail(&svg))
            .said("")
            .files(&["x.svg"]),
    );
    let dropped = several(
        "mixed",
        "b",
        &[
            part("Content-Type: text/plain", b"Hello"),
            part(
                "Content-Type: application/octet-stream; name=\"empty.bin\"",
                b"",
            ),
        ],
    );
    made.push(Made::new("empty file", mail(&dropped)).said("Hello"));
    made
}

/// Broken and hostile shapes.
fn shapes() -> Vec<Made> {
    let mut deep = part("Content-Type: text/plain", b"at the bottom");
    for level in 0..300 {
        deep = several("mixed", &format!("b{level}"), &[deep]);
    }
    let small = vec![part("Content-Type: text/plain", b"x"); 5_000];
    let files = vec![part("Content-Type: application/x; name=\"a.bin\"", b"x"); 150];
    let rfc822 = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let within = encoded(
        "base64",
        "Content-Type: message/rfc822\r\n\r\n"
            .repeat(50_000)
            .as_bytes(),
    );
    let many_headers = "X-A: b\r\n".repeat(50_000);
    let many_addresses = format!("Cc: {}", vec!["a@b.example"; 20_000].join(", "));
    let long_subject = "a ".repeat(100_000);
    let words = "=?utf-8?B?YQ==?= ".repeat(20_000);
    vec![
        Made::new("nothing", "").said("").flaws(&["no_headers"]),
        Made::new("an empty line", "\r\n").said("").flaws(&["no_headers"]),
        Made::new("words without headers", "just words, no headers at all").said("just words, no headers at all").flaws(&["no_headers"]),
        Made::new("headers without a body", "From: a@b.example\r\nSubject: x").said(""),
        Made::new("line ends of unix", "From: a@b.example\nSubject: x\n\nHello\n").said("Hello"),
        Made::new("an mbox line", "From a@b.example Wed Nov  4 10:12:00 2026\nFrom: a@b.example\n\nHello\n").said("Hello"),
        Made::new("latin-1 headers", [&b"From: a@b.example\r\nSubject: bl\xe5\r\n\r\nbl\xe5 b\xe6r\r\n"[..]].concat()).said("blå bær"),
        Made::new("zeros", "From: a@b.example\r\n\r\nHe\0llo\r\n").said("Hello"),
        Made::new("unknown charset", mail(&part("Content-Type: text/plain; charset=x-klingon", b"Hello"))).said("Hello").flaws(&["charset"]),
        Made::new("wrong charset", mail(&part("Content-Type: text/plain; charset=utf-8", b"bl\xe5"))).said("blå").flaws(&["charset"]),
        Made::new("unknown encoding", mail(&part("Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode", b"Hello"))).said("Hello").flaws(&["encoding"]),
        Made::new("broken base64", mail(&part("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"SGVs!!bG8"))).said("Hello").flaws(&["encoding"]),
        Made::new("two base64 in one", mail(&part("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"SGVsbG8=\r\nIHlvdQ=="))).said("Hello you"),
        Made::new("broken quoted-printable", mail(&part("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", b"100 =% and =C3=A6 ="))).said("100 =% and æ").flaws(&["encoding"]),
        Made::new("no boundary", mail(b"Content-Type: multipart/mixed\r\n\r\nHello\r\n")).said("Hello"),
        Made::new("another boundary", mail(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n")).said("--b\n\nHello\n--b--").flaws(&["encoding"]),
        Made::new("no end", mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello")).said("Hello"),
        Made::new("boundary within a boundary", mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--bb is no boundary\r\n--b--\r\n")).said("--bb is no boundary"),
        Made::new("words behind the end", mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n--b\r\n\r\nhidden\r\n")).said("Hello"),
        Made::new("a type that is none", mail(&part("Content-Type: ///;;;", b"Hello"))).said("Hello"),
        Made::new("two types", mail(&part("Content-Type: text/plain\r\nContent-Type: text/html", b"Hello"))).said("Hello"),
        Made::new("300 deep", mail(&deep)).said("").files(&["file-1.bin"]).flaws(&["too_deep"]),
        Made::new("5000 parts", mail(&several("mixed", "b", &small))).flaws(&["too_many_parts"]),
        Made::new("150 files", mail(&several("mixed", "b", &files))).said("").files(&["a.bin"; 50]).flaws(&["too_many_files"]),
        Made::new("100000 mails within each other", mail(rfc822.as_bytes())).said("").files(&["file-1.eml"]),
        Made::new("the same encoded", mail(&part("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", &within))).said("").files(&["file-1.eml"]),
        Made::new("digests in digests", mail(&several("digest", "a", &[several("digest", "b", &[b"\r\nSubject: x\r\n\r\ny".to_vec()])]))).said("").files(&["file-1.eml"]),
        Made::new("very long words", plain(&"long ".repeat(200_000))).flaws(&["text_cut"]),
        Made::new("50000 headers", with(many_headers.trim_end(), "Hello")).said("Hello"),
        Made::new("20000 addresses", with(&many_addresses, "Hello")).said("Hello"),
        Made::new("a long subject", format!("From: a@b.example\r\nSubject: {long_subject}\r\n\r\nHello\r\n")).said("Hello"),
        Made::new("20000 encoded words", format!("From: a@b.example\r\nSubject: {words}\r\n\r\nHello\r\n")).said("Hello"),
        Made::new("100000 quotes", plain(&format!("Hello\n{}", "> \n".repeat(100_000)))).flaws(&["text_cut"]),
        Made::new("open tags", page(&"<div>".repeat(50_000))).said(""),
        Made::new("open quotes in tags", page(&format!("Hello{}", "<a b=\"".repeat(20_000)))).said("Hello"),
        Made::new("open comments", page(&format!("Hello{}", "<!--".repeat(50_000)))).said("Hello"),
        Made::new("open scripts", page(&format!("Hello{}", "<script>".repeat(50_000)))).said("Hello"),
        Made::new("ampersands", page(&"&".repeat(50_000))).said(&"&".repeat(50_000)),
    ]
}
