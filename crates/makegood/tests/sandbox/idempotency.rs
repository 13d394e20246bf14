// SPDX-License-Identifier: MIT OR Apache-2.0
//! Idempotency keys as Stripe keeps them.

use makegood::pay::sandbox::call::{Call, Fate, Method};
use serde_json::json;

use super::desk::{Desk, desk, items, post};

fn refund(charge: &str, amount: &str) -> Call {
    post("/v1/refunds", &[("charge", charge), ("amount", amount)])
}

fn refunds(desk: &Desk, charge: &str) -> usize {
    items(&desk.get(&format!("/v1/refunds?charge={charge}"))).len()
}

#[test]
fn the_same_key_gives_the_same_bytes_and_says_so() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let call = refund(&charge, "400").keyed("k");
    let first = desk.call(&call);
    desk.wait(3600);
    let second = desk.call(&call);
    assert_eq!(first.body, second.body);
    assert!(
        second
            .headers
            .contains(&("Idempotent-Replayed", "true".to_owned()))
    );
    assert!(
        !first
            .headers
            .contains(&("Idempotent-Replayed", "true".to_owned()))
    );
    assert!(
        second
            .headers
            .contains(&("Idempotency-Key", "k".to_owned()))
    );
    assert_eq!(refunds(&desk, &charge), 1);
}

#[test]
fn a_key_is_for_one_content_in_any_order() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let first =
        desk.call(&post("/v1/refunds", &[("charge", &charge), ("amount", "10")]).keyed("k"));
    let turned =
        desk.call(&post("/v1/refunds", &[("amount", "10"), ("charge", &charge)]).keyed("k"));
    assert_eq!(first.body, turned.body);
    let (status, error) = desk.refused(&refund(&charge, "11").keyed("k"));
    assert_eq!((status, &error["type"]), (400, &json!("idempotency_error")));
    assert_eq!(
        error["message"],
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than 'k' if you meant to execute a different request."
    );
    let elsewhere = post(
        &format!("/v1/charges/{charge}/refunds"),
        &[("amount", "10")],
    )
    .keyed("k");
    let (_, error) = desk.refused(&elsewhere);
    assert_eq!(error["type"], "idempotency_error");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|words| words.contains("same endpoint"))
    );
    assert_eq!(refunds(&desk, &charge), 1);
}

#[test]
fn a_key_is_forgotten_after_a_day_and_then_it_pays_again() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let call = refund(&charge, "100").keyed("k");
    desk.call(&call);
    desk.wait(86_399);
    desk.call(&call);
    assert_eq!(refunds(&desk, &charge), 1);
    desk.wait(1);
    desk.call(&call);
    assert_eq!(refunds(&desk, &charge), 2);
}

#[test]
fn what_never_began_is_not_kept_and_what_was_refused_is() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    // Not understood: the same key may be used for the right call.
    assert_eq!(desk.call(&refund(&charge, "x").keyed("a")).status, 400);
    assert_eq!(desk.call(&refund(&charge, "100").keyed("a")).status, 200);
    // Understood and refused: the refusal is what the key gives from now on.
    let too_much = refund(&charge, "5000").keyed("b");
    let first = desk.call(&too_much);
    let again = desk.call(&too_much);
    assert_eq!((first.status, again.status), (400, 400));
    assert_eq!(first.body, again.body);
    let (_, error) = desk.refused(&refund(&charge, "100").keyed("b"));
    assert_eq!(error["type"], "idempotency_error");
}

#[test]
fn a_500_of_a_call_that_was_done_is_kept_too() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    desk.control(
        "faults",
        &json!({ "path": "/v1/refunds", "fault": "error_500_executed" }),
    );
    let call = refund(&charge, "100").keyed("k");
    let first = desk.call(&call);
    let again = desk.call(&call);
    assert_eq!((first.status, again.status), (500, 500));
    assert_eq!(first.body, again.body);
    assert_eq!(refunds(&desk, &charge), 1);
}

#[test]
fn a_key_is_in_use_until_its_call_has_ended() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let plan =
        json!({ "path": "/v1/refunds", "fault": "timeout", "hold_ms": 5, "lands_after": 10 });
    desk.control("faults", &plan);
    let call = refund(&charge, "100").keyed("k");
    assert_eq!(desk.call(&call).fate, Fate::Breaks { after_ms: 5 });
    assert_eq!(refunds(&desk, &charge), 0);
    let (status, error) = desk.refused(&call);
    assert_eq!(
        (status, &error["code"]),
        (409, &json!("idempotency_key_in_use"))
    );
    desk.wait(10);
    assert_eq!(refunds(&desk, &charge), 1);
    assert_eq!(desk.call(&call).status, 200);
    assert_eq!(refunds(&desk, &charge), 1);
}

#[test]
fn keys_belong_to_posts_and_have_at_most_255_characters() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let read = Call::new(Method::Get, "/v1/refunds").keyed("k");
    assert_eq!(desk.call(&read).status, 200);
    let call = refund(&charge, "100");
    assert_eq!(desk.call(&call.clone().keyed("k")).status, 200);
    assert_eq!(desk.call(&call.clone().keyed(&"k".repeat(255))).status, 200);
    assert_eq!(desk.call(&call.keyed(&"k".repeat(256))).status, 400);
    assert_eq!(refunds(&desk, &charge), 2);
}
