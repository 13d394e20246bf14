// SPDX-License-Identifier: MIT OR Apache-2.0
//! Payments and refunds: ceilings, lives, lists, words for what is wrong.

use makegood::pay::sandbox::call::{Call, Method};
use serde_json::{Value, json};

use super::desk::{desk, ids, items, post, text};

#[test]
fn a_confirmed_intent_is_a_captured_charge() {
    let desk = desk();
    let intent = desk.post(
        "/v1/payment_intents",
        &[
            ("amount", "4990"),
            ("currency", "DKK"),
            ("payment_method", "pm_card_visa"),
            ("confirm", "true"),
            ("metadata[order]", "1001"),
            ("expand[]", "latest_charge.balance_transaction"),
        ],
    );
    assert_eq!(intent["status"], "succeeded");
    let charge = &intent["latest_charge"];
    assert_eq!(charge["amount_captured"], 4990);
    assert_eq!(charge["currency"], "dkk");
    assert_eq!(charge["metadata"]["order"], "1001");
    assert_eq!(charge["payment_intent"], intent["id"]);
    assert_eq!(charge["balance_transaction"]["amount"], 4990);
    assert_eq!(charge["livemode"], false);
}

#[test]
fn refunds_add_up_to_the_payment_and_no_further() {
    let desk = desk();
    let charge = desk.payment("10000", "pm_card_visa");
    let first = desk.refund(&charge, "6000");
    assert_eq!(first["status"], "succeeded");
    assert_eq!(first["amount"], 6000);
    let (status, error) = desk.refused(&post(
        "/v1/refunds",
        &[("charge", &charge), ("amount", "6000")],
    ));
    assert_eq!(status, 400);
    assert_eq!(error["type"], "invalid_request_error");
    assert_eq!(error["param"], "amount");
    assert_eq!(
        error["message"],
        "Refund amount (60.00 DKK) is greater than unrefunded amount on charge (40.00 DKK)"
    );
    let rest = desk.post("/v1/refunds", &[("charge", &charge)]);
    assert_eq!(rest["amount"], 4000);
    let (status, error) = desk.refused(&post("/v1/refunds", &[("charge", &charge)]));
    assert_eq!(
        (status, &error["code"]),
        (400, &json!("charge_already_refunded"))
    );
    let charge = desk.get(&format!("/v1/charges/{charge}?expand[]=refunds"));
    assert_eq!(charge["refunded"], true);
    assert_eq!(charge["amount_refunded"], 10000);
    assert_eq!(items(&charge["refunds"]).len(), 2);
}

/// What counts is what was captured, not what was held.
#[test]
fn a_payment_captured_in_part_is_refunded_up_to_that_part() {
    let desk = desk();
    let intent = desk.post(
        "/v1/payment_intents",
        &[
            ("amount", "1000"),
            ("currency", "dkk"),
            ("payment_method", "pm_card_visa"),
            ("confirm", "true"),
            ("capture_method", "manual"),
        ],
    );
    assert_eq!(intent["status"], "requires_capture");
    let id = text(&intent["id"]);
    let captured = desk.post(
        &format!("/v1/payment_intents/{id}/capture"),
        &[("amount_to_capture", "600")],
    );
    assert_eq!(captured["amount_received"], 600);
    let refund = |amount: &str| {
        post(
            "/v1/refunds",
            &[("payment_intent", &id), ("amount", amount)],
        )
    };
    assert_eq!(desk.refused(&refund("601")).1["param"], "amount");
    assert_eq!(desk.call(&refund("600")).status, 200);
    let charge = desk.get(&format!("/v1/charges/{}", text(&intent["latest_charge"])));
    assert_eq!(charge["refunded"], true);
}

