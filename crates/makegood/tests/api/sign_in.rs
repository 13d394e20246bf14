// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signing in with a link that counts once: what a browser gets for it, what it may do with that, and when it ends.

use axum::body::Body;
use makegood::books::people::{self, Role};
use makegood::web::api::sign_in::AFTER_SIGN_IN;
use serde_json::json;

use crate::shop::{Answered, Ground, Shop};

on_both! {
    a_link_signs_in_once_and_opening_it_uses_nothing,
    a_link_that_is_used_late_cut_short_or_whose_person_left_is_told,
    a_session_does_what_its_person_may_and_only_from_our_pages,
    a_session_ends_by_signing_out_by_rest_by_age_and_with_its_person,
    two_at_once_share_no_link,
    a_desk_behind_tls_binds_the_cookie_to_its_host,
    the_owner_makes_links_while_the_desk_is_open,
}

makegood::statements! {
    KEPT = "select hash from session";
    LINKS = "select hash from sign_in_link";
}

/// A new link of somebody's: its path.
async fn link(shop: &Shop, name: &str, role: Role) -> String {
    let person = shop.person(name, role).await;
    let secret = people::random(people::LINK_PREFIX).unwrap();
    let path = format!("/sign-in/{}", secret.expose());
    let (now, store) = (shop.ready.shop.clock.now(), &shop.ready.shop.desk.store);
    let until = now.plus(people::LINK_LASTS);
    let made = store.write(move |tx| {
        let secret = secret.clone();
        Box::pin(async move { people::add_link(tx, &secret, person, now, until).await })
    });
    made.await.unwrap();
    path
}

