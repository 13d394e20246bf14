// SPDX-License-Identifier: MIT OR Apache-2.0
//! What customers see, as a browser without scripts uses it: the policy, the help form, and the page of a case.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use fluent_syntax_words::{placeables, read};
use makegood::books::people::Scope;
use makegood::web::portal::link::{LINK_LASTS, Links};
use makegood::web::portal::say::{DANISH, DESK_DANISH, DESK_ENGLISH, ENGLISH};
use makegood::web::portal::suggest;
use makegood_desk::case::{ClaimKind, Duration};
use makegood_desk::input::Id;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    the_form_leads_to_a_case_without_a_script,
    links_that_do_not_count_are_answered_alike,
    whoever_probes_the_form_learns_nothing,
}

const BOUNDARY: &str = "----a-boundary-of-a-browser";

/// A form as a browser sends it.
fn form(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.extend(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .into_bytes(),
        );
    }
    for (name, content) in files {
        out.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").into_bytes());
        out.extend_from_slice(content);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    out
}

async fn send(
    visitor: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Answered {
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", "same-origin")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        );
    let request = request.body(Body::from(form(fields, files))).unwrap();
    visitor.ask(request).await
}

/// What stands in a field of a page.
fn field(page: &str, name: &str) -> String {
    let after = page
        .split(&format!("name=\"{name}\" value=\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no field {name}: {page}"));
    after.split('"').next().unwrap().to_owned()
}

/// An order of somebody whom the shop knows.
pub async fn known(shop: &Shop, order: &str, mail: &str) {
    shop.order(order).await;
    own(shop, order, mail).await;
}

/// Tells the desk whose an order is.
async fn own(shop: &Shop, order: &str, mail: &str) {
    let body = json!({"order": order, "claim": "other", "customer": {"email": mail}});
    let case = shop.customer().await.post("/v1/cases", &body).await.json();
    let customer = case["customer"].as_str().unwrap().to_owned();
    let id = customer.strip_prefix("cus_").unwrap();
    let mut bytes = [0_u8; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&id[at * 2..at * 2 + 2], 16).unwrap();
    }
    let number = order.to_owned();
    let store = &shop.ready.shop.desk.store;
    store
        .write(move |tx| {
            let number = number.clone();
            Box::pin(async move {
                let values = [bytes.into(), number.as_str().into()];
                tx.run(&OWN, &values).await
            })
        })
        .await
        .unwrap();
}

makegood::statements! {
    /// Whose an order is.
    OWN = "update shop_order set customer_id = ?1 where number = ?2";
}

async fn cases_of(shop: &Shop, order: &str, claim: &str) -> Vec<Json> {
    let agent = shop.token("reader", &[Scope::Read], None).await.1;
    let page = agent.get(&format!("/v1/cases?order={order}")).await.json();
    let all = page["data"].as_array().unwrap().clone();
    all.into_iter()
        .filter(|case| case["claim"] == claim)
        .collect()
}

async fn link_of(shop: &Shop, case: &str, revoke: bool) -> String {
    let body = json!({"revoke_earlier": revoke});
    let made = shop
        .customer()
        .await
        .post(&format!("/v1/cases/{case}/links"), &body)
        .await
        .json();
    let url = made["url"].as_str().unwrap();
    url[url.find("/c/").unwrap()..].to_owned()
}

