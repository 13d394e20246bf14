// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signing in with a password and a code that changes: set up on one's own page, once; and what does not let anybody in.

use axum::body::Body;
use makegood::books::people::Role;
use makegood::books::proof::{code, from_letters};

use crate::shop::{Answered, Ground, Shop};
use crate::sign_in::signed_in;

on_both! {
    somebody_sets_a_password_and_signs_in_with_it_and_each_code_once,
    whoever_guesses_is_answered_alike_and_waits,
    a_browser_that_nobody_knows_is_led_to_the_way_in_and_back,
    sessions_are_seen_and_ended,
    what_cannot_be_a_password_or_a_code_is_told,
    whoever_tries_too_often_from_one_place_is_told_for_how_long_to_wait,
    a_large_amount_asks_who_it_is_and_nothing_that_was_written_is_lost,
}

async fn ask(shop: &Shop, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let stranger = shop.stranger();
    let request = stranger
        .request(if fields.is_empty() { "GET" } else { "POST" }, path)
        .header("cookie", cookie)
        .header("accept", "text/html")
        .header("accept-language", "en")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    stranger.ask(request.body(Body::from(body)).unwrap()).await
}

/// The code of now, or of so many steps later.
fn now(shop: &Shop, secret: &str, later: i64) -> String {
    let seconds = shop.ready.shop.clock.timestamp().as_second();
    code(&from_letters(secret).unwrap(), seconds / 30 + later)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text
        .split(before)
        .nth(1)
        .unwrap_or_else(|| panic!("no {before}: {text}"));
    rest.split(after).next().unwrap()
}

const PASSWORD: &str = "four plain words here";

/// Sets somebody up: the secret, and the codes for a lost telephone.
async fn set_up(shop: &Shop, cookie: &str) -> (String, Vec<String>) {
    let page = ask(shop, "/desk/me", cookie, &[]).await.text();
    let secret = between(&page, "name=\"secret\" value=\"", "\"").to_owned();
    let fields = [
        ("do", "proof"),
        ("secret", secret.as_str()),
        ("password", PASSWORD),
        ("code", &now(shop, &secret, 0)),
    ];
    let kept = ask(shop, "/desk/me", cookie, &fields).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let text = kept.text();
    let codes: Vec<String> = text
        .split("<li><code>")
        .skip(1)
        .map(|part| part.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10, "{text}");
    (secret, codes)
}

async fn tries(shop: &Shop, name: &str, password: &str, code: &str) -> Answered {
    let fields = [
        ("name", name),
        ("password", password),
        ("code", code),
        ("next", "/desk?view=mine"),
    ];
    ask(shop, "/sign-in", "", &fields).await
}

async fn somebody_sets_a_password_and_signs_in_with_it_and_each_code_once(ground: Ground) {
    let shop = Shop::open(ground).await;
    let cookie = signed_in(&shop, "Agnes", Role::Agent).await;
    let (secret, codes) = set_up(&shop, &cookie).await;
    // The code that showed that it works has counted.
    assert_eq!(
        tries(&shop, "Agnes", PASSWORD, &now(&shop, &secret, 0))
            .await
            .status,
        422
    );
    let given = now(&shop, &secret, 1);
    let entered = tries(&shop, "Agnes", PASSWORD, &given).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, Some("/desk?view=mine"))
    );
    let session = entered
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(ask(&shop, "/desk", &session, &[]).await.status, 200);
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &given).await.status, 422);

    let lost = codes[3].to_uppercase();
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &lost).await.status, 303);
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &lost).await.status, 422);
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &codes[4]).await.status, 303);
    // Nothing of it lies in the books as it is.
    let page = ask(&shop, "/desk/me", &session, &[]).await.text();
    assert!(!page.contains(&secret) && page.contains("By your name, a password and a code."));
}

async fn whoever_guesses_is_answered_alike_and_waits(ground: Ground) {
    let shop = Shop::open(ground).await;
    let cookie = signed_in(&shop, "Agnes", Role::Agent).await;
    let (_, codes) = set_up(&shop, &cookie).await;
    shop.person("Bo", Role::Agent).await;
    let mut told = std::collections::BTreeSet::new();
    for (name, password, code) in [
        ("Agnes", "another password!", codes[0].as_str()),
        ("Agnes", PASSWORD, "123456"),
        ("Bo", PASSWORD, codes[0].as_str()),
        ("Nobody", PASSWORD, codes[0].as_str()),
        ("", "", ""),
    ] {
        let refused = tries(&shop, name, password, code).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.header("set-cookie").is_none());
        told.insert(refused.text().replace(&format!("value=\"{name}\""), ""));
    }
    assert_eq!(told.len(), 1);
    for _ in 0..3 {
        tries(&shop, "Agnes", "another password!", "123456").await;
    }
    // Now even what fits does not let them in, until they have waited.
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &codes[0]).await.status, 422);
    shop.ready
        .shop
        .desk
        .store
        .write(|tx| Box::pin(async move { tx.run(&EARLIER, &[]).await.map(drop) }))
        .await
        .unwrap();
    assert_eq!(tries(&shop, "Agnes", PASSWORD, &codes[0]).await.status, 303);
}

