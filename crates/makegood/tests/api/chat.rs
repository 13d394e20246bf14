// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chat: who is let in, what is told to whom, that no message is lost or doubled, and who may frame it.

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use ring::hmac;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    somebody_for_whom_the_shop_vouches_writes_and_is_answered,
    nobody_is_let_into_a_case_of_somebody_else_whatever_they_write,
    whoever_names_an_order_and_an_address_learns_nothing_by_it,
    a_message_that_is_sent_again_counts_once,
    news_come_while_the_page_is_open,
    only_the_sites_of_the_settings_frame_it,
    the_page_says_when_somebody_is_there,
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn shop(ground: Ground, more: &[&str]) -> Shop {
    let secrets = format!("merchant.token_secrets=[\"{SECRET}\"]");
    let mut set = vec![
        "desk.undo_seconds=0",
        "server.rate_burst_max=100000",
        "server.rate_per_minute_max=100000",
        "server.rate_visitor_per_minute_max=100000",
        "server.rate_sign_in_per_minute_max=1000",
        secrets.as_str(),
    ];
    set.extend(more);
    Shop::with(ground, &set).await
}

fn token(shop: &Shop, customer: &str, order: Option<&str>, seconds: i64) -> String {
    let exp = shop.ready.shop.clock.timestamp().as_second() + seconds;
    let claims = match order {
        Some(order) => json!({"sub": customer, "order": order, "exp": exp}),
        None => json!({"sub": customer, "exp": exp}),
    };
    let said = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let code = URL_SAFE_NO_PAD.encode(hmac::sign(&key, said.as_bytes()));
    format!("{said}.{code}")
}

async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn read(visitor: &Visitor, path: &str) -> Answered {
    let request = visitor.request("GET", path).header("accept-language", "en");
    visitor.ask(request.body(Body::empty()).unwrap()).await
}

/// The room into which somebody is led.
fn room(answer: &Answered) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location").unwrap();
    assert!(place.starts_with("/chat/"), "{place}");
    place.split(['?', '#']).next().unwrap().to_owned()
}

/// A conversation that somebody began about an order of theirs.
async fn begun(shop: &Shop, order: &str, customer: &str, words: &str) -> String {
    let token = token(shop, customer, Some(order), 600);
    let fields = [
        ("token", token.as_str()),
        ("words", words),
        ("once", "abcdefghijklmnop0123"),
    ];
    room(&send(&shop.stranger(), "/chat", &fields).await)
}

async fn case_of(agent: &Visitor, order: &str) -> Json {
    let cases = agent.get(&format!("/v1/cases?order={order}")).await.json();
    cases["data"][0].clone()
}

async fn somebody_for_whom_the_shop_vouches_writes_and_is_answered(ground: Ground) {
    let shop = shop(ground, &[]).await;
    shop.order("VL-1").await;
    let visitor = shop.stranger();
    // Without a conversation yet, the page asks for words and not for an address.
    let first = token(&shop, "ann", Some("VL-1"), 600);
    let page = send(&visitor, "/chat", &[("token", &first)]).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(
        page.contains("value=\"VL-1\"") && !page.contains("name=\"email\""),
        "{page}"
    );
    let place = begun(&shop, "VL-1", "ann", "Some are missing: <b>750</b> came.").await;
    let page = read(&visitor, &format!("{place}?language=en")).await.text();
    assert!(
        page.contains("Some are missing: &#60;b&#62;750&#60;/b&#62; came.")
            && page.contains("a person looks at the decision"),
        "{page}"
    );
    let agent = shop.agent().await;
    let case = case_of(&agent, "VL-1").await;
    assert_eq!(case["claim"], "incomplete", "{case}");
    // A person's words stand there as soon as they are written; what the desk decides is told by itself.
    let id = case["id"].as_str().unwrap();
    let reply = json!({"text": "I look at <it> now."});
    assert_eq!(
        agent
            .post(&format!("/v1/cases/{id}/replies"), &reply)
            .await
            .status,
        200
    );
    let page = read(&visitor, &format!("{place}?language=en")).await.text();
    assert!(page.contains("I look at &#60;it&#62; now."), "{page}");
    let accepted = agent
        .post(&format!("/v1/cases/{id}/decisions/1/accept"), &json!({}))
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    let page = read(&visitor, &format!("{place}?language=en")).await.text();
    assert!(
        page.contains("EUR 12.48") && page.contains("5.10"),
        "{page}"
    );
    // Whoever comes again is led into the same conversation, with the order or without.
    for order in [Some("VL-1"), None] {
        let again = token(&shop, "ann", order, 600);
        let again = room(&send(&visitor, "/chat", &[("token", &again)]).await);
        assert!(read(&visitor, &again).await.text().contains("750"));
    }
    // Somebody else's token does not open it, nor does one that ran out or was forged.
    let other = token(&shop, "bob", Some("VL-1"), 600);
    assert_eq!(
        send(&visitor, "/chat", &[("token", &other)]).await.status,
        200
    );
    let over = token(&shop, "ann", Some("VL-1"), -5);
    let forged = format!("{}x", token(&shop, "ann", Some("VL-1"), 600));
    for token in [over, forged] {
        let page = send(&visitor, "/chat", &[("token", &token)]).await;
        assert!(
            page.status == 422 && page.text().contains("name=\"email\""),
            "{}",
            page.text()
        );
    }
    for link in ["/chat/none", "/chat/none/stream"] {
        assert_eq!(read(&visitor, link).await.status, 410);
    }
}

