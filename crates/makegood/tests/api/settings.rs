// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owner's settings: who works here, what programs may ask, where events are sent, and who set which key.

use axum::body::Body;
use makegood::books::people::{Role, Scope};
use serde_json::json;

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    the_owner_lets_somebody_in_by_a_link_that_is_shown_once,
    whoever_leaves_is_out_at_once_and_no_owner_shuts_the_desk,
    every_key_is_shown_with_who_set_it_and_no_secret,
    tokens_are_seen_and_taken_back,
    what_was_not_taken_is_sent_again_by_hand,
    settings_are_the_owners_alone_and_only_from_our_pages,
}

const PLACES: [&str; 4] = [
    "/desk/settings",
    "/desk/settings/people",
    "/desk/settings/webhooks",
    "/desk/settings/tokens",
];

async fn sent_from(visitor: &Visitor, path: &str, fields: &[(&str, &str)], site: &str) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", site)
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answered {
    sent_from(visitor, path, fields, "same-origin").await
}

async fn read(visitor: &Visitor, path: &str) -> String {
    let request = visitor.request("GET", path).header("accept-language", "en");
    let answer = visitor.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text()
}

/// What stands in a hidden field of the line of a page that speaks of somebody or something.
fn field(page: &str, of: &str, name: &str) -> String {
    let rest = page
        .split(of)
        .nth(1)
        .unwrap_or_else(|| panic!("no {of}: {page}"));
    let value = rest.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = value.unwrap_or_else(|| panic!("no {name} of {of}: {page}"));
    value.split('"').next().unwrap().to_owned()
}

/// The path of the link on a page.
fn link(page: &str) -> String {
    let secret = page.split("/sign-in/mgl_").nth(1).expect("a link");
    format!("/sign-in/mgl_{}", secret.split('<').next().unwrap())
}

async fn enters(shop: &Shop, link: &str) -> Answered {
    let stranger = shop.stranger();
    let request = stranger
        .request("POST", link)
        .header("sec-fetch-site", "same-origin");
    stranger.ask(request.body(Body::empty()).unwrap()).await
}

const PEOPLE: &str = "/desk/settings/people";

async fn the_owner_lets_somebody_in_by_a_link_that_is_shown_once(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let named = "Bo <b>";
    let fields = [("do", "add"), ("name", named), ("role", "agent")];
    let added = send(&owner, PEOPLE, &fields).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let first = link(&added.text());
    let listed = read(&owner, PEOPLE).await;
    assert!(listed.contains("Bo &#60;b&#62;") && !listed.contains("mgl_"));
    assert_eq!(enters(&shop, &first).await.status, 303);
    assert_eq!(enters(&shop, &first).await.status, 410);

    // A new one for whoever lost their way in.
    let person = field(&listed, "Bo &#60;b&#62;", "person");
    let fields = [("do", "link"), ("person", person.as_str())];
    let made = send(&owner, PEOPLE, &fields).await;
    assert_eq!(enters(&shop, &link(&made.text())).await.status, 303);

    for (name, role, words) in [
        (named, "agent", "of that name is there already"),
        ("", "agent", "Write a name on one line"),
        ("two\nlines", "agent", "Write a name on one line"),
        ("Cilla", "king", "Say what they do"),
    ] {
        let fields = [("do", "add"), ("name", name), ("role", role)];
        let refused = send(&owner, PEOPLE, &fields).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.text().contains(words), "{}", refused.text());
        assert!(!refused.text().contains("mgl_"));
    }
}

async fn whoever_leaves_is_out_at_once_and_no_owner_shuts_the_desk(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let agent = shop.agent().await;
    read(&agent, "/desk").await;
    let page = read(&owner, PEOPLE).await;
    let (agnes, olga) = (
        field(&page, "<strong>Agnes", "person"),
        field(&page, "<strong>Olga", "person"),
    );
    let out = |person: &str| {
        let (owner, person) = (owner.clone(), person.to_owned());
        async move { send(&owner, PEOPLE, &[("do", "disable"), ("person", &person)]).await }
    };
    assert_eq!(out(&agnes).await.status, 303);
    assert_eq!(agent.get("/desk").await.slug(), "token-not-valid");
    let again = out(&agnes).await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("They have no access"));
    let link = send(&owner, PEOPLE, &[("do", "link"), ("person", &agnes)]).await;
    assert_eq!(link.status, 422);
    let page = read(&owner, PEOPLE).await;
    assert!(page.contains("no access since"), "{page}");

    let own = out(&olga).await;
    assert_eq!(own.status, 422);
    assert!(own.text().contains("That is you"));
    // Nor does a program that may do everything take the last owner away.
    let (_, program) = shop.token("program", &[Scope::Admin], None).await;
    let fields = [("do", "disable"), ("person", olga.as_str())];
    let last = send(&program, PEOPLE, &fields).await;
    assert_eq!(last.status, 422);
    assert!(last.text().contains("the last owner"), "{}", last.text());
    shop.person("Ove", Role::Owner).await;
    assert_eq!(send(&program, PEOPLE, &fields).await.status, 303);
    assert_eq!(owner.get("/desk").await.slug(), "token-not-valid");
}