#[test]
fn a_call_that_is_wrong_is_told_so_in_stripes_words() {
    let desk = desk();
    let charge = desk.payment("500", "pm_card_visa");
    let held = desk.post(
        "/v1/charges",
        &[
            ("amount", "500"),
            ("currency", "dkk"),
            ("source", "tok_visa"),
            ("capture", "false"),
        ],
    );
    let held = text(&held["id"]);
    let charge = charge.as_str();
    let held = held.as_str();
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, Value, Value);
    let rows: &[Row<'_>] = &[
        (
            "/v1/refunds",
            &[],
            400,
            json!("parameter_missing"),
            json!("charge"),
        ),
        (
            "/v1/refunds",
            &[("charge", "ch_none")],
            404,
            json!("resource_missing"),
            json!("charge"),
        ),
        (
            "/v1/refunds",
            &[("payment_intent", "pi_none")],
            404,
            json!("resource_missing"),
            json!("payment_intent"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("amount", "1.5")],
            400,
            json!("parameter_invalid_integer"),
            json!("amount"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("amount", "0")],
            400,
            json!("parameter_invalid_integer"),
            json!("amount"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("amount", "-5")],
            400,
            json!("parameter_invalid_integer"),
            json!("amount"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("sum", "5")],
            400,
            json!("parameter_unknown"),
            json!("sum"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("reason", "because")],
            400,
            Value::Null,
            json!("reason"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("expand[]", "moon")],
            400,
            Value::Null,
            json!("expand"),
        ),
        (
            "/v1/refunds",
            &[("charge", charge), ("amount", "501")],
            400,
            Value::Null,
            json!("amount"),
        ),
        (
            "/v1/refunds",
            &[("charge", held)],
            400,
            json!("charge_not_refundable"),
            json!("charge"),
        ),
        (
            "/v1/refunds/re_none",
            &[("metadata[a]", "b")],
            404,
            json!("resource_missing"),
            json!("id"),
        ),
        (
            "/v1/payment_intents",
            &[("currency", "dkk")],
            400,
            json!("parameter_missing"),
            json!("amount"),
        ),
        (
            "/v1/payment_intents",
            &[("amount", "5"), ("currency", "zzz")],
            400,
            Value::Null,
            json!("currency"),
        ),
        (
            "/v1/payment_intents",
            &[("amount", "100000000"), ("currency", "dkk")],
            400,
            json!("amount_too_large"),
            json!("amount"),
        ),
        ("/v1/moons", &[], 404, Value::Null, Value::Null),
    ];
    for (target, form, status, code, param) in rows {
        let (was, error) = desk.refused(&post(target, form));
        let seen = (was, &error["code"], &error["param"]);
        assert_eq!(seen, (*status, code, param), "{target} {form:?}: {error}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|words| !words.is_empty())
        );
    }
    assert_eq!(
        desk.get(&format!("/v1/charges/{charge}"))["amount_refunded"],
        0
    );
}

#[test]
fn who_calls_without_a_test_key_is_not_let_in() {
    let desk = desk();
    // `sk_test_x:` and `sk_live_x:` as Basic wants them.
    let rows = [
        (None, 401),
        (Some("Bearer sk_test_1"), 200),
        (Some("bearer rk_test_1"), 200),
        (Some("Basic c2tfdGVzdF94Og=="), 200),
        (Some("Basic c2tfbGl2ZV94Og=="), 401),
        (Some("Bearer sk_live_1"), 401),
        (Some("Basic !"), 401),
        (Some("Digest sk_test_1"), 401),
    ];
    for (authorization, status) in rows {
        let mut call = Call::new(Method::Get, "/v1/balance");
        call.authorization = authorization.map(str::to_owned);
        assert_eq!(desk.call(&call).status, status, "{authorization:?}");
    }
}

#[test]
fn a_version_that_is_no_date_is_refused() {
    let desk = desk();
    for (version, status) in [
        ("2026-10-28.endive", 200),
        ("2025-03-31.basil", 200),
        ("2020-08-27", 200),
        ("endive", 400),
    ] {
        let mut call = Call::new(Method::Get, "/v1/balance");
        call.version = Some(version.to_owned());
        let answer = desk.call(&call);
        assert_eq!(answer.status, status, "{version}");
        assert!(
            answer
                .headers
                .contains(&("Stripe-Version", version.to_owned()))
        );
    }
}

#[test]
fn a_card_that_does_not_pay_is_a_402_with_its_charge() {
    let desk = desk();
    let (status, error) = desk.refused(&post(
        "/v1/payment_intents",
        &[
            ("amount", "100"),
            ("currency", "dkk"),
            ("payment_method", "pm_card_chargeDeclinedInsufficientFunds"),
            ("confirm", "true"),
        ],
    ));
    assert_eq!(status, 402);
    assert_eq!(error["type"], "card_error");
    assert_eq!(error["code"], "card_declined");
    assert_eq!(error["decline_code"], "insufficient_funds");
    assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    let charge = text(&error["charge"]);
    let (_, error) = desk.refused(&post("/v1/refunds", &[("charge", &charge)]));
    assert_eq!(error["code"], "charge_not_refundable");
}

