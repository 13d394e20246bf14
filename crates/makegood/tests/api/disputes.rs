// SPDX-License-Identifier: MIT OR Apache-2.0
//! A dispute is answered on its page: staged as often as one likes, handed in or accepted once, by whoever may, and never both.

use axum::body::Body;
use makegood::books::disputes::dispute_seen;
use makegood::books::people::Role;
use makegood::dispute::{Deadline, TEXTS};
use makegood::pay::sandbox::call::{Call, Method};
use makegood_desk::case::Duration;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    a_dispute_is_staged_looked_at_and_handed_in_once,
    what_somebody_wrote_at_the_provider_is_kept_and_noticed,
    a_text_that_is_too_long_is_refused_here_and_not_lost,
    money_that_the_policy_owes_is_accepted_and_not_contested,
    a_loss_is_accepted_by_whoever_looks_after_money,
    where_nobody_knows_the_same_may_be_done_again_and_the_other_may_not,
    what_no_provider_told_of_is_answered_elsewhere,
    what_was_staged_is_handed_in_before_it_is_too_late,
}

/// The sandbox's answer to a question of its own interface.
fn there(shop: &Shop, path: &str) -> Json {
    let mut call = Call::new(Method::Get, path);
    call.authorization = Some("Bearer sk_test_sandbox".to_owned());
    shop.sandbox.call(&call).unwrap().value()
}

fn at_bank(shop: &Shop, dispute: &str) -> Json {
    there(shop, &format!("/v1/disputes/{dispute}"))
}

/// The bank opens a dispute, and the desk hears of it.
async fn opened(shop: &Shop, charge: &str) -> String {
    let new = json!({"charge": charge, "reason": "product_not_received"});
    let id = shop.bank("/_sandbox/disputes", &new)["id"].clone();
    let id = id.as_str().unwrap().to_owned();
    heard(shop, &id).await;
    id
}

async fn heard(shop: &Shop, id: &str) {
    let provider = shop.ready.shop.providers.get("card").unwrap();
    let seen = provider.dispute(id).await.said.unwrap();
    let now = shop.ready.shop.clock.now();
    dispute_seen(&shop.ready.shop.desk, "card", &seen, now)
        .await
        .unwrap();
}

async fn read(visitor: &Visitor, path: &str) -> String {
    let request = visitor.request("GET", path).header("accept-language", "en");
    let answer = visitor.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn sends(visitor: &Visitor, dispute: &str, fields: &[(&str, &str)]) -> Answered {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = visitor
        .request("POST", &format!("/desk/disputes/{dispute}"))
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(form)).unwrap()).await
}