/// Asks with headers, without a token.
async fn ask(
    shop: &Shop,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answered {
    let stranger = shop.stranger();
    let mut request = stranger.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stranger
        .ask(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

/// The cookie of somebody who signed in, as a browser sends it.
pub async fn signed_in(shop: &Shop, name: &str, role: Role) -> String {
    let path = link(shop, name, role).await;
    let answer = ask(shop, "POST", &path, &[OURS], "").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(AFTER_SIGN_IN))
    );
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn a_link_signs_in_once_and_opening_it_uses_nothing(ground: Ground) {
    let shop = Shop::open(ground).await;
    let path = link(&shop, "Agnes <A>", Role::Agent).await;
    for (language, words) in [("da", "Log ind"), ("en", "Sign in"), ("en", "Sign in")] {
        let page = ask(&shop, "GET", &path, &[("accept-language", language)], "").await;
        assert_eq!(
            (page.status, page.header("content-language")),
            (200, Some(language))
        );
        let text = page.text();
        assert!(
            text.contains(&format!("<button>{words}</button>")),
            "{text}"
        );
        assert!(
            text.contains("Agnes &lt;A&gt;")
                && text.contains(&format!("<html lang=\"{language}\">")),
            "{text}"
        );
        assert!(
            !text.contains("<script") && !text.contains("mgl_"),
            "{text}"
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("form-action 'self'") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        assert_eq!(page.header("set-cookie"), None);
    }
    // A page of somebody else's that sends the form signs nobody in, and uses nothing.
    let foreign = ask(
        &shop,
        "POST",
        &path,
        &[("sec-fetch-site", "cross-site")],
        "",
    )
    .await;
    assert_eq!(
        (foreign.status, foreign.slug().as_str()),
        (403, "foreign-site")
    );

    let entered = ask(&shop, "POST", &path, &[OURS], "").await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, Some(AFTER_SIGN_IN))
    );
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    let (pair, manner) = cookie.split_once(';').unwrap();
    assert_eq!(manner, " Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax");
    let secret = pair.strip_prefix("makegood=").unwrap();
    assert!(secret.starts_with(people::SESSION_PREFIX) && secret.len() > 40);
    let read = ask(&shop, "GET", AFTER_SIGN_IN, &[("cookie", pair)], "").await;
    assert_eq!(read.status, 200);

    // What is kept is what it hashes to.
    let store = &shop.ready.shop.desk.store;
    let kept = store.read(|tx| {
        Box::pin(async move {
            let session = tx.one(&KEPT, &[]).await?.unwrap().digest(0)?;
            Ok((session, tx.one(&LINKS, &[]).await?.unwrap().digest(0)?))
        })
    });
    let link = path.strip_prefix("/sign-in/").unwrap();
    assert_eq!(
        kept.await.unwrap(),
        (people::hash(secret), people::hash(link))
    );

    for method in ["GET", "POST"] {
        let used = ask(&shop, method, &path, &[OURS, ("accept-language", "en")], "").await;
        assert_eq!(
            (used.status, used.header("set-cookie")),
            (410, None),
            "{method}"
        );
        assert!(
            used.text().contains("does not count any more"),
            "{}",
            used.text()
        );
    }
}

async fn a_link_that_is_used_late_cut_short_or_whose_person_left_is_told(ground: Ground) {
    let shop = Shop::open(ground).await;
    let late = link(&shop, "Agnes", Role::Agent).await;
    shop.ready.shop.clock.advance(86_400);
    let gone = link(&shop, "Bo", Role::Agent).await;
    let store = &shop.ready.shop.desk.store;
    let now = shop.ready.shop.clock.now();
    let left = store.write(move |tx| {
        Box::pin(async move {
            let bo = people::named(tx, "Bo").await?.unwrap();
            people::disable(tx, bo.id, now).await
        })
    });
    assert!(left.await.unwrap());
    let short = link(&shop, "Cara", Role::Agent).await;
    let short = &short[..short.len() - 1];
    let table = [
        late.as_str(),
        &gone,
        short,
        "/sign-in/x",
        "/sign-in/mgl_%00",
        "/sign-in/mgl_",
    ];
    for path in table {
        for method in ["GET", "POST"] {
            let answer = ask(&shop, method, path, &[OURS, ("accept-language", "da")], "").await;
            assert_eq!(
                (answer.status, answer.header("set-cookie")),
                (410, None),
                "{method} {path}"
            );
            assert!(
                answer.text().contains("gælder ikke mere"),
                "{}",
                answer.text()
            );
        }
    }
}

async fn a_session_does_what_its_person_may_and_only_from_our_pages(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let asked = json!({"order": "VL-1", "claim": "incomplete"});
    let case = shop.customer().await.post("/v1/cases", &asked).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let agent = signed_in(&shop, "Agnes", Role::Agent).await;
    let finance = signed_in(&shop, "Finn", Role::Finance).await;
    let get = async |cookie: &str, path: &str| {
        let headers = [("cookie", cookie), ("sec-fetch-site", "cross-site")];
        ask(&shop, "GET", path, &headers, "").await
    };
    // A colleague's other cookies do not matter, and reading changes nothing, so it may come from anywhere.
    assert_eq!(
        get(&format!("theme=dark; {agent}; x=1"), &here)
            .await
            .status,
        200
    );
    assert_eq!(get(&finance, "/v1/breaches").await.status, 200);
    assert_eq!(get(&agent, "/v1/breaches").await.slug(), "not-allowed");
    assert_eq!(
        get("makegood=mgs_guess", &here).await.slug(),
        "session-over"
    );
    assert_eq!(get("makegood=mgt_guess", &here).await.slug(), "no-token");
    assert_eq!(get("theme=dark", &here).await.slug(), "no-token");

    let accept = format!("{here}/decisions/1/accept");
    let json_of = ("content-type", "application/json");
    let host = ("host", "desk.example:8787");
    let table: [(&[(&str, &str)], &str); 9] = [
        (&[], "foreign-site"),
        (&[("sec-fetch-site", "cross-site")], "foreign-site"),
        (&[("sec-fetch-site", "same-site")], "foreign-site"),
        (&[("sec-fetch-site", "none")], "foreign-site"),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://desk.example:8787"),
                host,
            ],
            "foreign-site",
        ),
        (&[("origin", "null"), host], "foreign-site"),
        (
            &[("origin", "http://other.example:8787"), host],
            "foreign-site",
        ),
        (&[("origin", "http://desk.example"), host], "foreign-site"),
        (&[("origin", "http://desk.example:8787"), host], "-"),
    ];
    for (headers, slug) in table {
        let mut all = vec![
            ("cookie", agent.as_str()),
            json_of,
            ("idempotency-key", "k"),
        ];
        all.extend(headers);
        let answer = ask(&shop, "POST", &accept, &all, "{}").await;
        assert_eq!(answer.slug(), slug, "{headers:?}: {}", answer.text());
    }
    // It was Agnes who accepted, as with a token of hers.
    let read = get(&agent, &here).await.json();
    let by = &read["decisions"][0]["accepted_by"];
    assert_eq!(by["role"], "agent", "{read}");
    assert!(by["person"].is_string(), "{by}");
    let all = [
        ("cookie", finance.as_str()),
        json_of,
        OURS,
        ("idempotency-key", "k"),
    ];
    assert_eq!(
        ask(&shop, "POST", &accept, &all, "{}").await.slug(),
        "not-allowed"
    );
    // Where a token is shown, it is what counts, and no page of ours is needed.
    let token = format!("Bearer {}", shop.token_of("Olga", Role::Owner).await);
    let all = [
        ("cookie", agent.as_str()),
        ("authorization", token.as_str()),
        json_of,
    ];
    let made = ask(
        &shop,
        "POST",
        "/v1/sign_in_links",
        &all,
        r#"{"user": "Agnes"}"#,
    )
    .await;
    assert_eq!(made.status, 200, "{}", made.text());
}