/// How refunds live: the card, then what the refund and its payment look like after so many seconds.
#[test]
fn a_refund_goes_the_way_of_its_card() {
    type Moment = (i64, &'static str, i64);
    let rows: [(&str, &[Moment]); 4] = [
        (
            "pm_card_visa",
            &[(0, "succeeded", 300), (1000, "succeeded", 300)],
        ),
        (
            "pm_card_pendingRefund",
            &[
                (0, "pending", 300),
                (59, "pending", 300),
                (1, "succeeded", 300),
            ],
        ),
        (
            "pm_card_refundFail",
            &[(0, "succeeded", 300), (60, "failed", 0)],
        ),
        (
            "pm_card_refundNeedsCustomer",
            &[(0, "requires_action", 300), (9999, "requires_action", 300)],
        ),
    ];
    for (card, moments) in rows {
        let desk = desk();
        let charge = desk.payment("1000", card);
        let refund = text(&desk.refund(&charge, "300")["id"]);
        for (pause, status, refunded) in moments {
            desk.wait(*pause);
            let now = desk.get(&format!("/v1/refunds/{refund}"));
            assert_eq!(now["status"], *status, "{card}");
            let payment = desk.get(&format!("/v1/charges/{charge}"));
            assert_eq!(payment["amount_refunded"], *refunded, "{card}");
        }
    }
}

#[test]
fn a_refund_that_fails_late_says_why_and_gives_the_money_back() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let refund = text(&desk.refund(&charge, "1000")["id"]);
    desk.wait(86_400);
    desk.control(
        &format!("refunds/{refund}"),
        &json!({ "status": "failed", "failure_reason": "lost_or_stolen_card" }),
    );
    let failed = desk.get(&format!(
        "/v1/refunds/{refund}?expand[]=failure_balance_transaction"
    ));
    assert_eq!(failed["failure_reason"], "lost_or_stolen_card");
    assert_eq!(failed["failure_balance_transaction"]["amount"], 1000);
    let again = desk.refund(&charge, "1000");
    assert_eq!(again["status"], "succeeded");
    let kinds = desk.events();
    assert_eq!(
        kinds,
        [
            "charge.succeeded",
            "refund.created",
            "charge.refunded",
            "refund.updated",
            "refund.failed",
            "refund.created",
            "charge.refunded",
        ]
    );
}

/// Which status may follow which: an end is an end, but `succeeded` can still fail.
#[test]
fn statuses_of_a_refund_go_forward_only() {
    let all = [
        "pending",
        "requires_action",
        "succeeded",
        "failed",
        "canceled",
    ];
    let allowed = [
        ("pending", "requires_action"),
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("pending", "canceled"),
        ("requires_action", "pending"),
        ("requires_action", "succeeded"),
        ("requires_action", "failed"),
        ("requires_action", "canceled"),
        ("succeeded", "failed"),
    ];
    for from in all {
        for to in all {
            let desk = desk();
            let charge = desk.payment("1000", "pm_card_visa");
            desk.control("refund_lives", &json!({ "status": from }));
            if from == "failed" || from == "canceled" {
                continue;
            }
            let refund = text(&desk.refund(&charge, "1000")["id"]);
            let call = super::desk::command(&format!("refunds/{refund}"), &json!({ "status": to }));
            let went = desk.call(&call).status == 200;
            assert_eq!(went, allowed.contains(&(from, to)), "{from} to {to}");
            let left = desk.get(&format!("/v1/charges/{charge}"))["amount_refunded"].clone();
            let counts = !went || !["failed", "canceled"].contains(&to);
            assert_eq!(left, json!(if counts { 1000 } else { 0 }), "{from} to {to}");
        }
    }
}

#[test]
fn only_a_refund_that_waits_for_the_customer_can_be_canceled() {
    for (life, status) in [
        ("requires_action", 200),
        ("pending", 400),
        ("succeeded", 400),
    ] {
        let desk = desk();
        let charge = desk.payment("1000", "pm_card_visa");
        desk.control("refund_lives", &json!({ "status": life }));
        let refund = text(&desk.refund(&charge, "1000")["id"]);
        let answer = desk.call(&post(&format!("/v1/refunds/{refund}/cancel"), &[]));
        assert_eq!(answer.status, status, "{life}");
        if status == 200 {
            assert_eq!(answer.value()["status"], "canceled");
            assert_eq!(
                desk.get(&format!("/v1/charges/{charge}"))["amount_refunded"],
                0
            );
        }
    }
}

#[test]
fn a_balance_that_does_not_suffice_refuses_or_waits() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    desk.control(
        "balance",
        &json!({ "currency": "dkk", "available": 10, "when_short": "refuse" }),
    );
    let (status, error) = desk.refused(&post("/v1/refunds", &[("charge", &charge)]));
    assert_eq!(
        (status, &error["code"]),
        (400, &json!("balance_insufficient"))
    );
    desk.control(
        "balance",
        &json!({ "currency": "dkk", "available": 10, "when_short": "wait" }),
    );
    let refund = desk.refund(&charge, "1000");
    assert_eq!(refund["status"], "pending");
    assert_eq!(refund["pending_reason"], "insufficient_funds");
    assert_eq!(desk.get("/v1/balance")["available"][0]["amount"], -990);
    desk.control(
        "balance",
        &json!({ "currency": "dkk", "available": 0, "when_short": "wait" }),
    );
    let refund = desk.get(&format!("/v1/refunds/{}", text(&refund["id"])));
    assert_eq!(refund["status"], "succeeded");
}

