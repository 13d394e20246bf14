// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stripe's own example objects, read through the adapter.
//!
//! `fixtures.json` is taken from Stripe's public OpenAPI repository (stripe/openapi, `openapi/fixtures3.json`, 2026-08-21):
//! Copyright (c) Stripe, Inc., under the MIT licence.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use jiff::Timestamp;
use makegood::pay::stripe::Stripe;
use makegood::pay::{DisputeState, Look, PaidBy};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::execution::{ProviderListed, ProviderSaid, RefundStatus};
use serde_json::{Value, json};

use crate::outcomes::settings;

fn fixture(name: &str) -> Value {
    let fixtures: Value = serde_json::from_str(include_str!("fixtures.json")).expect("JSON");
    fixtures[name].clone()
}

fn list(things: &[Value]) -> String {
    json!({"object": "list", "data": things, "has_more": false, "url": "/v1/things"}).to_string()
}

fn usd(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("USD", 2).expect("a code"))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

/// A server of the examples: one thing of each kind, whatever its name, and lists of one.
fn stripe(change: fn(&str, &mut Value)) -> Stripe {
    let one = move |name: &'static str| {
        get(move |Path(id): Path<String>| async move {
            let mut thing = fixture(name);
            change(name, &mut thing);
            thing["id"] = id.into();
            thing.to_string()
        })
    };
    let all = move |name: &'static str| {
        get(move || async move {
            let mut thing = fixture(name);
            change(name, &mut thing);
            list(&[thing])
        })
    };
    let router = Router::new()
        .route("/v1/refunds/{id}", one("refund"))
        .route("/v1/refunds", all("refund"))
        .route("/v1/charges/{id}", one("charge"))
        .route("/v1/payment_intents/{id}", one("payment_intent"))
        .route("/v1/disputes/{id}", one("dispute"))
        .route("/v1/disputes", all("dispute"))
        .route("/v1/subscriptions/{id}", one("subscription"))
        .route("/v1/invoice_payments", all("invoice_payment"))
        .route("/v1/events", all("event"));
    Stripe::in_process(router, settings()).expect("a client")
}

const AS_THEY_ARE: fn(&str, &mut Value) = |_, _| {};

#[tokio::test]
async fn a_refund_is_of_a_payment_by_whichever_of_its_names_it_is_asked_for() {
    let stripe = stripe(|name, thing| {
        if name == "refund" {
            thing["payment_intent"] = "pi_1".into();
        }
    });
    let charge = "ch_1PgafuB7WZ01zgkWXYmPNZs8";
    for (asked, named) in [("pi_1", "pi_1"), (charge, charge), ("ch_2", "pi_1")] {
        let said = stripe.refund_of(asked, "re_1").await.said;
        let ProviderSaid::Refund(refund) = said else {
            panic!("no refund")
        };
        assert_eq!(refund.payment, named, "asked for {asked}");
    }
}

#[tokio::test]
async fn a_refund() {
    let stripe = stripe(AS_THEY_ARE);
    let ProviderSaid::Refund(refund) = stripe.refund("re_1").await.said else {
        panic!("no refund")
    };
    assert_eq!(refund.payment, "ch_1PgafuB7WZ01zgkWXYmPNZs8");
    assert_eq!(
        (refund.status, refund.amount),
        (RefundStatus::Succeeded, usd(100))
    );
    assert_eq!(
        (refund.reference, refund.failure),
        (None, None),
        "made by others"
    );
    let ProviderListed::All(all) = stripe.refunds_of("ch_1PgafuB7WZ01zgkWXYmPNZs8").await.said
    else {
        panic!("no list")
    };
    assert_eq!(all.len(), 1);
    let since = stripe
        .refunds_since(at(0), None)
        .await
        .said
        .expect("a page");
    assert_eq!(since.items[0].at, at(1_234_567_890));
    assert_eq!(since.items[0].payments, ["ch_1PgafuB7WZ01zgkWXYmPNZs8"]);
    assert_eq!(since.next, None);
}

#[tokio::test]
async fn a_payment() {
    let stripe = stripe(|name, thing| {
        if name == "charge" {
            thing["amount_captured"] = 100.into();
            thing["amount_refunded"] = 40.into();
        }
    });
    let charge = stripe.payment("ch_1").await.said.expect("a charge");
    assert_eq!(
        (charge.captured, charge.refunded, charge.disputed),
        (usd(100), usd(40), false)
    );
    assert_eq!(
        (charge.names, charge.at),
        (vec!["ch_1".to_owned()], at(1_234_567_890))
    );
    let intent = stripe.payment("pi_1").await.said.expect("an intent");
    assert_eq!(
        (intent.captured, intent.names),
        (usd(0), vec!["pi_1".to_owned()]),
        "nothing taken yet"
    );
}

