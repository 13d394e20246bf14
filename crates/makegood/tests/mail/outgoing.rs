// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters out through OpenSMTPD into a box of Dovecot, and answers back through both.

use std::time::Duration;

use makegood::mail::read::{Bounds, read};
use makegood::mail::receive::Inbox;
use makegood::mail::send::Outbox;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::servers::Servers;
use crate::shop::{Ground, Shop};

async fn opened(ground: Ground, servers: Option<&Servers>, more: &[&str]) -> Shop {
    let mut set: Vec<String> = [
        "desk.undo_seconds=0",
        "server.rate_burst_max=100000",
        "server.rate_per_minute_max=100000",
        "server.rate_visitor_per_minute_max=100000",
        "mail.address=help@desk.test",
        "mail.name=Bjørns butik, refusion",
        "mail.out.host=127.0.0.1",
        "mail.out.tls=none",
    ]
    .map(str::to_owned)
    .to_vec();
    let port = servers.map_or(9, |servers| servers.smtp);
    set.push(format!("mail.out.port={port}"));
    set.extend(more.iter().map(|text| (*text).to_owned()));
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    Shop::with(ground, &set).await
}

async fn case(shop: &Shop, email: &str, language: &str) -> Json {
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let asked = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete", "customer": {"email": email}, "language": language}),
        )
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let case = asked.json();
    shop.seal().await;
    shop.tend(&case).await;
    case
}