async fn whoever_names_an_order_and_an_address_learns_nothing_by_it(ground: Ground) {
    let shop = shop(ground, &[]).await;
    crate::portal::known(&shop, "VL-1", "ann@example.com").await;
    let visitor = shop.stranger();
    let mut pages = Vec::new();
    for (order, email) in [
        ("VL-1", "ann@example.com"),
        ("VL-1", "bob@example.com"),
        ("VL-9", "ann@example.com"),
        ("VL-9", "bob@example.com"),
    ] {
        for path in ["/chat", "/find"] {
            let begun = std::time::Instant::now();
            let fields = [
                ("order", order),
                ("email", email),
                ("words", "Where is it?"),
                ("once", "abcdefghijklmnop0123"),
            ];
            let answer = send(&visitor, path, &fields).await;
            assert_eq!(answer.status, 200);
            assert!(
                begun.elapsed() >= Duration::from_millis(390),
                "{:?}",
                begun.elapsed()
            );
            let text = answer.text();
            let ticket = text
                .split("name=\"ticket\" value=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned();
            pages.push(
                text.replace(email, "E")
                    .replace(&ticket, "T")
                    .replace(path, "P"),
            );
            // Nor by trying figures, which counts out soon.
            for _ in 0..6 {
                let tried = send(
                    &visitor,
                    "/find/code",
                    &[("ticket", &ticket), ("code", "000000"), ("email", email)],
                )
                .await;
                assert_eq!(tried.status, 422);
            }
        }
    }
    let (chats, finds): (Vec<_>, Vec<_>) =
        pages.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    assert!(chats.windows(2).all(|two| two[0].1 == two[1].1));
    assert!(finds.windows(2).all(|two| two[0].1 == two[1].1));
    // What was written where it fits is in the case.
    let agent = shop.agent().await;
    let case = case_of(&agent, "VL-1").await;
    let page = agent
        .get(&format!("/desk/cases/{}", case["number"]))
        .await
        .text();
    assert!(page.contains("Where is it?"), "{page}");
}

async fn a_message_that_is_sent_again_counts_once(ground: Ground) {
    let shop = shop(ground, &[]).await;
    shop.order("VL-1").await;
    let place = begun(&shop, "VL-1", "ann", "Only 750 came.").await;
    let visitor = shop.stranger();
    let fields = [
        ("do", "message"),
        ("text", "And it is late."),
        ("once", "bbcdefghijklmnop0123"),
    ];
    // As a page does whose line was down: many times, and at once.
    let sent =
        futures_util::future::join_all((0..6).map(|_| send(&visitor, &place, &fields))).await;
    assert!(sent.iter().any(|answer| answer.status == 303));
    for _ in 0..2 {
        assert_eq!(send(&visitor, &place, &fields).await.status, 303);
    }
    let page = read(&visitor, &place).await.text();
    assert_eq!(page.matches("And it is late.").count(), 1, "{page}");
    // The same words under another name are said twice.
    let again = [
        ("do", "message"),
        ("text", "And it is late."),
        ("once", "cbcdefghijklmnop0123"),
    ];
    assert_eq!(send(&visitor, &place, &again).await.status, 303);
    assert_eq!(
        read(&visitor, &place)
            .await
            .text()
            .matches("And it is late.")
            .count(),
        2
    );
    let empty = [
        ("do", "message"),
        ("text", " "),
        ("once", "dbcdefghijklmnop0123"),
    ];
    assert_eq!(send(&visitor, &place, &empty).await.status, 422);
}

async fn news_come_while_the_page_is_open(ground: Ground) {
    let shop = shop(ground, &[]).await;
    shop.order("VL-1").await;
    let place = begun(&shop, "VL-1", "ann", "Only 750 came.").await;
    let visitor = shop.stranger();
    let request = visitor.request("GET", &format!("{place}/stream"));
    let answer = visitor.open(request.body(Body::empty()).unwrap()).await;
    let mut told = answer.into_body().into_data_stream();
    let mut next = async || {
        let part = tokio::time::timeout(Duration::from_secs(20), told.next()).await;
        let part = part.expect("in time").unwrap().unwrap();
        String::from_utf8_lossy(&part).into_owned()
    };
    let version = |event: &str| -> u64 {
        let data = event
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .expect("data");
        data.parse().unwrap()
    };
    let first = version(&next().await);
    let page = read(&visitor, &place).await.text();
    assert!(
        page.contains(&format!("data-version=\"{first}\"")),
        "{page}"
    );
    let agent = shop.agent().await;
    let id = case_of(&agent, "VL-1").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let reply = json!({"text": "We see it."});
    assert_eq!(
        agent
            .post(&format!("/v1/cases/{id}/replies"), &reply)
            .await
            .status,
        200
    );
    assert!(version(&next().await) > first);
    assert!(read(&visitor, &place).await.text().contains("We see it."));
}

async fn only_the_sites_of_the_settings_frame_it(ground: Ground) {
    let none = shop(ground, &[]).await;
    let policy = |answer: &Answered| answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy(&read(&none.stranger(), "/chat").await).ends_with("frame-ancestors 'none'"));
    let some = shop(
        ground,
        &["chat.sites=[\"https://www.example.com\", \"http://localhost:8099/\"]"],
    )
    .await;
    let visitor = some.stranger();
    let page = read(&visitor, "/chat").await;
    assert!(
        policy(&page).ends_with("frame-ancestors https://www.example.com http://localhost:8099"),
        "{}",
        policy(&page)
    );
    assert_eq!(page.header("x-frame-options"), None);
    // What is not the chat stays unframed.
    assert!(policy(&read(&visitor, "/help").await).ends_with("frame-ancestors 'none'"));
    let script = read(&visitor, "/chat.js").await;
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
    assert!(script.text().len() < 4_000, "{}", script.text().len());
    // A form of another site is refused.
    let request = visitor
        .request("POST", "/chat")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        visitor
            .ask(request.body(Body::from("words=x")).unwrap())
            .await
            .status,
        403
    );
}

