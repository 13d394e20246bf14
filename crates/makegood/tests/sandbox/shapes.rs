// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the sandbox answers has the members of Stripe's own example objects: no more, no less, but for the differences named here.

use std::collections::BTreeSet;

use makegood::pay::sandbox::call::Call;
use serde_json::{Value, json};

use super::desk::{Desk, desk, items, text};

const FIXTURES: &str = include_str!("../stripe/fixtures.json");

fn names(value: &Value) -> BTreeSet<&str> {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("{value} is no object"));
    object.keys().map(String::as_str).collect()
}

/// One object of each kind.
fn world(desk: &Desk) -> Vec<(&'static str, Value)> {
    let customer = desk.post("/v1/customers", &[("email", "ida@example.test")]);
    let price = [
        ("customer", customer["id"].as_str().expect("a name")),
        ("items[0][price_data][currency]", "dkk"),
        ("items[0][price_data][unit_amount]", "9900"),
        ("items[0][price_data][recurring][interval]", "month"),
    ];
    let subscription = desk.post("/v1/subscriptions", &price);
    let invoice = desk.get(&format!(
        "/v1/invoices/{}",
        text(&subscription["latest_invoice"])
    ));
    let target = format!("/v1/invoice_payments?invoice={}", text(&invoice["id"]));
    let payment = items(&desk.get(&target))[0].clone();
    let charge = desk.payment("1000", "pm_card_visa");
    let refund = desk.refund(&charge, "10");
    let dispute = desk.control("disputes", &json!({ "charge": charge }));
    let charge = desk.get(&format!("/v1/charges/{charge}"));
    let intent = desk.get(&format!(
        "/v1/payment_intents/{}",
        text(&charge["payment_intent"])
    ));
    let event = items(&desk.get("/v1/events"))[0].clone();
    let transactions = desk.get("/v1/balance_transactions?type=charge");
    vec![
        ("customer", customer),
        (
            "subscription_item",
            subscription["items"]["data"][0].clone(),
        ),
        ("subscription", subscription),
        ("invoice", invoice),
        ("invoice_payment", payment),
        ("charge", charge),
        ("refund", refund),
        ("dispute", dispute),
        ("payment_intent", intent),
        ("event", event),
        ("balance_transaction", items(&transactions)[0].clone()),
        ("file", file(desk)),
    ]
}

fn file(desk: &Desk) -> Value {
    let mut call = Call::new(makegood::pay::sandbox::call::Method::Post, "/v1/files");
    call.content_type = "multipart/form-data; boundary=x".to_owned();
    call.body = b"--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\ndispute_evidence\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\nmore\r\n--x--\r\n".to_vec();
    let answer = desk.call(&call);
    assert_eq!(answer.status, 200, "{}", answer.value());
    answer.value()
}

/// Members of the examples that stand there only because everything was expanded, or that old versions had.
fn left_out(kind: &str) -> &'static [&'static str] {
    match kind {
        "charge" => &["refunds"],
        "customer" => &["customer_account"],
        "invoice" => &["subscription"],
        _ => &[],
    }
}

#[test]
fn every_object_has_the_members_of_stripes_example() {
    let fixtures: Value = serde_json::from_str(FIXTURES).expect("JSON");
    for (kind, object) in world(&desk()) {
        let mut example = names(&fixtures[kind]);
        for name in left_out(kind) {
            example.remove(name);
        }
        assert_eq!(names(&object), example, "{kind}");
        assert_eq!(object["object"], kind);
        for (name, value) in object.as_object().expect("an object") {
            same_kind(kind, name, value, &fixtures[kind][name]);
        }
    }
}

/// A member that both have is of the same JSON kind, and an object below has no member that the example has not.
fn same_kind(kind: &str, name: &str, ours: &Value, example: &Value) {
    if ours.is_null() || example.is_null() {
        return;
    }
    let same = std::mem::discriminant(ours) == std::mem::discriminant(example);
    assert!(same, "{kind}.{name}: {ours} is not like {example}");
    // What callers name, and what depends on the kind of payment or event.
    let free = [
        "metadata",
        "data",
        "parent",
        "payment",
        "destination_details",
    ]
    .contains(&name);
    if let (Value::Object(below), false) = (ours, free) {
        for (inner, value) in below {
            let there = example.get(inner);
            assert!(
                there.is_some(),
                "{kind}.{name}.{inner} is not in the example"
            );
            same_kind(kind, inner, value, there.unwrap_or(&Value::Null));
        }
    }
}

#[test]
fn every_member_of_evidence_that_stripe_knows_is_known() {
    let fixtures: Value = serde_json::from_str(FIXTURES).expect("JSON");
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let dispute = desk.control("disputes", &json!({ "charge": charge }));
    for part in ["evidence", "evidence_details"] {
        assert_eq!(
            names(&dispute[part]),
            names(&fixtures["dispute"][part]),
            "{part}"
        );
    }
}

#[test]
fn what_a_refund_says_beyond_the_example_is_what_the_reference_names() {
    let fixtures: Value = serde_json::from_str(FIXTURES).expect("JSON");
    let rows: [(&str, &[&str]); 5] = [
        ("pending", &["pending_reason"]),
        ("requires_action", &[]),
        ("succeeded", &[]),
        ("failed", &["failure_reason", "failure_balance_transaction"]),
        ("canceled", &["failure_balance_transaction"]),
    ];
    for (status, more) in rows {
        let desk = desk();
        let charge = desk.payment("1000", "pm_card_visa");
        desk.control(
            "refund_lives",
            &json!({ "status": "pending", "then": { "after": 1, "status": status } }),
        );
        let refund = text(&desk.refund(&charge, "10")["id"]);
        desk.wait(1);
        let refund = desk.get(&format!("/v1/refunds/{refund}"));
        assert_eq!(refund["status"], status);
        let mut known = names(&fixtures["refund"]);
        known.extend(more);
        assert_eq!(names(&refund), known, "{status}");
    }
}
