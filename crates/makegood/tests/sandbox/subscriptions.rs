// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subscriptions: renewals by the calendar, the payments of an invoice, and the end.

use makegood::pay::sandbox::call::{Call, Method};
use serde_json::{Value, json};

use super::desk::{Desk, desk, ids, items, text};

fn subscribed(desk: &Desk) -> Value {
    let customer = text(&desk.post("/v1/customers", &[("name", "Ida")])["id"]);
    desk.post(
        "/v1/subscriptions",
        &[
            ("customer", &customer),
            ("items[0][price_data][currency]", "dkk"),
            ("items[0][price_data][product]", "prod_1"),
            ("items[0][price_data][unit_amount]", "9900"),
            ("items[0][price_data][recurring][interval]", "month"),
        ],
    )
}

fn payments(desk: &Desk, invoice: &Value) -> Vec<Value> {
    let target = format!("/v1/invoice_payments?invoice={}", text(invoice));
    items(&desk.get(&target)).to_vec()
}

#[test]
fn the_latest_payment_of_a_subscription_is_found_by_its_latest_invoice() {
    let desk = desk();
    let subscription = subscribed(&desk);
    assert_eq!(subscription["status"], "active");
    let paid = payments(&desk, &subscription["latest_invoice"]);
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0]["amount_paid"], 9900);
    assert_eq!(paid[0]["payment"]["type"], "payment_intent");
    let intent = text(&paid[0]["payment"]["payment_intent"]);
    let refund = desk.post("/v1/refunds", &[("payment_intent", &intent)]);
    assert_eq!(refund["amount"], 9900);
}

#[test]
fn a_month_later_it_renews_by_itself() {
    let desk = desk();
    let subscription = subscribed(&desk);
    let target = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let end = subscription["items"]["data"][0]["current_period_end"]
        .as_i64()
        .expect("a moment");
    desk.wait(end - super::desk::START - 1);
    assert_eq!(
        desk.get(&target)["latest_invoice"],
        subscription["latest_invoice"]
    );
    desk.wait(1);
    let renewed = desk.get(&target);
    assert_ne!(renewed["latest_invoice"], subscription["latest_invoice"]);
    let invoice = desk.get(&format!(
        "/v1/invoices/{}",
        text(&renewed["latest_invoice"])
    ));
    assert_eq!(invoice["billing_reason"], "subscription_cycle");
    assert_eq!(invoice["status"], "paid");
    let all = desk.get(&format!(
        "/v1/invoices?subscription={}",
        text(&subscription["id"])
    ));
    assert_eq!(ids(&all).len(), 2);
}

#[test]
fn an_invoice_can_have_several_payments_of_several_kinds() {
    let desk = desk();
    let subscription = subscribed(&desk);
    let id = text(&subscription["id"]);
    let renewed = desk.control(
        &format!("subscriptions/{id}/renew"),
        &json!({ "parts": [4000, 900] }),
    );
    let amounts: Vec<i64> = payments(&desk, &renewed["id"])
        .iter()
        .map(|payment| payment["amount_paid"].as_i64().expect("a number"))
        .collect();
    assert_eq!(amounts, [5000, 900, 4000]);
    for (means, member, prefix) in [
        ("charge", "charge", "ch_"),
        ("payment_record", "payment_record", "pr_"),
    ] {
        let renewed = desk.control(
            &format!("subscriptions/{id}/renew"),
            &json!({ "means": means }),
        );
        let paid = payments(&desk, &renewed["id"]);
        assert_eq!(paid[0]["payment"]["type"], means);
        assert!(text(&paid[0]["payment"][member]).starts_with(prefix));
    }
}

#[test]
fn an_end_is_an_end() {
    let desk = desk();
    let subscription = subscribed(&desk);
    let target = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let cancel = Call::new(
        Method::Delete,
        &format!("{target}?prorate=false&invoice_now=false"),
    );
    let ended = desk.call(&cancel).value();
    assert_eq!(ended["status"], "canceled");
    assert_eq!(ended["ended_at"], super::desk::START);
    let told = desk.get("/v1/events?type=customer.subscription.deleted");
    assert_eq!(items(&told)[0]["data"]["object"]["id"], subscription["id"]);
    let (status, error) = desk.refused(&cancel);
    assert_eq!((status, &error["code"]), (404, &json!("resource_missing")));
    assert_eq!(desk.get(&target)["status"], "canceled");
    assert_eq!(ids(&desk.get("/v1/subscriptions")).len(), 0);
    assert_eq!(ids(&desk.get("/v1/subscriptions?status=all")).len(), 1);
    desk.wait(40 * 86_400);
    assert_eq!(
        desk.get(&target)["latest_invoice"],
        subscription["latest_invoice"]
    );
}

#[test]
fn only_prorating_credits_the_customer() {
    for (query, credit) in [("", 0), ("?prorate=false", 0), ("?prorate=true", 1)] {
        let desk = desk();
        let subscription = subscribed(&desk);
        desk.wait(86_400);
        let target = format!("/v1/subscriptions/{}{query}", text(&subscription["id"]));
        desk.call(&Call::new(Method::Delete, &target));
        let customer = desk.get(&format!(
            "/v1/customers/{}",
            text(&subscription["customer"])
        ));
        let balance = customer["balance"].as_i64().expect("a number");
        assert_eq!(i64::from(balance < 0), credit, "{query}: {balance}");
        assert!(balance > -9900);
    }
}

#[test]
fn it_can_end_with_its_period() {
    let desk = desk();
    let subscription = subscribed(&desk);
    let target = format!("/v1/subscriptions/{}", text(&subscription["id"]));
    let told = desk.post(&target, &[("cancel_at_period_end", "true")]);
    assert_eq!(
        (&told["status"], &told["cancel_at_period_end"]),
        (&json!("active"), &json!(true))
    );
    desk.wait(32 * 86_400);
    assert_eq!(desk.get(&target)["status"], "canceled");
    assert_eq!(items(&desk.get("/v1/charges")).len(), 1);
}
