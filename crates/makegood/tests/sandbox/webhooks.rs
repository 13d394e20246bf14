// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks: who is told what, how often, in which order, with which signature.

use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::{Webhook, signature};
use serde_json::{Value, json};

use super::desk::{Desk, START, desk, items, post, text};

fn endpoint(desk: &Desk, events: &[&str]) -> (String, String) {
    let mut form = vec![("url", "http://127.0.0.1:9/hook")];
    form.extend(events.iter().map(|event| ("enabled_events[]", *event)));
    let made = desk.post("/v1/webhook_endpoints", &form);
    (text(&made["id"]), text(&made["secret"]))
}

fn kinds(webhooks: &[Webhook]) -> Vec<&'static str> {
    webhooks.iter().map(|webhook| webhook.kind).collect()
}

fn taken(desk: &Desk) -> Vec<Webhook> {
    desk.sandbox.take_webhooks().expect("no journal to fail")
}

#[test]
fn a_signature_is_an_hmac_over_the_time_and_the_raw_body() {
    let signed = signature("whsec_test", 1_492_774_577, "{\"id\":\"evt_1\"}");
    assert_eq!(signed, format!("t=1492774577,v1={KNOWN}"));
}

/// By Python: `hmac.new(b"whsec_test", b'1492774577.{"id":"evt_1"}', "sha256").hexdigest()`.
const KNOWN: &str = "7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2";

#[test]
fn an_endpoint_is_told_what_it_asked_for() {
    let desk = desk();
    endpoint(&desk, &["refund.created", "charge.refunded"]);
    endpoint(&desk, &["*"]);
    endpoint(&desk, &["charge.dispute.*"]);
    let charge = desk.payment("1000", "pm_card_visa");
    desk.refund(&charge, "10");
    desk.control("disputes", &json!({ "charge": charge }));
    let mut told = kinds(&taken(&desk));
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "charge.dispute.created",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_withdrawn",
            "charge.refunded",
            "charge.refunded",
            "charge.succeeded",
            "refund.created",
            "refund.created",
        ]
    );
    assert_eq!(taken(&desk), []);
}

#[test]
fn a_webhook_is_the_event_and_is_signed_for_each_endpoint() {
    let desk = desk();
    let secrets = [
        endpoint(&desk, &["refund.created"]).1,
        endpoint(&desk, &["refund.created"]).1,
    ];
    let charge = desk.payment("1000", "pm_card_visa");
    let call = post("/v1/refunds", &[("charge", &charge)]).keyed("k");
    desk.call(&call);
    let webhooks = taken(&desk);
    assert_eq!(webhooks.len(), 2);
    for (webhook, secret) in webhooks.iter().zip(secrets) {
        assert_eq!(webhook.signature, signature(&secret, START, &webhook.body));
        let event: Value = serde_json::from_str(&webhook.body).expect("JSON");
        assert_eq!(event["request"]["idempotency_key"], "k");
        assert_eq!(event["api_version"], "2026-10-28.endive");
        assert_eq!(event["pending_webhooks"], 2);
        assert_eq!(event["data"]["object"]["charge"], charge);
        let stored = desk.get(&format!("/v1/events/{}", text(&event["id"])));
        assert_eq!(stored["data"], event["data"]);
        assert_eq!(stored["pending_webhooks"], 0);
    }
}

#[test]
fn a_webhook_that_does_not_arrive_is_tried_for_three_days() {
    let desk = desk();
    endpoint(&desk, &["charge.succeeded"]);
    desk.payment("1000", "pm_card_visa");
    let mut tries = 0;
    let mut last = 0;
    for hour in 0..100 {
        for webhook in desk.sandbox.webhooks_due() {
            desk.sandbox
                .webhook_ended(&webhook, false)
                .expect("no journal to fail");
            tries += 1;
            last = hour;
        }
        desk.wait(3600);
    }
    assert!((5..50).contains(&tries), "{tries} tries");
    assert!((48..=72).contains(&last), "given up after {last} hours");
}

