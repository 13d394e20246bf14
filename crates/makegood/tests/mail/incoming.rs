// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of mail that comes in.

use axum::body::Body;
use jiff::Timestamp;
use makegood::mail::address::Answered;
use makegood::mail::receive::{HandedOver, Inbox};
use makegood::signing::{SigningKey, sign};
use makegood_desk::input::Id;
use serde_json::{Value as Json, json};

use crate::shop::{Ground, Shop, Visitor};

on_both! {
    an_answer_to_a_signed_address_becomes_a_message_of_its_case,
    who_knows_the_order_and_wrote_from_its_address_is_heard_and_nobody_else,
    machines_lists_and_loops_never_become_a_message,
    the_same_mail_twice_is_heard_once,
    a_mail_without_a_case_waits_for_a_person_who_hands_it_to_one,
    a_mail_is_handed_in_over_http_by_those_who_have_the_secret,
    files_of_a_mail_go_to_the_case_and_what_is_no_file_for_us_is_counted,
    what_somebody_wrote_is_gone_once_they_are_erased,
}

const SET: &[&str] = &[
    "desk.undo_seconds=0",
    "server.rate_burst_max=100000",
    "server.rate_per_minute_max=100000",
    "server.rate_visitor_per_minute_max=100000",
    "mail.address=help@desk.test",
    "mail.in.hook_secrets=[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\", \"token-of-the-mail-server\"]",
];

struct Post {
    shop: Shop,
    inbox: Inbox,
    agent: Visitor,
}

impl Post {
    async fn open(ground: Ground) -> Self {
        let shop = Shop::with(ground, SET).await;
        let inbox = Inbox::of(&shop.ready).unwrap();
        let agent = shop.agent().await;
        Self { shop, inbox, agent }
    }

    /// A case of an order by somebody with an address.
    async fn case(&self, order: &str, email: &str) -> Json {
        self.shop.order(order).await;
        let customer = self.shop.customer().await;
        let asked = customer
            .post(
                "/v1/cases",
                &json!({"order": order, "claim": "incomplete", "customer": {"email": email}, "language": "en"}),
            )
            .await;
        assert_eq!(asked.status, 200, "{}", asked.text());
        asked.json()
    }

    fn address(&self, case: &Json) -> String {
        self.inbox.reply_to.address(Answered {
            case: id(case),
            letter: 1,
        })
    }

    /// Hands a mail over and has it judged: its state, and its case.
    async fn comes(&self, raw: &str) -> (String, Option<String>) {
        assert!(
            self.inbox
                .take(raw.as_bytes(), &HandedOver::default())
                .await
                .unwrap()
        );
        assert_eq!(self.inbox.round().await.unwrap(), 1);
        for state in ["unassigned", "case", "automatic", "report", "list", "loop"] {
            let listed = self
                .agent
                .get(&format!("/v1/mail?state={state}&limit=1"))
                .await
                .json();
            let newest = &listed["data"][0];
            if newest.is_object() {
                let read = self
                    .agent
                    .get(&format!("/v1/mail/{}", newest["id"].as_str().unwrap()))
                    .await;
                let read = read.json();
                let subject = raw
                    .split("Subject: ")
                    .nth(1)
                    .unwrap()
                    .lines()
                    .next()
                    .unwrap();
                if read["subject"] == subject {
                    return (state.to_owned(), newest["case"].as_str().map(str::to_owned));
                }
            }
        }
        panic!("the mail is nowhere");
    }

    async fn read(&self, case: &str) -> Json {
        self.agent.get(&format!("/v1/cases/{case}")).await.json()
    }

    /// What was said in the last message of a case.
    async fn said(&self, case: &str) -> String {
        let read = self.read(case).await;
        let text = read["messages"].as_array().unwrap().last().unwrap()["text"].clone();
        let text = text.as_str().unwrap().to_owned();
        let text = self.agent.get(&format!("/v1/texts/{text}")).await;
        text.json()["text"].as_str().unwrap().to_owned()
    }
}

