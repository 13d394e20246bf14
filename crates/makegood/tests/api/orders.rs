// SPDX-License-Identifier: MIT OR Apache-2.0
//! Orders told over HTTP: one by one, part by part, and in batches.

use serde_json::{Value as Json, json};

use crate::shop::{Ground, Shop};

on_both! {
    an_order_is_told_in_parts_and_read_as_a_whole,
    what_cannot_be_and_what_was_told_otherwise_is_a_problem_with_its_place,
    a_batch_is_answered_line_by_line_to_whoever_reads_late,
}

fn order(number: &str) -> Json {
    json!({"order": {
        "number": number, "placed_at": "2025-11-01T08:00:00Z", "quantity": 1000, "price": {"amount": 4990, "currency": "EUR"},
        "links": ["https://example.org/p"],
        "service": {"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"},
    }, "customer": {"reference": "C-1", "email": "ann@example.com"}})
}

async fn an_order_is_told_in_parts_and_read_as_a_whole(ground: Ground) {
    let shop = Shop::open(ground).await;
    let program = shop.customer().await;
    let here = "/v1/orders/A%2F1";
    let money = json!({"amount": 4990, "currency": "EUR"});
    let parts = [
        (
            "log",
            json!({"entry": {"at": "2025-11-02T08:00:00Z", "event": "started", "count": 2310}}),
        ),
        (
            "payments",
            json!({"payment": {"id": "p1", "at": "2025-11-01T08:00:00Z", "amount": money, "kind": "one_time"}, "provider": "card", "reference": "pi_1"}),
        ),
        (
            "subscription",
            json!({"subscription": {"status": "active"}, "provider": "card", "reference": "sub_1"}),
        ),
        (
            "refunds",
            json!({"id": "r1", "refund": {"at": "2025-11-03T08:00:00Z", "amount": {"amount": 100, "currency": "EUR"}, "units": 20}}),
        ),
        (
            "disputes",
            json!({"dispute": {"id": "d1", "opened_at": "2025-11-04T08:00:00Z", "status": "open", "amount": money}}),
        ),
        (
            "contacts",
            json!({"contact": {"at": "2025-11-05T08:00:00Z", "channel": "chat"}}),
        ),
    ];
    assert_eq!(program.get(here).await.slug(), "not-found");
    for again in ["new", "same"] {
        for (part, body) in &parts {
            let told = program.post(&format!("{here}/{part}"), body).await;
            assert_eq!(
                (told.status, &told.json()["result"]),
                (200, &json!(again)),
                "{part}: {}",
                told.text()
            );
        }
        assert_eq!(
            program.post("/v1/orders", &order("A/1")).await.json()["result"],
            again
        );
    }
    let read = program.get(here).await.json();
    assert_eq!(
        (
            &read["number"],
            &read["quantity"],
            &read["service"]["guarantee"]
        ),
        (&json!("A/1"), &json!(1000), &json!("P30D"))
    );
    assert_eq!(
        (
            &read["payments"][0]["reference"],
            &read["payments"][0]["left"]
        ),
        (&json!("pi_1"), &money)
    );
    assert_eq!(
        (
            &read["subscription"]["subscription"]["status"],
            &read["refunds"][0]["units"]
        ),
        (&json!("active"), &json!(20))
    );
    assert_eq!(
        (&read["disputes"][0]["id"], &read["contacts"][0]["channel"]),
        (&json!("d1"), &json!("chat"))
    );
    assert_eq!(
        read["delivery_log"],
        json!([{"at": "2025-11-02T08:00:00Z", "event": "started", "count": 2310}])
    );
    assert!(
        read["customer"]
            .as_str()
            .is_some_and(|customer| customer.starts_with("cus_"))
    );
}

async fn what_cannot_be_and_what_was_told_otherwise_is_a_problem_with_its_place(ground: Ground) {
    let shop = Shop::open(ground).await;
    let program = shop.customer().await;
    program.post("/v1/orders", &order("VL-1")).await;
    let mut other = order("VL-1");
    other["order"]["quantity"] = json!(900);
    let told = program.post("/v1/orders", &other).await;
    assert_eq!((told.status, told.slug().as_str()), (409, "told-otherwise"));
    let problem = told.json();
    assert_eq!(
        (&problem["field"], &problem["kept"], &problem["given"]),
        (&json!("order.quantity"), &json!(1000), &json!(900))
    );
    other["order"]["quantity"] = json!(0);
    let told = program.post("/v1/orders", &other).await;
    assert_eq!(
        (told.status, &told.json()["errors"][0]["pointer"]),
        (400, &json!("/order/quantity"))
    );
    let body =
        json!({"order": "VL-2", "entry": {"at": "2025-11-02T08:00:00Z", "event": "completed"}});
    let told = program.post("/v1/orders/VL-1/log", &body).await;
    assert_eq!(
        (told.status, &told.json()["errors"][0]["pointer"]),
        (400, &json!("/order"))
    );
    let told = program.post("/v1/orders/VL-1/payments", &json!({"payment": {"id": "p1", "at": "2025-11-01T08:00:00Z", "amount": {"amount": 1, "currency": "EUR"}, "kind": "one_time"}, "provider": "cart", "reference": "x"})).await;
    assert!(
        told.json()["detail"].as_str().unwrap().contains("`card`"),
        "{}",
        told.text()
    );
}

async fn a_batch_is_answered_line_by_line_to_whoever_reads_late(ground: Ground) {
    let shop = Shop::open(ground).await;
    let program = shop.customer().await;
    let mut body = String::new();
    for number in 1..=10_000 {
        let line = json!({"type": "log", "order": format!("VL-{}", number / 20), "entry": {"at": "2025-11-02T08:00:00Z", "event": "count", "count": number}});
        match number {
            500 => body.push_str("oops\n"),
            _ => body.push_str(&format!("{line}\n")),
        }
    }
    let told = program
        .post_text("/v1/orders", "application/x-ndjson", &body)
        .await;
    assert_eq!(
        (told.status, told.header("content-type")),
        (200, Some("application/x-ndjson"))
    );
    let lines: Vec<Json> = told
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 10_000);
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line["line"], at + 1);
        assert_eq!(line["result"], if at + 1 == 500 { "wrong" } else { "new" });
    }
}