async fn the_form_leads_to_a_case_without_a_script(ground: Ground) {
    let shop = Shop::open(ground).await;
    known(&shop, "VL-1", "ann@example.com").await;
    let customer = shop.stranger();
    let page = customer.get("/help?language=en").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'; style-src 'self';")
    );
    assert!(!page.text().contains("<script") && !page.text().contains(" style="));

    let asked = [
        ("order", "VL-1"),
        ("email", "Ann@example.com"),
        ("words", "I only got 750 of them, a part is missing."),
    ];
    let second = send(&customer, "/help?language=en", &asked, &[]).await;
    assert_eq!(second.status, 200, "{}", second.text());
    assert!(
        second
            .text()
            .contains("value=\"incomplete\" required checked"),
        "{}",
        second.text()
    );
    let once = field(&second.text(), "once");

    let mut all = asked.to_vec();
    all.extend([
        ("claim", "incomplete"),
        ("wants", "refund"),
        ("account", ""),
        ("once", once.as_str()),
    ]);
    // A file that cannot be opened safely is told at once, and what was written stays.
    let amiss = send(
        &customer,
        "/help?language=en",
        &all,
        &[("a.html", b"<html><script>alert(1)</script>")],
    )
    .await;
    assert_eq!(amiss.status, 422);
    assert!(amiss.text().contains("A file could not be taken"));

    let note: &[u8] = b"the counter said 3060\n";
    let heard = send(&customer, "/help?language=en", &all, &[("note.txt", note)]).await;
    assert_eq!(heard.status, 200, "{}", heard.text());
    assert!(heard.text().contains("We have it"));
    // Sent twice, it counts once.
    assert_eq!(
        send(&customer, "/help?language=en", &all, &[("note.txt", note)])
            .await
            .status,
        200
    );
    let cases = cases_of(&shop, "VL-1", "incomplete").await;
    assert_eq!(cases.len(), 1);
    let case = cases[0]["id"].as_str().unwrap();
    let agent = shop.agent().await;
    let read = agent.get(&format!("/v1/cases/{case}")).await.json();
    assert_eq!(read["channel"], "form");
    assert_eq!(read["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        read["messages"][0]["attachments"].as_array().unwrap().len(),
        1
    );

    shop.tend(&read).await;
    // The first letter leads here by itself.
    let read = agent.get(&format!("/v1/cases/{case}")).await.json();
    let letter = read["letters"][0]["id"].as_str().unwrap().to_owned();
    let letter = agent.get(&format!("/v1/letters/{letter}")).await.json();
    let text = letter["text"].as_str().unwrap();
    let leads = text.split_whitespace().find_map(|word| {
        let at = word.find("/c/")?;
        Some(word[at..].to_owned())
    });
    assert_eq!(customer.get(&leads.unwrap()).await.status, 200, "{text}");
    let link = link_of(&shop, case, false).await;
    let page = customer.get(&link).await;
    assert_eq!(page.status, 200);
    for words in [
        "I only got 750 of them",
        "Delivered",
        "TEXT",
        "<svg class=\"curve\"",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    // An agent accepts, and the page tells the decision with its clause, its working and its proof.
    let read = agent.get(&format!("/v1/cases/{case}")).await.json();
    let no = read["decisions"].as_array().unwrap().last().unwrap()["no"].clone();
    let accepted = agent
        .post(
            &format!("/v1/cases/{case}/decisions/{no}/accept"),
            &json!({}),
        )
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    shop.seal().await;
    shop.tend(&read).await;
    let page = customer.get(&link).await.text();
    for words in [
        "EUR 12.48",
        "<blockquote data-clause=",
        "class=\"result\"",
        "/proof\" download",
        "Appeal the decision",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let danish = customer.get(&format!("{link}?language=da")).await.text();
    assert!(danish.contains("12,48 EUR"), "{danish}");
    let proof = customer.get(&format!("{link}/proof")).await;
    assert_eq!(proof.status, 200);
    assert!(
        proof.text().starts_with("c2sp.org/tlog-proof@v1\n"),
        "{}",
        proof.text()
    );

    let sent = send(
        &customer,
        &link,
        &[
            ("do", "message"),
            ("text", "Thank you!"),
            ("once", "c0123456789abcdef"),
        ],
        &[],
    )
    .await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert!(sent.header("location").unwrap().contains("told=message"));
    assert!(customer.get(&link).await.text().contains("Thank you!"));
    let appeal = send(
        &customer,
        &link,
        &[
            ("do", "appeal"),
            ("text", "More is missing."),
            ("once", "b0123456789abcdef"),
        ],
        &[],
    )
    .await;
    assert_eq!(appeal.status, 303, "{}", appeal.text());
    assert!(
        customer
            .get(&link)
            .await
            .text()
            .contains("More is missing.")
    );
}

async fn whoever_probes_the_form_learns_nothing(ground: Ground) {
    let shop = Shop::open(ground).await;
    known(&shop, "VL-1", "ann@example.com").await;
    known(&shop, "VL-2", "bo@example.com").await;
    shop.order("VL-3").await;
    let stranger = shop.stranger();
    let mut answers = BTreeSet::new();
    for (order, mail) in [
        ("VL-1", "ann@example.com"),
        ("VL-1", "bo@example.com"),
        ("VL-1", "nobody@example.com"),
        ("VL-3", "ann@example.com"),
        ("VL-404", "ann@example.com"),
        ("VL-404", "nobody@example.com"),
    ] {
        let fields = [
            ("order", order),
            ("email", mail),
            ("words", "It is slow."),
            ("claim", "slow"),
        ];
        let answer = send(&stranger, "/help?language=en", &fields, &[]).await;
        assert_eq!(answer.status, 200);
        let headers: BTreeMap<String, String> = answer
            .headers
            .iter()
            .filter(|(name, _)| {
                !["content-length", "x-request-id"].contains(&name.as_str())
                    && !name.as_str().starts_with("ratelimit")
            })
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        answers.insert((headers, answer.text().replace(mail, "…")));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Only who showed what the shop knows has a case; and one waits for an order that nobody knows.
    assert_eq!(cases_of(&shop, "VL-1", "slow").await.len(), 1);
    assert_eq!(cases_of(&shop, "VL-3", "slow").await.len(), 0);
    let waiting = cases_of(&shop, "VL-404", "slow").await;
    assert_eq!(waiting.len(), 1);
    // Nobody's letters go to an address that was only claimed.
    assert_eq!(waiting[0]["customer"], Json::Null);
}

async fn links_that_do_not_count_are_answered_alike(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let body = json!({"order": "VL-1", "claim": "slow", "customer": {"reference": "ann"}});
    let case = shop.customer().await.post("/v1/cases", &body).await.json();
    let id = case["id"].as_str().unwrap();
    let stranger = shop.stranger();
    let good = link_of(&shop, id, false).await;
    assert_eq!(stranger.get(&good).await.status, 200);

    let mut digits = [0; 16];
    for (at, byte) in digits.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&id[5 + at * 2..7 + at * 2], 16).unwrap();
    }
    let now = shop.ready.shop.clock.now();
    let own = Links::new(&shop.ready.link_secret);
    let foreign = Links::new(&makegood::secret::Secret::new("another desk's"));
    let before = now
        .plus(Duration::from_seconds(-1))
        .plus(Duration::from_seconds(
            -i64::try_from(LINK_LASTS.nanoseconds() / 1_000_000_000).unwrap(),
        ));
    let mut forged = good.clone();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(forged.len() - 1.., last);
    let mut other_case = good.clone().into_bytes();
    other_case[10] = if other_case[10] == b'x' { b'y' } else { b'x' };
    let newer = link_of(&shop, id, true).await;
    let bad = [
        ("forged", forged),
        ("of another case", String::from_utf8(other_case).unwrap()),
        (
            "of another desk",
            format!("/c/{}", foreign.link(Id(digits), now)),
        ),
        ("run out", format!("/c/{}", own.link(Id(digits), before))),
        ("of no case", format!("/c/{}", own.link(Id([7; 16]), now))),
        ("taken back", good),
        ("nothing", "/c/abc".to_owned()),
        ("a sign-in link", "/c/mgl_abc".to_owned()),
    ];
    let mut answers = BTreeSet::new();
    for (what, link) in &bad {
        let answer = stranger.get(&format!("{link}?language=en")).await;
        assert_eq!(answer.status, 410, "{what}");
        answers.insert(answer.text());
        assert_eq!(
            stranger.get(&format!("{link}/proof")).await.status,
            410,
            "{what}"
        );
        let sent = send(
            &stranger,
            link,
            &[("do", "message"), ("text", "hello")],
            &[],
        )
        .await;
        assert_eq!(sent.status, 410, "{what}");
    }
    assert_eq!(answers.len(), 1);
    shop.ready.shop.clock.advance(2);
    assert_eq!(stranger.get(&newer).await.status, 200);
}

/// What would run or break out if it were not escaped.
const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\" autofocus onfocus=\"alert(1)",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--><script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
];