fn id(case: &Json) -> Id {
    let digits = case["id"].as_str().unwrap().strip_prefix("case_").unwrap();
    let mut id = [0; 16];
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap();
    }
    Id(id)
}

fn mail(from: &str, to: &str, subject: &str, headers: &str, text: &str) -> String {
    let name = uuid::Uuid::now_v7();
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{name}@customer.test>\r\n{headers}\r\n{text}\r\n"
    )
}

async fn an_answer_to_a_signed_address_becomes_a_message_of_its_case(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let name = case["id"].as_str().unwrap();
    let before = post.read(name).await["messages"].as_array().unwrap().len();
    let to = post.address(&case);
    let quoted =
        "On Wed, Nov 4, 2026 at 10:12 AM The Desk <help@desk.test> wrote:\r\n> Which account?";
    // From whatever address: who has the token has our letter.
    let raw = mail(
        "Ann <ann@elsewhere.test>",
        &to,
        "Re: case",
        "",
        &format!("The second one.\r\n\r\n{quoted}"),
    );
    assert_eq!(
        post.comes(&raw).await,
        ("case".to_owned(), Some(name.to_owned()))
    );
    assert_eq!(post.said(name).await, "The second one.");
    let read = post.read(name).await;
    assert_eq!(read["messages"].as_array().unwrap().len(), before + 1);
    // Mail programs that answer to another address name the letter.
    let letter = post.inbox.reply_to.message_id(Answered {
        case: id(&case),
        letter: 1,
    });
    let raw = mail(
        "ann@elsewhere.test",
        "help@desk.test",
        "Re: named",
        &format!("In-Reply-To: <{letter}>\r\n"),
        "By its name.",
    );
    assert_eq!(post.comes(&raw).await.0, "case");
    assert_eq!(post.said(name).await, "By its name.");
    // Changed by one sign, the address names nothing.
    let forged = to
        .replace("@desk.test", "a@desk.test")
        .replacen("help+", "help+b", 1);
    let raw = mail("mallory@evil.test", &forged, "forged", "", "Pay me.");
    assert_eq!(post.comes(&raw).await, ("unassigned".to_owned(), None));
}

async fn who_knows_the_order_and_wrote_from_its_address_is_heard_and_nobody_else(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    post.case("VL-2", "bob@customer.test").await;
    let rows = [
        (
            "Ann <ann@customer.test>",
            "order VL-1",
            "Only 750 came.",
            "case",
        ),
        ("ANN@CUSTOMER.TEST", "help", "It is about VL-1.", "case"),
        (
            "ann@customer.test",
            "no number",
            "Only 750 came.",
            "unassigned",
        ),
        (
            "ann@customer.test",
            "the order of another",
            "VL-2 is late",
            "unassigned",
        ),
        (
            "mallory@evil.test",
            "a number alone",
            "VL-1 is late",
            "unassigned",
        ),
        (
            "ann@customer.test",
            "inside another number",
            "VL-11 and XVL-1",
            "unassigned",
        ),
        (
            "\"ann@customer.test\" <mallory@evil.test>",
            "a name that looks like it",
            "VL-1",
            "unassigned",
        ),
    ];
    for (from, subject, text, state) in rows {
        let raw = mail(from, "help@desk.test", subject, "", text);
        let (found, named) = post.comes(&raw).await;
        assert_eq!(found, state, "{from}: {subject}");
        if state == "case" {
            assert_eq!(named.as_deref(), case["id"].as_str());
        }
    }
    assert_eq!(
        post.said(case["id"].as_str().unwrap()).await,
        "help\n\nIt is about VL-1."
    );
    // Once that case is closed, the next mail asks anew, as the form does.
    let close = format!("/v1/cases/{}/close", case["id"].as_str().unwrap());
    let closed = post
        .agent
        .post(&close, &json!({"reason": "withdrawn"}))
        .await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    let raw = mail(
        "ann@customer.test",
        "help@desk.test",
        "again",
        "",
        "VL-1 dropped.",
    );
    let (state, named) = post.comes(&raw).await;
    assert_eq!(state, "case");
    assert_ne!(named.as_deref(), case["id"].as_str());
    let read = post.read(&named.unwrap()).await;
    assert_eq!(read["customer"], case["customer"]);
}