#[test]
fn doubles_and_disorder_come_on_demand() {
    let rows = [
        (
            "duplicate_webhooks",
            vec![
                "refund.created",
                "refund.created",
                "charge.refunded",
                "charge.refunded",
            ],
        ),
        (
            "disordered_webhooks",
            vec!["charge.refunded", "refund.created"],
        ),
    ];
    for (fault, order) in rows {
        let desk = desk();
        endpoint(&desk, &["*"]);
        let charge = desk.payment("1000", "pm_card_visa");
        taken(&desk);
        desk.control("faults", &json!({ "path": "/v1/refunds", "fault": fault }));
        desk.refund(&charge, "10");
        assert_eq!(kinds(&taken(&desk)), order, "{fault}");
        desk.refund(&charge, "10");
        assert_eq!(kinds(&taken(&desk)), ["refund.created", "charge.refunded"]);
    }
}

#[test]
fn a_webhook_can_come_before_its_answer() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    desk.control(
        "faults",
        &json!({ "path": "/v1/refunds", "fault": "webhook_before_answer" }),
    );
    let answer = desk.call(&post("/v1/refunds", &[("charge", &charge)]));
    assert!(answer.webhooks_first);
}

#[test]
fn an_endpoint_that_is_removed_or_disabled_hears_nothing_more() {
    let desk = desk();
    let (gone, _) = endpoint(&desk, &["*"]);
    let (silent, _) = endpoint(&desk, &["*"]);
    desk.payment("1000", "pm_card_visa");
    desk.call(&Call::new(
        Method::Delete,
        &format!("/v1/webhook_endpoints/{gone}"),
    ));
    desk.post(
        &format!("/v1/webhook_endpoints/{silent}"),
        &[("disabled", "true")],
    );
    desk.payment("1000", "pm_card_visa");
    assert_eq!(taken(&desk).len(), 1);
    let call = Call::new(Method::Get, &format!("/v1/webhook_endpoints/{gone}"));
    assert_eq!(desk.refused(&call).0, 404);
    assert_eq!(
        desk.get(&format!("/v1/webhook_endpoints/{silent}"))["secret"],
        Value::Null
    );
}

#[test]
fn an_address_without_a_scheme_is_refused() {
    let desk = desk();
    for url in ["127.0.0.1/hook", "ftp://127.0.0.1/", "hook"] {
        let call = post(
            "/v1/webhook_endpoints",
            &[("url", url), ("enabled_events[]", "*")],
        );
        assert_eq!(desk.refused(&call).1["code"], "url_invalid", "{url}");
    }
}

#[test]
fn events_can_be_listed_by_kind_and_are_forgotten_after_thirty_days() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    desk.refund(&charge, "10");
    let seen = |query: &str| {
        desk.get(&format!("/v1/events{query}"))["data"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(seen(""), Some(3));
    assert_eq!(seen("?type=refund.created"), Some(1));
    assert_eq!(seen("?type=charge.*"), Some(2));
    assert_eq!(
        seen("?types[]=refund.created&types[]=charge.succeeded"),
        Some(2)
    );
    desk.wait(31 * 86_400);
    assert_eq!(seen(""), Some(0));
}

#[test]
fn only_so_many_events_are_kept_as_were_asked_for() {
    for (keep, seen) in [(0, 0), (2, 2), (50, 7)] {
        let desk = desk();
        desk.control("events", &json!({ "keep": keep }));
        let charge = desk.payment("1000", "pm_card_visa");
        for _ in 0..3 {
            desk.refund(&charge, "10");
        }
        assert_eq!(desk.events().len(), seen, "{keep}");
        assert_eq!(
            items(&desk.get(&format!("/v1/refunds?charge={charge}"))).len(),
            3
        );
    }
}

#[test]
fn an_endpoint_is_told_even_where_no_events_are_to_be_kept() {
    let desk = desk();
    desk.control("events", &json!({ "keep": 0 }));
    endpoint(&desk, &["refund.created"]);
    let charge = desk.payment("1000", "pm_card_visa");
    for _ in 0..3 {
        desk.refund(&charge, "10");
    }
    assert_eq!(kinds(&taken(&desk)), ["refund.created"; 3]);
}