#[test]
fn metadata_is_merged_and_an_empty_value_removes_a_name() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let form = [
        ("charge", charge.as_str()),
        ("metadata[a]", "1"),
        ("metadata[b]", "2"),
    ];
    let refund = desk.post("/v1/refunds", &form);
    let target = format!("/v1/refunds/{}", text(&refund["id"]));
    let rows: [(&[(&str, &str)], Value); 4] = [
        (
            &[("metadata[c]", "3")],
            json!({ "a": "1", "b": "2", "c": "3" }),
        ),
        (&[("metadata[a]", "")], json!({ "b": "2", "c": "3" })),
        (&[("metadata", "")], json!({})),
        (&[("metadata[é]", "å")], json!({ "é": "å" })),
    ];
    for (form, metadata) in rows {
        assert_eq!(desk.post(&target, form)["metadata"], metadata);
    }
    assert_eq!(
        desk.refused(&post(&target, &[("amount", "5")])).1["code"],
        "parameter_unknown"
    );
}

#[test]
fn lists_are_read_in_pages_from_either_end() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let other = desk.payment("1000", "pm_card_visa");
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(text(&desk.refund(&charge, "10")["id"]));
        desk.refund(&other, "10");
        desk.wait(1);
    }
    made.reverse();
    let first = desk.get(&format!("/v1/refunds?charge={charge}&limit=3"));
    assert_eq!(ids(&first), made[..3]);
    assert_eq!(first["has_more"], true);
    assert_eq!(first["url"], "/v1/refunds");
    let target = format!(
        "/v1/refunds?charge={charge}&limit=3&starting_after={}",
        made[2]
    );
    assert_eq!(ids(&desk.get(&target)), made[3..6]);
    let target = format!(
        "/v1/refunds?charge={charge}&limit=3&starting_after={}",
        made[5]
    );
    let last = desk.get(&target);
    assert_eq!(
        (ids(&last), &last["has_more"]),
        (made[6..].to_vec(), &json!(false))
    );
    let target = format!(
        "/v1/refunds?charge={charge}&limit=2&ending_before={}",
        made[4]
    );
    assert_eq!(ids(&desk.get(&target)), made[2..4]);
    let seen = |target: &str| ids(&desk.get(target)).len();
    assert_eq!(seen("/v1/refunds?limit=100"), 14);
    assert_eq!(seen("/v1/refunds"), 10);
    let start = super::desk::START;
    assert_eq!(
        seen(&format!("/v1/refunds?created[gte]={}&limit=100", start + 5)),
        4
    );
    assert_eq!(
        seen(&format!(
            "/v1/refunds?created[gt]={}&created[lt]={}",
            start + 1,
            start + 4
        )),
        4
    );
    assert_eq!(seen(&format!("/v1/refunds?created={start}")), 2);
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "starting_after=re_none",
        "created[about]=5",
    ] {
        let call = Call::new(Method::Get, &format!("/v1/refunds?{wrong}"));
        assert_eq!(desk.refused(&call).0, 400, "{wrong}");
    }
}

#[test]
fn a_payment_can_be_planted_in_the_past_under_a_name_of_ones_own() {
    let desk = desk();
    let payment = json!({
        "charge": "ch_demo_1", "payment_intent": "pi_demo_1", "amount": 4990, "currency": "dkk",
        "created": 1_780_000_000, "metadata": { "order": "1" },
    });
    let charge = desk.control("payments", &payment);
    assert_eq!(charge["id"], "ch_demo_1");
    assert_eq!(charge["created"], 1_780_000_000);
    let refund = desk.post(
        "/v1/refunds",
        &[("payment_intent", "pi_demo_1"), ("amount", "90")],
    );
    assert_eq!(refund["charge"], "ch_demo_1");
    let again = desk.call(&super::desk::command("payments", &payment));
    assert_eq!(again.status, 400);
}

#[test]
fn search_finds_charges_by_their_metadata() {
    let desk = desk();
    let payment = |order: &str, shop: &str| {
        let metadata = json!({ "order": order, "shop": shop });
        let payment = json!({ "amount": 5, "currency": "dkk", "metadata": metadata });
        text(&desk.control("payments", &payment)["id"])
    };
    let one = payment("1", "a");
    payment("1", "b");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair(
        "query",
        "metadata[\"order\"]:\"1\" AND metadata['shop']:'a'",
    );
    let found = desk.get(&format!("/v1/charges/search?{}", form.finish()));
    assert_eq!(ids(&found), [one]);
    assert_eq!(found["object"], "search_result");
}