async fn every_key_is_shown_with_who_set_it_and_no_secret(ground: Ground) {
    let shop = Shop::with(
        ground,
        &[
            "merchant.name=\"Shop <s>\"",
            "payments.play.kind=sandbox",
            "payments.play.secret_key=sk_test_hidden",
            "mail.address=refunds@example.com",
            "mail.in.hook_secrets=[\"whsec_hidden\"]",
        ],
    )
    .await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let page = read(&owner, "/desk/settings").await;
    let row = |key: &str| {
        let rows = page.split("<tr>").filter(|row| row.contains("<th scope"));
        rows.clone()
            .find(|row| row.contains(key))
            .unwrap_or_else(|| panic!("no {key}: {page}"))
            .to_owned()
    };
    assert!(!page.contains("hidden"), "{page}");
    let named = row("MAKEGOOD__MERCHANT__NAME");
    assert!(
        named.contains("Shop &#60;s&#62;") && named.contains("flag --set"),
        "{named}"
    );
    let key = row("MAKEGOOD__PAYMENTS__PLAY__SECRET_KEY");
    assert!(key.contains('…') && key.contains("flag --set"), "{key}");
    let level = row("MAKEGOOD__MERCHANT__ANSWER_HOURS_MAX");
    assert!(level.contains("as delivered") && level.contains("<code>24</code>"));
    assert!(row("MAKEGOOD__MERCHANT__PHONE").contains("not set"));
    // The settings file of the shop names its folder, on a line.
    let data = row("MAKEGOOD__STORE__DATA");
    assert!(data.contains("config.toml, line "), "{data}");
    if ground == Ground::Postgres {
        assert!(row("MAKEGOOD__STORE__DATABASE").contains("postgres"));
    }
}

async fn tokens_are_seen_and_taken_back(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let (_, program) = shop.token("till", &[Scope::Read], None).await;
    assert_eq!(program.get("/v1/cases").await.status, 200);
    let place = "/desk/settings/tokens";
    let page = read(&owner, place).await;
    assert!(page.contains("<code>read</code>"), "{page}");
    let token = field(&page, "<strong>till", "token");
    let fields = [("do", "revoke"), ("token", token.as_str())];
    assert_eq!(send(&owner, place, &fields).await.status, 303);
    assert_eq!(program.get("/v1/cases").await.slug(), "token-not-valid");
    assert_eq!(send(&owner, place, &fields).await.status, 422);
    let page = read(&owner, place).await;
    assert!(page.contains("counts no more"), "{page}");
}

makegood::statements! {
    GIVEN_UP = "update webhook_delivery set state = 'given_up', next_at = null, tries = 10, last_status = 500, last_words = '<script>no'";
}

async fn what_was_not_taken_is_sent_again_by_hand(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let place = "/desk/settings/webhooks";
    assert!(read(&owner, place).await.contains("There is no endpoint."));
    let new = json!({"url": "https://8.8.8.8/hooks", "events": ["case.*"]});
    let made = owner.post("/v1/webhook_endpoints", &new).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let asked = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund", "description": "Only 750 came",
        "customer": {"reference": "C-1", "email": "c@example.com"}, "channel": "form"});
    assert_eq!(customer.post("/v1/cases", &asked).await.status, 200);
    shop.seal().await;
    let store = &shop.ready.shop.desk.store;
    let now = shop.ready.shop.clock.now();
    let made = store.write(move |tx| {
        Box::pin(async move {
            while makegood::books::webhooks::make(tx, now).await? {}
            tx.run(&GIVEN_UP, &[]).await
        })
    });
    assert!(made.await.unwrap() > 0);

    let page = read(&owner, place).await;
    assert!(
        page.contains("https://8.8.8.8/hooks") && page.contains("Takes what it is sent."),
        "{page}"
    );
    assert!(page.contains("500 · &#60;script&#62;no") && page.contains("given up"));
    assert!(!page.contains(&secret));
    let before = page.matches("given up").count();
    let delivery = field(&page, "given up", "delivery");
    let fields = [("do", "replay"), ("delivery", delivery.as_str())];
    assert_eq!(send(&owner, place, &fields).await.status, 303);
    let page = read(&owner, place).await;
    assert_eq!(page.matches("given up").count(), before - 1, "{page}");
    assert!(page.contains("on its way"));

    let endpoint = field(&page, "https://8.8.8.8/hooks", "endpoint");
    for (word, words) in [
        ("disable", "Switched off by somebody"),
        ("enable", "Takes what it is sent."),
    ] {
        let fields = [("do", word), ("endpoint", endpoint.as_str())];
        assert_eq!(send(&owner, place, &fields).await.status, 303);
        assert!(read(&owner, place).await.contains(words), "{word}");
    }
    let nothing = send(&owner, place, &[("do", "explode")]).await;
    assert_eq!(nothing.status, 422);
}

async fn settings_are_the_owners_alone_and_only_from_our_pages(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    for (name, role) in [
        ("Agnes", Role::Agent),
        ("Tue", Role::Technical),
        ("Fie", Role::Finance),
    ] {
        let visitor = shop.somebody(name, role).await;
        for place in PLACES {
            assert_eq!(visitor.get(place).await.status, 403, "{name} {place}");
        }
        let fields = [("do", "add"), ("name", "Eve"), ("role", "owner")];
        assert_eq!(send(&visitor, PEOPLE, &fields).await.status, 403);
        assert!(!read(&visitor, "/desk").await.contains("/desk/settings"));
    }
    assert!(read(&owner, "/desk").await.contains("/desk/settings"));
    for (place, act) in [
        (PEOPLE, "add"),
        (PLACES[2], "replay"),
        (PLACES[3], "revoke"),
    ] {
        let fields = [("do", act), ("name", "Eve"), ("role", "owner")];
        let foreign = sent_from(&owner, place, &fields, "cross-site").await;
        assert_eq!(foreign.slug(), "foreign-site", "{place}");
    }
    assert!(!read(&owner, PEOPLE).await.contains("Eve"));
}