/// What the page remembers of what lay at the provider when it was opened.
async fn mark(visitor: &Visitor, dispute: &str) -> String {
    let page = read(visitor, &format!("/desk/disputes/{dispute}")).await;
    let after = page.split("name=\"mark\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

async fn does(visitor: &Visitor, dispute: &str, fields: &[(&str, &str)]) -> Answered {
    let mark = mark(visitor, dispute).await;
    let mut fields = fields.to_vec();
    fields.push(("mark", &mark));
    sends(visitor, dispute, &fields).await
}

fn led_on(answer: &Answered, told: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location").unwrap();
    assert!(place.ends_with(&format!("?told={told}")), "{place}");
}

fn refused(answer: &Answered, words: &str) {
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(answer.text().contains(words), "{words}: {}", answer.text());
}

async fn a_dispute_is_staged_looked_at_and_handed_in_once(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, program) = (shop.agent().await, shop.customer().await);
    let charge = shop.order("VL-1").await;
    let case = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund"});
    let case = program.post("/v1/cases", &case).await.json();
    let id = opened(&shop, &charge).await;
    shop.tend(&case).await;

    let list = read(&agent, "/desk/disputes").await;
    assert!(list.contains(&format!("/desk/disputes/{id}\"")), "{list}");
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    for words in [
        "Not received",
        "Proof of completion",
        "ask the shop for the page and time of consent",
        "delivery began; the public counter showed 2,310",
        "Order VL-1: 1,000 sign-ups of “Newsletter sign-ups” for EUR 49.90",
        "of 20,000 characters",
        "EUR 49.90 comes back if the bank agrees. The fee of EUR 15.00 is taken already.",
        "value=\"stage\"",
        "Owed without the dispute",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        page.contains("Support: ") && page.contains("/c/…") && !page.contains("/c/AQ"),
        "no bank is told the way into the case: {page}"
    );
    assert!(
        !page.contains("value=\"submit\""),
        "what is not staged cannot be handed in: {page}"
    );
    refused(
        &does(&agent, &id, &[("do", "submit"), ("name", &id)]).await,
        "Stage the evidence first",
    );

    let texts = [
        ("do", "stage"),
        ("product_description", "1,000 sign-ups"),
        ("uncategorized_text", "One line\r\nand another"),
    ];
    led_on(&does(&agent, &id, &texts).await, "staged");
    let bank = at_bank(&shop, &id);
    assert_eq!(
        bank["evidence"]["uncategorized_text"],
        "One line\nand another"
    );
    assert_eq!(bank["evidence_details"]["submission_count"], 0);
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(
        page.contains("lies at the provider") && page.contains("Evidence staged · Agnes"),
        "{page}"
    );

    refused(
        &does(&agent, &id, &[("do", "submit"), ("name", "dp_other")]).await,
        "was not typed as it stands",
    );
    assert_eq!(at_bank(&shop, &id)["status"], "needs_response");
    // The policy proposes to answer the bank, and waits for somebody to say so.
    let tasks = async || program.get("/v1/tasks").await.json()["data"].clone();
    assert_eq!(tasks().await[0]["what"], "accept");
    led_on(
        &does(&agent, &id, &[("do", "submit"), ("name", &id)]).await,
        "submitted",
    );
    let bank = at_bank(&shop, &id);
    assert_eq!(
        (
            &bank["status"],
            &bank["evidence_details"]["submission_count"]
        ),
        (&json!("under_review"), &json!(1))
    );
    assert_eq!(tasks().await, json!([]), "whoever answers has said so");
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(
        page.contains("Evidence submitted · Agnes")
            && page.contains("Answered; the bank decides")
            && page.contains("This dispute waits for no answer.")
            && !page.contains("value=\"submit\""),
        "{page}"
    );
    // Neither again, nor the other way.
    refused(
        &does(&agent, &id, &[("do", "submit"), ("name", &id)]).await,
        "waits for no answer",
    );
    let finance = shop.somebody("Finn", Role::Finance).await;
    refused(
        &does(&finance, &id, &[("do", "accept"), ("name", &id)]).await,
        "waits for no answer",
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence_details"]["submission_count"],
        1
    );

    // An appeal is another chance.
    shop.bank(
        &format!("/_sandbox/disputes/{id}"),
        &json!({"status": "lost"}),
    );
    shop.bank(
        &format!("/_sandbox/disputes/{id}"),
        &json!({"status": "appeal_needs_response"}),
    );
    led_on(
        &does(&agent, &id, &[("do", "submit"), ("name", &id)]).await,
        "submitted",
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence_details"]["submission_count"],
        2
    );
}

async fn what_somebody_wrote_at_the_provider_is_kept_and_noticed(ground: Ground) {
    let shop = Shop::open(ground).await;
    let agent = shop.agent().await;
    let charge = shop.order("VL-1").await;
    let id = opened(&shop, &charge).await;
    let before = mark(&agent, &id).await;
    let provider = shop.ready.shop.providers.get("card").unwrap();
    let by_hand = [
        ("customer_name", "Karen Blixen"),
        ("product_description", "As I wrote it"),
    ];
    let by_hand = by_hand.map(|(field, text)| (field.to_owned(), text.to_owned()));
    provider.stage_evidence(&id, &by_hand.into()).await;

    let stale = [
        ("do", "stage"),
        ("product_description", "From the desk"),
        ("mark", before.as_str()),
    ];
    let answer = sends(&agent, &id, &stale).await;
    refused(&answer, "has changed since this page was opened");
    assert!(
        answer.text().contains("From the desk"),
        "what was written is not lost: {}",
        answer.text()
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence"]["product_description"],
        "As I wrote it"
    );
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(
        page.contains("As I wrote it")
            && page.contains("Filled at the provider and kept: customer name.")
            && page.contains("What the records say now"),
        "{page}"
    );
    let texts = [("do", "stage"), ("service_date", "2026-09-24")];
    led_on(&does(&agent, &id, &texts).await, "staged");
    let evidence = at_bank(&shop, &id)["evidence"].clone();
    assert_eq!(
        (
            &evidence["customer_name"],
            &evidence["product_description"],
            &evidence["service_date"]
        ),
        (
            &json!("Karen Blixen"),
            &json!("As I wrote it"),
            &json!("2026-09-24")
        )
    );
}

async fn a_text_that_is_too_long_is_refused_here_and_not_lost(ground: Ground) {
    let shop = Shop::open(ground).await;
    let agent = shop.agent().await;
    let charge = shop.order("VL-1").await;
    let id = opened(&shop, &charge).await;
    let long = "ø".repeat(20_001);
    let texts = [("do", "stage"), ("uncategorized_text", long.as_str())];
    let answer = does(&agent, &id, &texts).await;
    refused(
        &answer,
        "The whole story: 20,001 characters, and 20,000 are allowed.",
    );
    assert!(
        answer.text().contains(&long),
        "what was written is not lost"
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence_details"]["has_evidence"],
        false
    );
    // As long as may be, in every field.
    let full = "ø".repeat(20_000);
    let texts: Vec<(&str, &str)> = TEXTS.iter().map(|name| (*name, full.as_str())).collect();
    let texts = [vec![("do", "stage")], texts].concat();
    led_on(&does(&agent, &id, &texts).await, "staged");
    assert_eq!(at_bank(&shop, &id)["evidence"][TEXTS[0]], full.as_str());
}

async fn money_that_the_policy_owes_is_accepted_and_not_contested(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, program) = (shop.agent().await, shop.customer().await);
    // Ordered days ago, and never begun.
    let payment = json!({"amount": 4990, "currency": "eur"});
    let charge = shop.bank("/_sandbox/payments", &payment)["id"].clone();
    let charge = charge.as_str().unwrap().to_owned();
    let now = shop.ready.shop.clock.timestamp();
    let placed = (now - jiff::SignedDuration::from_hours(200)).to_string();
    let money = json!({"amount": 4990, "currency": "EUR"});
    let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
    let order = json!({"number": "VL-9", "placed_at": placed, "quantity": 1000, "price": money, "links": [], "service": service});
    let payment = json!({"id": "p1", "at": placed, "amount": money, "kind": "one_time"});
    let lines = [
        json!({"type": "order", "order": order}),
        json!({"type": "payment", "order": "VL-9", "payment": payment, "provider": "card", "reference": charge}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    program
        .post_text("/v1/orders", "application/x-ndjson", &lines)
        .await;
    let id = opened(&shop, &charge).await;
    let case = json!({"order": "VL-9", "claim": "not_started", "wants": "refund"});
    let case = program.post("/v1/cases", &case).await.json();
    shop.tend(&case).await;

    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(
        page.contains("Accept the chargeback")
            && page.contains("The policy itself owes this money.")
            && !page.contains("value=\"submit\""),
        "{page}"
    );
    led_on(
        &does(&agent, &id, &[("do", "stage"), ("service_date", "none")]).await,
        "staged",
    );
    refused(
        &does(&agent, &id, &[("do", "submit"), ("name", &id)]).await,
        "it is not contested",
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence_details"]["submission_count"],
        0
    );
    // Where the policy says so, an agent may.
    led_on(
        &does(&agent, &id, &[("do", "accept"), ("name", &id)]).await,
        "conceded",
    );
    assert_eq!(at_bank(&shop, &id)["status"], "lost");
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(page.contains("Loss accepted · Agnes"), "{page}");
}

async fn a_loss_is_accepted_by_whoever_looks_after_money(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, finance) = (
        shop.agent().await,
        shop.somebody("Finn", Role::Finance).await,
    );
    let technician = shop.somebody("Tina", Role::Technical).await;
    let charge = shop.order("VL-1").await;
    let id = opened(&shop, &charge).await;
    for (who, act) in [
        (&agent, "accept"),
        (&technician, "accept"),
        (&technician, "stage"),
        (&technician, "submit"),
    ] {
        let answer = does(who, &id, &[("do", act), ("name", &id)]).await;
        assert_eq!(answer.status, 422, "{act}: {}", answer.text());
    }
    assert_eq!(at_bank(&shop, &id)["status"], "needs_response");
    led_on(
        &does(&finance, &id, &[("do", "accept"), ("name", &id)]).await,
        "conceded",
    );
    assert_eq!(at_bank(&shop, &id)["status"], "lost");
    let over = read(&agent, "/desk/disputes?view=over").await;
    assert!(
        over.contains(&id) && over.contains("money is gone"),
        "{over}"
    );
}

async fn where_nobody_knows_the_same_may_be_done_again_and_the_other_may_not(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, finance) = (
        shop.agent().await,
        shop.somebody("Finn", Role::Finance).await,
    );
    let charge = shop.order("VL-1").await;
    let id = opened(&shop, &charge).await;
    let texts = [("do", "stage"), ("uncategorized_text", "It was delivered.")];
    led_on(&does(&agent, &id, &texts).await, "staged");
    let trouble = |fault: &str| {
        let path = format!("/v1/disputes/{id}");
        let fault = json!({"method": "POST", "path": path, "nth": 1, "times": 1, "fault": fault});
        shop.bank("/_sandbox/faults", &fault);
    };
    let submits = [("do", "submit"), ("name", id.as_str())];
    // It did not arrive, but who knows?
    trouble("conflict_409");
    let answer = does(&agent, &id, &submits).await;
    refused(&answer, "Nobody knows whether it arrived");
    refused(&answer, "Submission: nobody knows · Agnes");
    refused(
        &does(&finance, &id, &[("do", "accept"), ("name", &id)]).await,
        "A dispute is answered once",
    );
    assert_eq!(at_bank(&shop, &id)["status"], "needs_response");
    // It arrives, and the answer to it is lost.
    trouble("lost_answer");
    refused(
        &does(&agent, &id, &submits).await,
        "Nobody knows whether it arrived",
    );
    let page = read(&agent, &format!("/desk/disputes/{id}")).await;
    assert!(
        page.contains("Evidence submitted · Agnes") && page.contains("waits for no answer"),
        "what is seen at the provider settles it: {page}"
    );
    assert_eq!(
        at_bank(&shop, &id)["evidence_details"]["submission_count"],
        1
    );
}

