// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trouble on demand: what the caller sees, and what has happened.

use makegood::pay::sandbox::call::{Answer, Call, Fate, Method};
use serde_json::{Value, json};

use super::desk::{Desk, command, desk, desk_with_seed, items, post};

/// What a caller sees.
fn seen(answer: &Answer) -> String {
    match answer.fate {
        Fate::Breaks { .. } => "nothing".to_owned(),
        Fate::Arrives if answer.value()["object"] == "refund" => "refund".to_owned(),
        Fate::Arrives if answer.status == 200 => "garbage".to_owned(),
        Fate::Arrives => answer.status.to_string(),
    }
}

fn refunds(desk: &Desk, charge: &str) -> usize {
    items(&desk.get(&format!("/v1/refunds?charge={charge}"))).len()
}

/// For each fault: what is seen, how many refunds there are then, what the next try with the same key sees, and how many there are after
/// a minute. It is never more than one.
#[test]
fn a_fault_does_what_it_says_and_the_second_try_pays_no_second_time() {
    let rows = [
        (json!({ "fault": "lost_answer" }), "nothing", 1, "refund"),
        (
            json!({ "fault": "late_landing", "after": 30 }),
            "nothing",
            0,
            "refund",
        ),
        (
            json!({ "fault": "timeout", "hold_ms": 0 }),
            "nothing",
            0,
            "refund",
        ),
        (
            json!({ "fault": "timeout", "hold_ms": 0, "lands_after": 30 }),
            "nothing",
            0,
            "409",
        ),
        (
            json!({ "fault": "error_500_then_success" }),
            "500",
            0,
            "refund",
        ),
        (json!({ "fault": "error_500_executed" }), "500", 1, "500"),
        (json!({ "fault": "rate_limit_429" }), "429", 0, "refund"),
        (json!({ "fault": "conflict_409" }), "409", 0, "refund"),
        (
            json!({ "fault": "refuse", "status": 400, "code": "refund_disputed_payment" }),
            "400",
            0,
            "refund",
        ),
        (json!({ "fault": "garbled_answer" }), "garbage", 1, "refund"),
        (
            json!({ "fault": "garbled_answer", "how": "html" }),
            "garbage",
            1,
            "refund",
        ),
        (
            json!({ "fault": "garbled_answer", "how": "empty" }),
            "garbage",
            1,
            "refund",
        ),
        (
            json!({ "fault": "garbled_answer", "how": "other_json" }),
            "garbage",
            1,
            "refund",
        ),
        (
            json!({ "fault": "webhook_before_answer" }),
            "refund",
            1,
            "refund",
        ),
        (
            json!({ "fault": "duplicate_webhooks" }),
            "refund",
            1,
            "refund",
        ),
        (
            json!({ "fault": "disordered_webhooks" }),
            "refund",
            1,
            "refund",
        ),
    ];
    for (mut plan, first, there, second) in rows {
        let desk = desk();
        let charge = desk.payment("1000", "pm_card_visa");
        plan["method"] = json!("POST");
        plan["path"] = json!("/v1/refunds");
        desk.control("faults", &plan);
        let call = post("/v1/refunds", &[("charge", &charge), ("amount", "300")]).keyed("k");
        assert_eq!(seen(&desk.call(&call)), first, "{plan}");
        assert_eq!(refunds(&desk, &charge), there, "{plan}");
        assert_eq!(seen(&desk.call(&call)), second, "{plan}");
        desk.wait(60);
        assert_eq!(refunds(&desk, &charge), 1, "{plan}");
        assert_eq!(desk.get("/_sandbox/faults")["planned"], json!([]), "{plan}");
    }
}

/// Without a key a late landing is a second refund: this is why keys exist.
#[test]
fn without_a_key_a_call_that_lands_late_pays_twice() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    desk.control(
        "faults",
        &json!({ "path": "/v1/refunds", "fault": "late_landing", "after": 30 }),
    );
    let call = post("/v1/refunds", &[("charge", &charge), ("amount", "300")]);
    desk.call(&call);
    desk.call(&call);
    desk.wait(30);
    assert_eq!(refunds(&desk, &charge), 2);
}

#[test]
fn a_plan_waits_for_its_call_and_hits_as_often_as_it_says() {
    let desk = desk();
    let plan = json!({ "method": "GET", "path": "/v1/refunds*", "nth": 2, "times": 2, "fault": "rate_limit_429" });
    desk.control("faults", &plan);
    let statuses: Vec<u16> = (0..5)
        .map(|_| desk.call(&Call::new(Method::Get, "/v1/refunds")).status)
        .collect();
    assert_eq!(statuses, [200, 429, 429, 200, 200]);
}