async fn the_page_says_when_somebody_is_there(ground: Ground) {
    let always = shop(ground, &[]).await;
    assert!(
        read(&always.stranger(), "/chat")
            .await
            .text()
            .contains("Somebody is here")
    );
    // An hour that is not now: nobody is there for most of the week.
    let never = shop(ground, &["merchant.opening_hours=[\"mon 00:00-00:01\"]"]).await;
    let now = never
        .ready
        .shop
        .clock
        .timestamp()
        .to_zoned(never.ready.config.merchant.time_zone.clone());
    if !never.ready.config.merchant.opening_hours.is_open(&now) {
        let page = read(&never.stranger(), "/chat").await.text();
        assert!(
            page.contains("Nobody is here right now") && page.contains("00:00"),
            "{page}"
        );
    }
}

async fn nobody_is_let_into_a_case_of_somebody_else_whatever_they_write(ground: Ground) {
    let shop = shop(ground, &[]).await;
    for order in ["VL-1", "VL-2"] {
        shop.order(order).await;
    }
    let words = "Some are missing.";
    begun(&shop, "VL-1", "ann", words).await;
    let visitor = shop.stranger();
    // Ann's order with a case, an order of nobody's, one that is not known: by a token without an order all are answered alike.
    let mut pages = Vec::new();
    for order in ["VL-1", "VL-2", "VL-9"] {
        let bob = token(&shop, "bob", None, 600);
        let fields = [
            ("token", bob.as_str()),
            ("order", order),
            ("words", words),
            ("once", "ebcdefghijklmnop0123"),
        ];
        let answer = send(&visitor, "/chat", &fields).await;
        assert_eq!(answer.status, 422, "{order}: {}", answer.text());
        let text = answer.text();
        let once = text.split("name=\"once\" value=\"").nth(1).unwrap();
        let once = once.split('"').next().unwrap().to_owned();
        pages.push(
            text.replace(order, "O")
                .replace(&once, "K")
                .replace(&bob, "T"),
        );
    }
    assert!(pages.windows(2).all(|two| two[0] == two[1]));
    // Not even where the shop errs and vouches for both of them.
    let bob = token(&shop, "bob", Some("VL-1"), 600);
    let fields = [
        ("token", bob.as_str()),
        ("words", words),
        ("once", "fbcdefghijklmnop0123"),
    ];
    assert_eq!(send(&visitor, "/chat", &fields).await.status, 422);
    // What the token names is not overridden by the form.
    let bob = token(&shop, "bob", Some("VL-2"), 600);
    let fields = [
        ("token", bob.as_str()),
        ("order", "VL-1"),
        ("words", words),
        ("once", "gbcdefghijklmnop0123"),
    ];
    let place = room(&send(&visitor, "/chat", &fields).await);
    assert_eq!(read(&visitor, &place).await.status, 200);
    let agent = shop.agent().await;
    let of = async |order: &str| {
        agent.get(&format!("/v1/cases?order={order}")).await.json()["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (of("VL-1").await, of("VL-2").await, of("VL-9").await),
        (1, 1, 0)
    );
}