#[tokio::test]
async fn a_taken_intent_is_read_by_its_charge() {
    for expanded in [true, false] {
        let change: fn(&str, &mut Value) = if expanded {
            |name, thing| {
                if name == "payment_intent" {
                    thing["latest_charge"] = fixture("charge");
                    thing["latest_charge"]["payment_intent"] = "pi_1".into();
                    thing["latest_charge"]["amount_captured"] = 100.into();
                }
            }
        } else {
            |name, thing| match name {
                "payment_intent" => thing["latest_charge"] = "ch_1".into(),
                "charge" => {
                    thing["payment_intent"] = "pi_1".into();
                    thing["amount_captured"] = 100.into();
                }
                _ => {}
            }
        };
        let payment = stripe(change)
            .payment("pi_1")
            .await
            .said
            .expect("a payment");
        assert_eq!((payment.id.as_str(), payment.captured), ("pi_1", usd(100)));
        assert_eq!(payment.names[0], "pi_1");
        assert!(payment.names[1].starts_with("ch_1"), "{:?}", payment.names);
    }
}

#[tokio::test]
async fn a_dispute() {
    let stripe = stripe(AS_THEY_ARE);
    let dispute = stripe.dispute("du_1").await.said.expect("a dispute");
    assert_eq!(dispute.payments, ["ch_1PgafuB7WZ01zgkWXYmPNZs8"]);
    assert_eq!(
        (dispute.amount, dispute.reason.as_str()),
        (usd(1_000), "general")
    );
    assert_eq!(dispute.state, DisputeState::InquiryNeedsResponse);
    assert_eq!(dispute.evidence_due, Some(at(1_723_679_999)));
    assert_eq!(
        (
            dispute.submissions,
            dispute.has_evidence,
            dispute.refundable
        ),
        (0, false, true)
    );
    assert_eq!(
        stripe.disputes_of("ch_1").await.said.expect("a list").len(),
        1
    );
    assert_eq!(
        stripe
            .disputes_since(at(0), None)
            .await
            .said
            .expect("a page")
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn every_state_of_a_dispute_and_one_that_is_new() {
    let table = [
        ("warning_needs_response", DisputeState::InquiryNeedsResponse),
        ("warning_under_review", DisputeState::InquiryUnderReview),
        ("warning_closed", DisputeState::InquiryClosed),
        ("needs_response", DisputeState::NeedsResponse),
        ("under_review", DisputeState::UnderReview),
        ("appeal_needs_response", DisputeState::AppealNeedsResponse),
        ("appeal_under_review", DisputeState::AppealUnderReview),
        ("won", DisputeState::Won),
        ("lost", DisputeState::Lost),
        ("prevented", DisputeState::Prevented),
        (
            "settled_by_dice",
            DisputeState::Other("settled_by_dice".to_owned()),
        ),
    ];
    for (word, expected) in table {
        let mut dispute = fixture("dispute");
        dispute["id"] = "du_1".into();
        dispute["status"] = word.into();
        let body = dispute.to_string();
        let router = Router::new().route("/v1/disputes/{id}", get(move || async move { body }));
        let stripe = Stripe::in_process(router, settings()).expect("a client");
        let dispute = stripe.dispute("du_1").await.said.expect("a dispute");
        assert_eq!(dispute.state, expected, "{word}");
    }
}

#[tokio::test]
async fn the_payments_of_the_last_period() {
    let stripe = stripe(|name, thing| match name {
        "subscription" => thing["latest_invoice"] = "in_1".into(),
        "invoice_payment" => {
            thing["invoice"] = "in_1".into();
            thing["status"] = "paid".into();
            thing["amount_paid"] = 2_000.into();
            thing["currency"] = "usd".into();
            thing["payment"]["payment_intent"] = "pi_1".into();
            thing["status_transitions"]["paid_at"] = 1_790_000_000.into();
        }
        _ => {}
    });
    let paid = stripe
        .latest_payments_of("sub_1")
        .await
        .said
        .expect("payments");
    assert_eq!(paid.len(), 1);
    assert_eq!(
        (paid[0].invoice.as_str(), paid[0].amount),
        ("in_1", usd(2_000))
    );
    assert_eq!(paid[0].payment, PaidBy::Payment("pi_1".to_owned()));
    assert_eq!(paid[0].at, Some(at(1_790_000_000)));
}

#[tokio::test]
async fn a_subscription_without_a_bill_has_no_payments() {
    let paid = stripe(AS_THEY_ARE).latest_payments_of("sub_1").await.said;
    assert_eq!(paid, Ok(Vec::new()));
}

#[tokio::test]
async fn an_event() {
    let page = stripe(AS_THEY_ARE)
        .events_since(at(0), None)
        .await
        .said
        .expect("a page");
    let event = &page.items[0];
    assert_eq!(
        (event.kind.as_str(), &event.look),
        ("plan.created", &Look::Nothing)
    );
}