async fn a_session_ends_by_signing_out_by_rest_by_age_and_with_its_person(ground: Ground) {
    let shop = Shop::open(ground).await;
    let clock = shop.ready.shop.clock.clone();
    let state = async |cookie: &str| -> String {
        ask(&shop, "GET", "/v1/cases", &[("cookie", cookie)], "")
            .await
            .slug()
    };
    let hours = |hours: i64| clock.advance(hours * 3_600);

    let out = signed_in(&shop, "Agnes", Role::Agent).await;
    assert_eq!(state(&out).await, "-");
    let foreign = ask(&shop, "POST", "/sign-out", &[("cookie", out.as_str())], "").await;
    assert_eq!(
        (foreign.slug().as_str(), state(&out).await.as_str()),
        ("foreign-site", "-")
    );
    let headers = [("cookie", out.as_str()), OURS, ("accept-language", "en")];
    let left = ask(&shop, "POST", "/sign-out", &headers, "").await;
    assert!(left.status == 200 && left.text().contains("You are signed out"));
    let cookie = left.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("makegood=; Path=/; Max-Age=0;"),
        "{cookie}"
    );
    assert_eq!(state(&out).await, "session-over");

    let resting = signed_in(&shop, "Bo", Role::Agent).await;
    hours(11);
    assert_eq!(state(&resting).await, "-");
    hours(11);
    assert_eq!(state(&resting).await, "-");
    hours(13);
    assert_eq!(state(&resting).await, "session-over");

    let old = signed_in(&shop, "Cara", Role::Agent).await;
    for _ in 0..33 {
        hours(10);
        assert_eq!(state(&old).await, "-");
    }
    hours(7);
    assert_eq!(state(&old).await, "session-over");

    let theirs = signed_in(&shop, "Dan", Role::Agent).await;
    assert_eq!(state(&theirs).await, "-");
    let now = clock.now();
    let gone = shop.ready.shop.desk.store.write(move |tx| {
        Box::pin(async move {
            let dan = people::named(tx, "Dan").await?.unwrap();
            people::disable(tx, dan.id, now).await
        })
    });
    assert!(gone.await.unwrap());
    clock.advance(3);
    assert_eq!(state(&theirs).await, "session-over");
}

async fn two_at_once_share_no_link(ground: Ground) {
    let shop = Shop::open(ground).await;
    for round in 0..10 {
        let path = link(&shop, &format!("Agnes {round}"), Role::Agent).await;
        let all = (0..8).map(|_| ask(&shop, "POST", &path, &[OURS], ""));
        let answers = futures_util::future::join_all(all).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let of = |status: u16| statuses.iter().filter(|seen| **seen == status).count();
        assert_eq!((of(303), of(410)), (1, 7), "{statuses:?}");
    }
}

async fn a_desk_behind_tls_binds_the_cookie_to_its_host(ground: Ground) {
    let set = [
        "server.public_url=https://refunds.example.com",
        "server.rate_visitor_per_minute_max=1000",
    ];
    let shop = Shop::with(ground, &set).await;
    let path = link(&shop, "Agnes", Role::Agent).await;
    // The proxy asks under another name; the browser says where its page is from.
    let headers = [
        ("origin", "https://refunds.example.com"),
        ("host", "10.0.0.7:8787"),
    ];
    let entered = ask(&shop, "POST", &path, &headers, "").await;
    let cookie = entered.header("set-cookie").unwrap();
    let (pair, manner) = cookie.split_once(';').unwrap();
    assert!(pair.starts_with("__Host-makegood=mgs_"), "{cookie}");
    assert_eq!(
        manner,
        " Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"
    );
    assert_eq!(
        ask(&shop, "GET", "/v1/cases", &[("cookie", pair)], "")
            .await
            .status,
        200
    );
    // Another host of the same domain could have set this one.
    let weak = pair.replace("__Host-", "");
    assert_eq!(
        ask(&shop, "GET", "/v1/cases", &[("cookie", &weak)], "")
            .await
            .slug(),
        "no-token"
    );
}

async fn the_owner_makes_links_while_the_desk_is_open(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (owner, agent) = (shop.somebody("Olga", Role::Owner).await, shop.agent().await);
    let made = owner
        .post("/v1/sign_in_links", &json!({"user": "Agnes"}))
        .await
        .json();
    let url = made["url"].as_str().unwrap();
    let path = url
        .strip_prefix(&shop.ready.config.server.public_url)
        .unwrap();
    let entered = ask(&shop, "POST", path, &[OURS], "").await;
    assert_eq!(entered.status, 303);
    let wrong = owner
        .post("/v1/sign_in_links", &json!({"user": "Nobody"}))
        .await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/user");
    assert_eq!(
        agent
            .post("/v1/sign_in_links", &json!({"user": "Olga"}))
            .await
            .slug(),
        "not-allowed"
    );
}