makegood::statements! {
    EARLIER = "update staff set locked_until = 1 where locked_until is not null";
}

async fn a_browser_that_nobody_knows_is_led_to_the_way_in_and_back(ground: Ground) {
    let shop = Shop::open(ground).await;
    let led = ask(&shop, "/desk/cases/12?view=ready", "", &[]).await;
    assert_eq!(led.status, 303);
    assert_eq!(
        led.header("location"),
        Some("/sign-in?next=%2Fdesk%2Fcases%2F12%3Fview%3Dready")
    );
    let page = ask(&shop, led.header("location").unwrap(), "", &[]).await;
    assert!(
        page.text()
            .contains("name=\"next\" value=\"/desk/cases/12?view=ready\"")
    );
    // A program is told what is missing.
    assert_eq!(shop.stranger().get("/desk").await.slug(), "no-token");
    let other = shop.stranger();
    let request = other
        .request("POST", "/sign-in")
        .header("sec-fetch-site", "cross-site");
    let foreign = other
        .ask(request.body(Body::from("name=Agnes")).unwrap())
        .await;
    assert_eq!(foreign.slug(), "foreign-site");
}

async fn sessions_are_seen_and_ended(ground: Ground) {
    let shop = Shop::open(ground).await;
    let cookie = signed_in(&shop, "Agnes", Role::Agent).await;
    let (_, codes) = set_up(&shop, &cookie).await;
    let mut cookies = Vec::new();
    for code in &codes[..3] {
        let entered = tries(&shop, "Agnes", PASSWORD, code).await;
        let text = entered
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        cookies.push(text);
    }
    let page = ask(&shop, "/desk/me", &cookies[0], &[]).await.text();
    assert_eq!(page.matches("name=\"session\"").count(), 4, "{page}");
    let newest = between(&page, "name=\"session\" value=\"", "\"").to_owned();
    let ended = ask(
        &shop,
        "/desk/me",
        &cookies[0],
        &[("do", "end"), ("session", &newest)],
    )
    .await;
    assert_eq!(ended.status, 303);
    assert_eq!(ask(&shop, "/desk", &cookies[2], &[]).await.status, 303);
    assert_eq!(ask(&shop, "/desk", &cookies[1], &[]).await.status, 200);
    ask(&shop, "/desk/me", &cookies[0], &[("do", "end-others")]).await;
    assert_eq!(ask(&shop, "/desk", &cookies[1], &[]).await.status, 303);
    assert_eq!(ask(&shop, "/desk", &cookies[0], &[]).await.status, 200);

    let likes = [("do", "likes"), ("language", "da"), ("keys", "no")];
    assert_eq!(
        ask(&shop, "/desk/me", &cookies[0], &likes).await.status,
        303
    );
    let page = ask(&shop, "/desk", &cookies[0], &[]).await.text();
    assert!(
        page.contains("<html lang=\"da\">") && !page.contains("data-keys"),
        "{page}"
    );
}