/// Whether a page holds only the tags that its template has, whatever was filled in.
fn assert_tame(page: &str, what: &str) {
    let lower = page.to_lowercase();
    for bad in [
        "<script",
        "<img src=x",
        "<svg onload",
        "<iframe",
        "onerror=alert(1)>",
        "\" autofocus",
    ] {
        assert!(!lower.contains(bad), "{what} holds `{bad}`: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_comes_out_as_words() {
    let shop = Shop::open(Ground::Sqlite).await;
    let stranger = shop.stranger();
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let first = send(
            &stranger,
            "/help",
            &[("order", payload), ("email", payload), ("words", payload)],
            &[],
        )
        .await;
        assert_tame(&first.text(), "the first step");
        let fields = [
            ("order", *payload),
            ("email", "ann@example.com"),
            ("words", *payload),
        ];
        let second = send(&stranger, "/help", &fields, &[]).await;
        assert_eq!(second.status, 200);
        assert_tame(&second.text(), "the second step");
        let query: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        assert_tame(
            &stranger.get(&format!("/help?order={query}")).await.text(),
            "a filled-in order",
        );
        let order = format!("{payload} {number}");
        let body = json!({"order": order, "claim": "account_faulty", "account": payload, "description": payload, "customer": {"reference": payload}});
        let case = shop.customer().await.post("/v1/cases", &body).await.json();
        let link = link_of(&shop, case["id"].as_str().unwrap(), false).await;
        let sent = send(
            &stranger,
            &link,
            &[("do", "message"), ("text", payload), ("about", payload)],
            &[],
        )
        .await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        shop.tend(&case).await;
        let page = stranger.get(&link).await;
        assert_eq!(page.status, 200);
        assert_tame(&page.text(), "the page of a case");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_another_site_sends_is_refused() {
    let shop = Shop::open(Ground::Sqlite).await;
    let stranger = shop.stranger();
    for path in ["/help", "/c/abc"] {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://elsewhere.example"),
        ] {
            let request = stranger
                .request("POST", path)
                .header(name, value)
                .header("content-type", "application/x-www-form-urlencoded");
            let answer = stranger
                .ask(request.body(Body::from("order=1")).unwrap())
                .await;
            assert_eq!(answer.slug(), "foreign-site", "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages_and_is_drawn_with_one_stylesheet() {
    let shop = Shop::open(Ground::Sqlite).await;
    let stranger = shop.stranger();
    let mut sheets = BTreeSet::new();
    for path in [
        "/policy",
        "/policy/2025-10-02",
        "/contact",
        "/help",
        "/c/abc",
        "/docs",
        "/problems",
        "/sign-in/mgl_none",
    ] {
        let mut pages = Vec::new();
        for language in ["da", "en"] {
            let request = stranger
                .request("GET", path)
                .header("accept-language", language);
            let answer = stranger.ask(request.body(Body::empty()).unwrap()).await;
            let page = answer.text();
            assert!(
                answer
                    .header("content-security-policy")
                    .unwrap()
                    .contains("style-src 'self'"),
                "{path}"
            );
            assert!(
                !page.contains("<style")
                    && !page.contains("<script")
                    && !page.contains(" style=\""),
                "{path}"
            );
            let sheet = page
                .split("rel=\"stylesheet\" href=\"")
                .nth(1)
                .unwrap_or_else(|| panic!("{path}"));
            sheets.insert(sheet.split('"').next().unwrap().to_owned());
            pages.push(page);
        }
        if path != "/docs" {
            assert_ne!(pages[0], pages[1], "{path}");
        }
    }
    assert_eq!(sheets.len(), 1);
    let sheet = stranger.get(sheets.first().unwrap()).await;
    assert_eq!(
        sheet.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert_eq!(
        sheet.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(stranger.get("/policy/1999-01-01").await.status, 404);
}

// ---- The catalogue -------------------------------------------------------------------------------------------------------------

/// Just as much of Fluent as the catalogue uses.
mod fluent_syntax_words {
    use std::collections::{BTreeMap, BTreeSet};

    /// Messages by name.
    pub fn read(text: &str) -> BTreeMap<String, String> {
        let mut out: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            match line
                .split_once(" = ")
                .filter(|_| !line.starts_with([' ', '}']))
            {
                Some((id, words)) => {
                    assert!(
                        out.insert(id.to_owned(), words.to_owned()).is_none(),
                        "{id} stands twice"
                    );
                    last = id.to_owned();
                }
                None => out.get_mut(&last).unwrap().push_str(line),
            }
        }
        out
    }

    /// What is filled into a message.
    pub fn placeables(words: &str) -> BTreeSet<String> {
        let parts = words.split("{ $").skip(1);
        parts
            .map(|part| part.split([' ', '}']).next().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn every_text_stands_in_both_languages_is_used_and_is_filled_in_alike() {
    let whole = |texts: [&str; 2]| {
        let mut all = read(texts[0]);
        for (id, words) in read(texts[1]) {
            assert!(all.insert(id.clone(), words).is_none(), "{id} stands twice");
        }
        all
    };
    let (danish, english) = (whole([DANISH, DESK_DANISH]), whole([ENGLISH, DESK_ENGLISH]));
    for text in [DANISH, ENGLISH, DESK_DANISH, DESK_ENGLISH] {
        assert!(fluent_bundle::FluentResource::try_new(text.to_owned()).is_ok());
    }
    let names =
        |catalogue: &BTreeMap<String, String>| catalogue.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&danish), names(&english));
    for (id, words) in &danish {
        assert_eq!(placeables(words), placeables(&english[id]), "{id}");
        assert!(
            !words.trim().is_empty() && !english[id].trim().is_empty(),
            "{id}"
        );
    }
    // What pages and programs name, and nothing else, is in the catalogue.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut used = String::new();
    for folder in [
        "pages",
        "portal",
        "portal/case",
        "portal/chat",
        "console",
        "console/case",
        "console/settings",
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|ending| ending == "html" || ending == "rs")
            {
                used.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    // Those whose ids are put together from the desk's own words; that each word has one is tested where the words are.
    let made = [
        "claim-",
        "letter-",
        "wants-",
        "desk-by-",
        "desk-channel-",
        "desk-check-",
        "desk-command-",
        "desk-deed-",
        "desk-answered-",
        "desk-dispute-money-",
        "desk-dispute-reason-",
        "desk-dispute-state-",
        "desk-event-",
        "desk-evidence-",
        "desk-exhibit-",
        "desk-in-",
        "desk-late-",
        "desk-log-",
        "desk-outcome-",
        "desk-proof-",
        "desk-refund-",
        "desk-reply-field-",
        "desk-report-by-",
        "desk-set-off-",
        "desk-set-role-",
        "desk-set-section-",
        "desk-set-sent-",
        "desk-stage-",
        "desk-team-",
        "desk-todo-",
        "desk-told-",
        "desk-view-",
        "desk-whom-",
        "desk-do-",
        "desk-draft-not-",
    ];
    for id in danish
        .keys()
        .filter(|id| !made.iter().any(|made| id.starts_with(made)))
    {
        assert!(
            used.contains(&format!("\"{id}\"")),
            "`{id}` is used nowhere"
        );
    }
    for call in [
        "say.t(\"",
        "say.one(\"",
        "say.with(\"",
        "say\n        .with(\"",
    ] {
        for part in used.split(call).skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(danish.contains_key(id), "`{id}` is missing");
        }
    }
    for word in [
        "not_started",
        "not_received",
        "incomplete",
        "changed_mind",
        "no_benefit",
        "quality",
        "slow",
        "dropped",
        "wrong_target",
        "stop",
        "auto_not_working",
        "account_faulty",
        "renewal",
        "other",
    ] {
        assert!(danish.contains_key(&format!("claim-{word}")), "{word}");
    }
    for word in [
        "received",
        "question",
        "reminder",
        "update",
        "decision",
        "paid",
        "failed",
        "done",
        "not_done",
        "disputed",
        "closed",
        "reopened",
        "heard",
        "exchanged",
        "reply",
    ] {
        assert!(danish.contains_key(&format!("letter-{word}")), "{word}");
    }
}

#[test]
fn a_customers_words_suggest_the_claim_they_sound_like() {
    for (words, claim) in [
        ("Ordren er ikke startet endnu", ClaimKind::NotStarted),
        ("It has not started", ClaimKind::NotStarted),
        ("My followers dropped by half", ClaimKind::Dropped),
        ("Mine følgere er faldet igen", ClaimKind::Dropped),
        ("I only got 300 of 500", ClaimKind::Incomplete),
        ("De kommer fra det forkerte land", ClaimKind::WrongTarget),
        (
            "I was charged again for the subscription",
            ClaimKind::Renewal,
        ),
        (
            "Jeg kan ikke logge ind på kontoen",
            ClaimKind::AccountFaulty,
        ),
        ("Jeg har fortrudt", ClaimKind::ChangedMind),
        ("Det går for langsomt", ClaimKind::Slow),
        ("Hello?", ClaimKind::Other),
    ] {
        assert_eq!(suggest::claim(words), claim, "{words}");
    }
}