async fn machines_lists_and_loops_never_become_a_message(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let (name, to) = (case["id"].as_str().unwrap(), post.address(&case));
    let rows = [
        ("Auto-Submitted: auto-replied\r\n", "automatic"),
        ("X-Autoreply: yes\r\n", "automatic"),
        ("Return-Path: <>\r\n", "automatic"),
        ("List-Id: <l.example>\r\n", "list"),
        ("Precedence: bulk\r\n", "list"),
        ("X-Makegood: letter\r\n", "loop"),
        ("X-Failed-Recipients: ann@customer.test\r\n", "report"),
    ];
    let before = post.read(name).await["version"].clone();
    for (headers, state) in rows {
        let raw = mail(
            "ann@customer.test",
            &to,
            headers.trim(),
            headers,
            "I am away. VL-1",
        );
        assert_eq!(post.comes(&raw).await.0, state, "{headers}");
    }
    assert_eq!(
        post.read(name).await["version"],
        before,
        "nothing happened to the case"
    );
}

async fn the_same_mail_twice_is_heard_once(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let name = case["id"].as_str().unwrap();
    let raw = mail(
        "ann@customer.test",
        &post.address(&case),
        "twice",
        "",
        "Only once.",
    );
    assert_eq!(post.comes(&raw).await.0, "case");
    let messages = post.read(name).await["messages"].as_array().unwrap().len();
    // On another way, with another trace in front.
    let again = format!("Received: from a by b; Wed, 4 Nov 2026 10:12:00 +0000\r\n{raw}");
    for raw in [&raw, &again] {
        assert!(
            !post
                .inbox
                .take(raw.as_bytes(), &HandedOver::default())
                .await
                .unwrap()
        );
        assert_eq!(post.inbox.round().await.unwrap(), 0);
    }
    assert_eq!(
        post.read(name).await["messages"].as_array().unwrap().len(),
        messages
    );
    let other = raw.replace("Only once.", "Something else.");
    assert!(
        post.inbox
            .take(other.as_bytes(), &HandedOver::default())
            .await
            .unwrap()
    );
}

async fn a_mail_without_a_case_waits_for_a_person_who_hands_it_to_one(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let name = case["id"].as_str().unwrap();
    let raw = mail(
        "ann@work.test",
        "help@desk.test",
        "my order",
        "",
        "<script>alert(1)</script> It never came.",
    );
    assert_eq!(post.comes(&raw).await.0, "unassigned");
    let listed = post.agent.get("/v1/mail").await.json();
    let mail = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let read = post.agent.get(&format!("/v1/mail/{mail}")).await.json();
    assert_eq!(read["from"], "ann@work.test");
    assert_eq!(read["said"], "<script>alert(1)</script> It never came.");
    let assign = format!("/v1/mail/{mail}/assign");
    let refused = post
        .shop
        .customer()
        .await
        .post(&assign, &json!({"case": name}))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let nowhere = json!({"case": "case_00000000000000000000000000000000"});
    assert_eq!(post.agent.post(&assign, &nowhere).await.status, 404);
    let assigned = post.agent.post(&assign, &json!({"case": name})).await;
    assert_eq!(assigned.status, 200, "{}", assigned.text());
    assert_eq!(post.inbox.round().await.unwrap(), 1);
    assert!(post.said(name).await.contains("It never came."));
    assert_eq!(post.agent.get("/v1/mail").await.json()["data"], json!([]));
    assert_eq!(
        post.agent
            .post(&assign, &json!({"case": name}))
            .await
            .status,
        404,
        "it has a case by now"
    );
}