async fn states(shop: &Shop, case: &Json) -> Vec<(String, Option<String>)> {
    let path = format!("/v1/cases/{}/mail", case["id"].as_str().unwrap());
    let letters = shop.agent().await.get(&path).await.json();
    let text = |value: &Json| value.as_str().map(str::to_owned);
    letters["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| (text(&letter["state"]).unwrap(), text(&letter["said"])))
        .collect()
}

/// A mail of a customer, handed to a mail server as any mail program does.
async fn writes(port: u16, from: &str, to: &str, raw: &str) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut hears = async || loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if line.as_bytes()[3] == b' ' {
            assert!(line.starts_with(['2', '3']), "{line}");
            return;
        }
    };
    hears().await;
    for line in [
        "EHLO customer.test",
        &format!("MAIL FROM:<{from}>"),
        &format!("RCPT TO:<{to}>"),
        "DATA",
        &format!("{raw}\r\n."),
        "QUIT",
    ] {
        writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
        hears().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_reaches_the_customer_and_the_answer_comes_back_to_its_case() {
    let servers = Servers::start();
    let shop = opened(Ground::Sqlite, Some(&servers), &[]).await;
    let (stop, stopped) = watch::channel(false);
    let inbox = Inbox::of(&shop.ready).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", servers.lmtp))
        .await
        .unwrap();
    let serving = tokio::spawn(makegood::mail::lmtp::serve(
        listener,
        inbox.clone(),
        stopped,
    ));
    let case = case(&shop, "ann@customer.test", "da").await;
    let outbox = Outbox::of(&shop.ready).unwrap().unwrap();
    let tried = outbox.round().await.unwrap();
    assert!(tried > 0);
    assert_eq!(outbox.round().await.unwrap(), 0, "each letter goes once");
    let all = states(&shop, &case).await;
    assert!(all.iter().all(|(state, _)| state == "sent"), "{all:?}");
    let got = servers.wait("the letters arrive", || {
        let mails = servers.mails_of("ann");
        (mails.len() == tried).then_some(mails)
    });
    let mail = read(&got[0], false, &Bounds::default());
    let head = String::from_utf8_lossy(&got[0]).into_owned();
    assert!(mail.subject.starts_with("Sag 1001: "), "{}", mail.subject);
    assert!(mail.text.contains("VL-1"), "{}", mail.text);
    assert_eq!(
        mail.kind.word(),
        "loop",
        "nobody answers it by a machine, and the desk knows it for its own"
    );
    assert_eq!(mail.from.as_deref(), Some("help@desk.test"));
    for line in [
        "Auto-Submitted: auto-generated",
        "Content-Language: da",
        "To: <ann@customer.test>",
        "From: =?utf-8?B?",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(!head.to_lowercase().contains("list-unsubscribe"));
    let reply_to = head
        .split("Reply-To: <")
        .nth(1)
        .unwrap()
        .split('>')
        .next()
        .unwrap();
    let answer = format!(
        "From: Ann <ann@customer.test>\r\nTo: <{reply_to}>\r\nSubject: Sv: {}\r\nMessage-ID: <a1@customer.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDet er den anden konto.\r\n.. og tak\r\n\r\nDen 4. nov. 2026 kl. 10.12 skrev Desk <help@desk.test>:\r\n> Kære Ann",
        "Sag 1"
    );
    writes(servers.smtp, "ann@customer.test", reply_to, &answer).await;
    let mut judged = 0;
    for _ in 0..600 {
        judged += inbox.round().await.unwrap();
        if judged > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(judged, 1);
    let agent = shop.agent().await;
    let now = agent
        .get(&format!("/v1/cases/{}", case["id"].as_str().unwrap()))
        .await
        .json();
    let text = now["messages"].as_array().unwrap().last().unwrap()["text"]
        .as_str()
        .unwrap()
        .to_owned();
    let said = agent.get(&format!("/v1/texts/{text}")).await.json();
    assert_eq!(said["text"], "Det er den anden konto.\n. og tak");
    // A report of the mail system is noted at the letter, and reaches nobody.
    let name = head
        .split("Message-ID: <")
        .nth(1)
        .unwrap()
        .split('>')
        .next()
        .unwrap();
    let report = format!(
        "From: MAILER-DAEMON@customer.test\r\nTo: <help@desk.test>\r\nSubject: Undelivered\r\nMessage-ID: <r1@customer.test>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt bounced.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; customer.test\r\n\r\nFinal-Recipient: rfc822; ann@customer.test\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{name}>\r\n\r\n--b--"
    );
    writes(servers.smtp, "", "help@desk.test", &report).await;
    for _ in 0..600 {
        if inbox.round().await.unwrap() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let all = states(&shop, &case).await;
    assert_eq!(all[0], ("bounced".to_owned(), Some("5.2.2".to_owned())));
    stop.send(true).unwrap();
    serving.await.unwrap();
    // A domain that the server refuses, and no server at all.
    let gone = opened(Ground::Sqlite, Some(&servers), &[]).await;
    let refused = self::case(&gone, "ann@gone.test", "en").await;
    Outbox::of(&gone.ready)
        .unwrap()
        .unwrap()
        .round()
        .await
        .unwrap();
    let all = states(&gone, &refused).await;
    assert!(
        all.iter()
            .all(|state| *state == ("refused".to_owned(), Some("550".to_owned()))),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_no_server_takes_is_tried_for_days_under_one_name() {
    let shop = opened(Ground::Sqlite, None, &[]).await;
    let case = case(&shop, "ann@customer.test", "en").await;
    let outbox = Outbox::of(&shop.ready).unwrap().unwrap();
    let mut rounds = 0;
    while states(&shop, &case)
        .await
        .iter()
        .any(|(state, _)| state == "waiting")
    {
        outbox.round().await.unwrap();
        assert_eq!(outbox.round().await.unwrap(), 0, "not before its time");
        shop.ready.shop.clock.advance(86_400);
        rounds += 1;
        assert!(rounds < 30);
    }
    assert_eq!(rounds, 15);
    let all = states(&shop, &case).await;
    assert!(
        all.iter()
            .all(|state| *state == ("given_up".to_owned(), Some("unreachable".to_owned()))),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_somebody_without_an_address_or_erased_goes_nowhere() {
    let shop = opened(Ground::Sqlite, None, &[]).await;
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let body = json!({"order": "VL-1", "claim": "incomplete", "customer": {"reference": "C-1"}});
    let nameless = customer.post("/v1/cases", &body).await.json();
    shop.seal().await;
    shop.tend(&nameless).await;
    let outbox = Outbox::of(&shop.ready).unwrap().unwrap();
    outbox.round().await.unwrap();
    assert_eq!(states(&shop, &nameless).await[0].0, "no_address");
    let other = opened(Ground::Sqlite, None, &[]).await;
    let case = case(&other, "ann@customer.test", "en").await;
    let owner = other
        .somebody("Olga", makegood::books::people::Role::Owner)
        .await;
    let erase = format!("/v1/customers/{}/erase", case["customer"].as_str().unwrap());
    assert_eq!(owner.post(&erase, &json!({})).await.status, 200);
    Outbox::of(&other.ready)
        .unwrap()
        .unwrap()
        .round()
        .await
        .unwrap();
    assert_eq!(states(&other, &case).await[0].0, "erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_in_the_settings_nothing_is_queued() {
    let shop = Shop::open(Ground::Sqlite).await;
    let case = case(&shop, "ann@customer.test", "en").await;
    assert!(states(&shop, &case).await.is_empty());
    assert!(Inbox::of(&shop.ready).is_none());
    assert!(Outbox::of(&shop.ready).unwrap().is_none());
    assert_eq!(shop.stranger().get("/hooks/mail").await.status, 405);
    let handed = shop.stranger().post("/hooks/mail", &json!({})).await;
    assert_eq!(handed.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_refuses_what_is_not_for_the_desk_and_says_why() {
    let shop = opened(Ground::Sqlite, None, &[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let inbox = Inbox::of(&shop.ready).unwrap();
    let serving = tokio::spawn(makegood::mail::lmtp::serve(listener, inbox, stopped));
    let stream = TcpStream::connect(address).await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let table = [
        ("", "220"),
        ("EHLO x", "500"),
        ("LHLO x", "250"),
        ("DATA", "503"),
        ("RCPT TO:<help@desk.test>", "503"),
        ("MAIL FROM <a@b.test>", "501"),
        ("MAIL FROM:<a@b.test> SIZE=99999999999", "552"),
        ("MAIL FROM:<a@b.test> SIZE=100", "250"),
        ("RCPT TO:<somebody@else.test>", "550"),
        ("DATA", "503"),
        ("MAIL FROM:<a@b.test>", "250"),
        ("RCPT TO:<help@desk.test>", "250"),
        ("RCPT TO:<HELP+anything@DESK.test>", "250"),
        ("DATA", "354"),
        ("Subject: x\r\n\r\n..dot\r\n.", "250"),
        ("", "250"),
        ("WHAT", "500"),
        ("QUIT", "221"),
    ];
    for (says, code) in table {
        if !says.is_empty() {
            writer
                .write_all(format!("{says}\r\n").as_bytes())
                .await
                .unwrap();
        }
        let heard = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.as_bytes()[3] == b' ' {
                break line;
            }
        };
        assert!(heard.starts_with(code), "{says}: {heard}");
    }
    stop.send(true).unwrap();
    serving.await.unwrap();
}