async fn what_cannot_be_a_password_or_a_code_is_told(ground: Ground) {
    let shop = Shop::open(ground).await;
    let cookie = signed_in(&shop, "Agnes", Role::Agent).await;
    let page = ask(&shop, "/desk/me", &cookie, &[]).await.text();
    let secret = between(&page, "name=\"secret\" value=\"", "\"").to_owned();
    let right = now(&shop, &secret, 0);
    for (password, secret, code, words) in [
        (
            "short",
            secret.as_str(),
            right.as_str(),
            "at least 12 characters",
        ),
        (
            "password1234",
            &secret,
            &right,
            "Too many choose this password",
        ),
        (PASSWORD, &secret, "000000", "The code does not fit"),
        (PASSWORD, "not a secret", &right, "cannot be understood"),
    ] {
        let fields = [
            ("do", "proof"),
            ("secret", secret),
            ("password", password),
            ("code", code),
        ];
        let refused = ask(&shop, "/desk/me", &cookie, &fields).await;
        assert_eq!(refused.status, 422, "{password}");
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
}

async fn whoever_tries_too_often_from_one_place_is_told_for_how_long_to_wait(ground: Ground) {
    let shop = Shop::with(ground, &["server.rate_sign_in_per_minute_max=3"]).await;
    for name in ["Agnes", "Bo", "Carl"] {
        assert_eq!(
            tries(&shop, name, "whatever it is", "123456").await.status,
            422
        );
    }
    // Another name is no other place.
    let over = tries(&shop, "Dora", "whatever it is", "123456").await;
    assert_eq!(over.status, 429);
    let wait: u64 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(over.text().contains("Wait a minute") && over.text().contains("value=\"Dora\""));
}

/// A case of which 250 of 1,000 never came: EUR 12.48 are owed.
async fn owed(shop: &Shop, order: &str) -> serde_json::Value {
    shop.order(order).await;
    let body = serde_json::json!({"order": order, "claim": "incomplete", "wants": "refund", "description": "Only 750",
        "customer": {"reference": order}, "channel": "form"});
    shop.customer().await.post("/v1/cases", &body).await.json()
}

async fn a_large_amount_asks_who_it_is_and_nothing_that_was_written_is_lost(ground: Ground) {
    let set = [
        "desk.undo_seconds=0",
        "desk.step_up.amount_minor_max={ EUR = 1247 }",
        "server.rate_sign_in_per_minute_max=1000",
        "server.rate_visitor_per_minute_max=100000",
    ];
    let shop = Shop::with(ground, &set).await;
    let case = owed(&shop, "VL-1").await;
    let place = format!("/desk/cases/{}", case["number"]);
    let cookie = signed_in(&shop, "Agnes", Role::Agent).await;
    let reason = "We looked at it <together>.";
    let fields = [
        ("do", "override"),
        ("outcome", "partial_refund"),
        ("currency", "EUR"),
        ("refund", "20"),
        ("refund_units", "400"),
        ("clause", "5.10"),
        ("reason", reason),
        ("once", "abcdefghijklmnop0123"),
    ];
    // Somebody who came by a link and has no password is told to set one.
    let unset = ask(&shop, &place, &cookie, &fields).await;
    assert!(
        unset.status == 422 && unset.text().contains("You have no password yet"),
        "{}",
        unset.text()
    );
    let (secret, codes) = set_up(&shop, &cookie).await;
    let asked = ask(&shop, &place, &cookie, &fields).await;
    assert_eq!(asked.status, 422);
    let page = asked.text();
    assert!(
        page.contains("more than EUR 12.47")
            && page.contains("We looked at it &#60;together&#62;."),
        "{page}"
    );
    // The interface asks as well: a cookie alone is not enough there either.
    let id = case["id"].as_str().unwrap();
    let path = format!("/v1/cases/{id}/decisions/1/accept");
    let stranger = shop.stranger();
    let request = stranger
        .request("POST", &path)
        .header("cookie", &cookie)
        .header("sec-fetch-site", "same-origin")
        .header("idempotency-key", "abcdefghijklmnop0999")
        .header("content-type", "application/json");
    let refused = stranger.ask(request.body(Body::from("{}")).unwrap()).await;
    assert_eq!(
        (refused.status, refused.slug().as_str()),
        (403, "prove-who-you-are"),
        "{}",
        refused.text()
    );

    let mut kept: Vec<(String, String)> = fields
        .iter()
        .map(|(name, text)| (format!("kept-{name}"), (*text).to_owned()))
        .collect();
    kept.extend([
        ("place".to_owned(), place.clone()),
        ("password".to_owned(), PASSWORD.to_owned()),
    ]);
    let with = |code: &str| {
        let mut all: Vec<(&str, &str)> = kept
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        all.push(("code", code));
        all.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect::<Vec<_>>()
    };
    for (code, status) in [("000000", 422), (codes[0].as_str(), 303)] {
        let all = with(code);
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let answer = ask(&shop, "/desk/prove", &cookie, &all).await;
        assert_eq!(answer.status, status, "{code}: {}", answer.text());
        if status == 422 {
            assert!(answer.text().contains("We looked at it"));
        } else {
            assert!(answer.header("location").unwrap().starts_with(&place));
        }
    }
    let page = ask(&shop, &place, &cookie, &[]).await.text();
    assert!(page.contains("EUR 20.00"), "{page}");
    // For a quarter of an hour nobody asks again; and what is small asks nobody.
    let other = owed(&shop, "VL-2").await;
    let place = format!("/desk/cases/{}", other["number"]);
    let accept = [
        ("do", "accept"),
        ("decision", "1"),
        ("once", "abcdefghijklmnop0124"),
    ];
    assert_eq!(ask(&shop, &place, &cookie, &accept).await.status, 303);
    // Where somebody was led to sign in, they go on from there; elsewhere nobody is led.
    let next = [
        ("next", "/desk?view=mine"),
        ("password", PASSWORD),
        ("code", &now(&shop, &secret, 1)),
    ];
    let led = ask(&shop, "/desk/prove", &cookie, &next).await;
    assert_eq!(led.header("location"), Some("/desk?view=mine"));
}