#[test]
fn plans_for_other_calls_wait() {
    let desk = desk();
    desk.control(
        "faults",
        &json!({ "method": "POST", "path": "/v1/refunds", "fault": "lost_answer" }),
    );
    assert_eq!(desk.get("/v1/refunds")["object"], "list");
    assert_eq!(desk.get("/v1/charges")["object"], "list");
    assert_eq!(
        desk.get("/_sandbox/faults")["planned"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    desk.call(&Call::new(Method::Delete, "/_sandbox/faults"));
    assert_eq!(desk.get("/_sandbox/faults")["planned"], json!([]));
}

#[test]
fn a_stale_list_shows_the_world_as_it_was() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let life = json!({ "status": "pending", "then": { "after": 50, "status": "succeeded" } });
    desk.control("refund_lives", &life);
    desk.refund(&charge, "100");
    desk.wait(100);
    desk.refund(&charge, "200");
    desk.control(
        "faults",
        &json!({ "path": "/v1/refunds", "fault": "stale_list", "by": 60, "times": 1 }),
    );
    let list = |desk: &Desk| -> Vec<(i64, String)> {
        let list = desk.get(&format!("/v1/refunds?charge={charge}"));
        let row = |item: &Value| {
            (
                item["amount"].as_i64().unwrap(),
                item["status"].as_str().unwrap().to_owned(),
            )
        };
        items(&list).iter().map(row).collect()
    };
    assert_eq!(list(&desk), [(100, "pending".to_owned())]);
    assert_eq!(
        list(&desk),
        [(200, "succeeded".to_owned()), (100, "succeeded".to_owned())]
    );
}

#[test]
fn a_stale_search_does_not_find_what_is_new_while_the_list_does() {
    let desk = desk();
    let payment = json!({ "amount": 5, "currency": "dkk", "metadata": { "order": "1" } });
    desk.control("payments", &payment);
    desk.control(
        "faults",
        &json!({ "path": "/v1/charges*", "fault": "stale_search", "times": 2 }),
    );
    let query = "query=metadata%5B%22order%22%5D%3A%221%22";
    assert_eq!(
        items(&desk.get(&format!("/v1/charges/search?{query}"))).len(),
        0
    );
    assert_eq!(items(&desk.get("/v1/charges")).len(), 1);
    assert_eq!(
        items(&desk.get(&format!("/v1/charges/search?{query}"))).len(),
        1
    );
}

#[test]
fn trouble_by_chance_is_the_same_for_the_same_seed() {
    let story = |chaos_seed: u64| {
        let desk = desk_with_seed(3);
        let charge = desk.payment("100000", "pm_card_visa");
        let rates =
            json!({ "lost_answer": 200, "error_500_then_success": 200, "rate_limit_429": 100 });
        desk.control("chaos", &json!({ "seed": chaos_seed, "rates": rates }));
        (0..60)
            .map(|turn| {
                let key = format!("k{turn}");
                let call = post("/v1/refunds", &[("charge", &charge), ("amount", "1")]).keyed(&key);
                seen(&desk.call(&call))
            })
            .collect::<Vec<_>>()
    };
    let first = story(1);
    assert_eq!(first, story(1));
    assert_ne!(first, story(2));
    for kind in ["nothing", "500", "429", "refund"] {
        assert!(first.iter().any(|seen| seen == kind), "{kind} never came");
    }
}

#[test]
fn a_command_that_is_wrong_says_where_the_commands_are_listed() {
    let desk = desk();
    let rows = [
        (
            "faults",
            json!({ "path": "/v1/refunds", "fault": "gremlins" }),
        ),
        ("chaos", json!({ "rates": { "gremlins": 5 } })),
        ("clock", json!({ "yesterday": true })),
        ("moon", json!({})),
    ];
    for (target, body) in rows {
        let answer = desk.call(&command(target, &body));
        assert_eq!(answer.status, 400, "{target}");
        let words = answer.value()["error"].as_str().expect("words").to_owned();
        assert!(words.contains("/_sandbox"), "{words}");
    }
    let form = desk.call(&post("/_sandbox/clock", &[("advance", "5")]));
    assert!(
        form.value()["error"]
            .as_str()
            .is_some_and(|words| words.contains("application/json"))
    );
}

#[test]
fn the_clock_stands_moves_on_and_runs() {
    let desk = desk();
    let now = |desk: &Desk| {
        desk.get("/_sandbox/clock")["now"]
            .as_i64()
            .expect("a moment")
    };
    let start = super::desk::START;
    desk.wait(5);
    assert_eq!(now(&desk), start + 5);
    desk.control("clock", &json!({ "now": start + 100 }));
    desk.wait(5);
    assert_eq!(now(&desk), start + 100);
    desk.control("clock", &json!({ "advance": 50 }));
    assert_eq!(now(&desk), start + 150);
    desk.control("clock", &json!({ "run": true }));
    desk.wait(5);
    assert_eq!(now(&desk), start + 155);
    assert_eq!(
        desk.call(&command("clock", &json!({ "now": start })))
            .status,
        400
    );
}