async fn what_no_provider_told_of_is_answered_elsewhere(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, program) = (shop.agent().await, shop.customer().await);
    shop.order("VL-1").await;
    let now = shop.ready.shop.clock.timestamp();
    let opened = (now - jiff::SignedDuration::from_hours(1)).to_string();
    let money = json!({"amount": 4990, "currency": "EUR"});
    let told =
        json!({"dispute": {"id": "d 1/2", "opened_at": opened, "status": "open", "amount": money}});
    let told = program.post("/v1/orders/VL-1/disputes", &told).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let list = read(&agent, "/desk/disputes").await;
    assert!(list.contains("/desk/disputes/d%201%2F2\""), "{list}");
    let page = read(&agent, "/desk/disputes/d%201%2F2").await;
    assert!(
        page.contains("Answer it where it came from") && !page.contains("value=\"stage\""),
        "{page}"
    );
    let absent = agent.get("/desk/disputes/nothing").await;
    assert_eq!(absent.status, 404, "{}", absent.text());
}

async fn what_was_staged_is_handed_in_before_it_is_too_late(ground: Ground) {
    let shop = Shop::open(ground).await;
    let agent = shop.agent().await;
    let mut disputes = Vec::new();
    for number in ["VL-1", "VL-2", "VL-3"] {
        let charge = shop.order(number).await;
        disputes.push(opened(&shop, &charge).await);
    }
    let texts = [("do", "stage"), ("uncategorized_text", "It was delivered.")];
    for staged in disputes.iter().take(2) {
        led_on(&does(&agent, staged, &texts).await, "staged");
    }
    // The sandbox's banks wait for fourteen days.
    let deadline = |hours: i64| Deadline {
        shop: shop.ready.shop.clone(),
        before: Duration::from_seconds(hours * 3_600),
    };
    assert_eq!(deadline(13 * 24).round().await.unwrap(), 0, "there is time");
    let refusal = json!({"method": "POST", "path": format!("/v1/disputes/{}", disputes[1]), "nth": 1, "times": 1, "fault": "refuse", "status": 400, "type": "invalid_request_error", "message": "Too many pages."});
    shop.bank("/_sandbox/faults", &refusal);
    assert_eq!(deadline(15 * 24).round().await.unwrap(), 1);
    assert_eq!(
        deadline(15 * 24).round().await.unwrap(),
        0,
        "once, and not again at once"
    );
    let submitted =
        |dispute: &str| at_bank(&shop, dispute)["evidence_details"]["submission_count"].clone();
    let counts: Vec<Json> = disputes.iter().map(|dispute| submitted(dispute)).collect();
    assert_eq!(
        counts,
        [json!(1), json!(0), json!(0)],
        "only what somebody staged"
    );
    let page = read(&agent, &format!("/desk/disputes/{}", disputes[1])).await;
    assert!(
        page.contains("Submission not taken by the provider; unspent")
            && page.contains("Too many pages."),
        "{page}"
    );
    // What was refused is unspent: a person hands it in.
    led_on(
        &does(
            &agent,
            &disputes[1],
            &[("do", "submit"), ("name", &disputes[1])],
        )
        .await,
        "submitted",
    );
}