async fn a_mail_is_handed_in_over_http_by_those_who_have_the_secret(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let stranger = post.shop.stranger();
    let raw = mail(
        "ann@customer.test",
        "undisclosed:;",
        "by http",
        "",
        "Over HTTP.",
    );
    let path = format!(
        "/hooks/mail?recipient={}",
        post.address(&case).replace('+', "%2B")
    );
    let hand = async |headers: &[(&str, &str)]| {
        let mut request = stranger
            .request("POST", &path)
            .header("content-type", "message/rfc822");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        stranger
            .ask(request.body(Body::from(raw.clone())).unwrap())
            .await
    };
    assert_eq!(hand(&[]).await.slug(), "signature-not-valid");
    assert_eq!(
        hand(&[("authorization", "Bearer guessed")]).await.slug(),
        "token-not-valid"
    );
    let key = SigningKey::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let old = Timestamp::now() - jiff::SignedDuration::from_mins(10);
    let signed = sign(&[&key], "msg_1", old, raw.as_bytes()).unwrap();
    assert_eq!(hand(&signed.headers()).await.slug(), "signature-not-valid");
    let signed = sign(&[&key], "msg_1", Timestamp::now(), b"something else").unwrap();
    assert_eq!(hand(&signed.headers()).await.slug(), "signature-not-valid");
    let signed = sign(&[&key], "msg_1", Timestamp::now(), raw.as_bytes()).unwrap();
    let first = hand(&signed.headers()).await;
    assert_eq!(
        (first.status, first.json()),
        (200, json!({"new": true})),
        "{}",
        first.text()
    );
    let again = hand(&[("authorization", "Bearer token-of-the-mail-server")]).await;
    assert_eq!(again.json(), json!({"new": false}));
    assert_eq!(post.inbox.round().await.unwrap(), 1);
    assert_eq!(
        post.said(case["id"].as_str().unwrap()).await,
        "by http\n\nOver HTTP."
    );
}

async fn files_of_a_mail_go_to_the_case_and_what_is_no_file_for_us_is_counted(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let name = case["id"].as_str().unwrap();
    let csv = "time,count\r\n2026-11-04,750\r\n";
    let raw = format!(
        "From: ann@customer.test\r\nTo: {}\r\nSubject: files\r\nMessage-ID: <f@customer.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nThe log.\r\n\
         --b\r\nContent-Type: text/csv; name=log.csv\r\n\r\n{csv}\r\n\
         --b\r\nContent-Type: application/x-msdownload; name=virus.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA//8AALgAAAA=\r\n--b--\r\n",
        post.address(&case)
    );
    assert_eq!(post.comes(&raw).await.0, "case");
    let read = post.read(name).await;
    let message = read["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        message["attachments"].as_array().unwrap().len(),
        1,
        "{message}"
    );
    let listed = post.agent.get("/v1/mail?state=case").await.json();
    assert_eq!(
        (
            &listed["data"][0]["files"],
            &listed["data"][0]["files_refused"]
        ),
        (&json!(1), &json!(1))
    );
    let file = post
        .agent
        .get(&format!(
            "/v1/attachments/{}?version=original",
            message["attachments"][0].as_str().unwrap()
        ))
        .await;
    assert_eq!(file.text().trim(), csv.trim());
}

async fn what_somebody_wrote_is_gone_once_they_are_erased(ground: Ground) {
    let post = Post::open(ground).await;
    let case = post.case("VL-1", "ann@customer.test").await;
    let raw = mail(
        "ann@customer.test",
        &post.address(&case),
        "secret",
        "",
        "My name is Ann.",
    );
    assert_eq!(post.comes(&raw).await.0, "case");
    let listed = post.agent.get("/v1/mail?state=case").await.json();
    let path = format!("/v1/mail/{}", listed["data"][0]["id"].as_str().unwrap());
    assert_eq!(post.agent.get(&path).await.status, 200);
    let owner = post
        .shop
        .somebody("Olga", makegood::books::people::Role::Owner)
        .await;
    let erase = format!("/v1/customers/{}/erase", case["customer"].as_str().unwrap());
    assert_eq!(owner.post(&erase, &json!({})).await.status, 200);
    assert_eq!(post.agent.get(&path).await.status, 404);
}
