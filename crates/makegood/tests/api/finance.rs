// SPDX-License-Identifier: MIT OR Apache-2.0
//! What finance does over HTTP: holds the books against a provider's, explains what does not agree, and pays by bank transfer.

use makegood::books::people::{Role, Scope};
use serde_json::{Value as Json, json};

use crate::shop::{Ground, Shop, Visitor};

on_both! {
    a_foreign_refund_is_found_stops_the_order_and_is_explained_once,
    comparisons_are_listed_and_a_provider_that_does_not_answer_is_told,
    a_bank_transfer_goes_out_in_one_file_and_is_confirmed,
    without_a_bank_there_are_no_transfers,
}

async fn finance(shop: &Shop) -> Visitor {
    shop.somebody("Finn", Role::Finance).await
}

/// Whoever may only look.
async fn reader(shop: &Shop) -> Visitor {
    shop.token("reader", &[Scope::Read], None).await.1
}

async fn case_of(shop: &Shop, order: &str) -> Json {
    let asked = json!({"order": order, "claim": "incomplete"});
    shop.customer().await.post("/v1/cases", &asked).await.json()
}

fn address(case: &Json) -> String {
    format!("/v1/cases/{}", case["id"].as_str().unwrap())
}

async fn a_foreign_refund_is_found_stops_the_order_and_is_explained_once(ground: Ground) {
    let shop = Shop::open(ground).await;
    let charge = shop.order("VL-1").await;
    let (agent, finance) = (shop.agent().await, finance(&shop).await);
    let here = address(&case_of(&shop, "VL-1").await);
    let foreign = shop.bank(
        "/_sandbox/refunds",
        &json!({"charge": charge, "amount": 500}),
    );
    let foreign = foreign["id"].as_str().unwrap();

    let report = finance.post("/v1/reconciliations", &json!({})).await;
    assert_eq!(report.status, 200, "{}", report.text());
    let report = report.json();
    assert_eq!(
        (&report["provider"], &report["agrees"], &report["refunds"]),
        (&json!("card"), &json!(false), &json!(1))
    );
    let difference = &report["differences"][0];
    assert_eq!(
        (
            &difference["kind"],
            &difference["subject"],
            &difference["order"]
        ),
        (&json!("refund_foreign"), &json!(foreign), &json!("VL-1"))
    );
    let month = json!({"provider": "card", "days": 30});
    let again = finance.post("/v1/reconciliations", &month).await;
    assert_eq!(again.json()["agrees"], true);

    let list = finance.get("/v1/breaches?status=open").await.json();
    let breach = list["data"][0].clone();
    assert_eq!(
        (
            &breach["kind"],
            &breach["subject"],
            &breach["order"],
            &breach["status"]
        ),
        (
            &json!("foreign_refund"),
            &json!(foreign),
            &json!("VL-1"),
            &json!("open")
        )
    );
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let path = format!("/v1/breaches/{}", breach["id"].as_str().unwrap());
    assert_eq!(reader(&shop).await.get(&path).await.json(), breach);
    assert_eq!(agent.get(&path).await.slug(), "not-allowed");
    let accept = format!("{here}/decisions/1/accept");
    assert_eq!(agent.post(&accept, &json!({})).await.slug(), "order-frozen");

    let close = format!("{path}/close");
    let reason = json!({"reason": "Mia paid it back on the phone"});
    let (_, program) = shop.token("books", &[Scope::Finance], None).await;
    let table = [
        (&agent, &close, reason.clone(), 403, "not-allowed"),
        (&program, &close, reason.clone(), 403, "takes-somebody-else"),
        (&finance, &close, json!({}), 400, "bad-body"),
        (
            &finance,
            &close,
            json!({"reason": " "}),
            422,
            "reason-missing",
        ),
        (
            &finance,
            &"/v1/breaches/foreign_refund:card:re_none/close".to_owned(),
            reason.clone(),
            404,
            "not-found",
        ),
        (
            &finance,
            &"/v1/breaches/%00/close".to_owned(),
            reason.clone(),
            404,
            "not-found",
        ),
    ];
    for (visitor, path, body, status, slug) in table {
        let answer = visitor.post(path, &body).await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (status, slug),
            "{path} {body}"
        );
    }
    let closed = finance.post_as(&close, "explained", &reason).await;
    assert_eq!(
        (&closed.json()["status"], &closed.json()["reason"]),
        (&json!("closed"), &reason["reason"]),
        "{}",
        closed.text()
    );
    assert!(
        closed.json()["closed_by"]
            .as_str()
            .unwrap()
            .starts_with("person_")
    );
    let replayed = finance.post_as(&close, "explained", &reason).await;
    assert_eq!(
        (
            replayed.body,
            replayed.headers["idempotent-replayed"].as_bytes()
        ),
        (closed.body, &b"true"[..])
    );
    assert_eq!(finance.post(&close, &reason).await.slug(), "already-done");
    assert_eq!(
        finance.get("/v1/breaches?status=open").await.json()["data"],
        json!([])
    );
    let of_order = finance
        .get("/v1/breaches?status=closed&order=VL-1")
        .await
        .json();
    assert_eq!(of_order["data"][0]["id"], breach["id"]);
    assert_eq!(
        finance.get("/v1/breaches?order=VL-2").await.json()["data"],
        json!([])
    );
    assert_eq!(
        finance.get("/v1/ledger/balances").await.json()["balances"],
        true
    );

    // Money of the order moves again, and what went back by other hands counts.
    let case = agent.get(&here).await.json();
    assert_eq!(case["left"]["amount"], 4990 - 500, "{case}");
}

async fn comparisons_are_listed_and_a_provider_that_does_not_answer_is_told(ground: Ground) {
    let shop = Shop::open(ground).await;
    let finance = finance(&shop).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let report = finance.post("/v1/reconciliations", &json!({})).await.json();
        ids.insert(0, report["id"].clone());
        assert_eq!(
            finance
                .get(&format!("/v1/reconciliations/{}", ids[0].as_str().unwrap()))
                .await
                .json(),
            report
        );
        shop.ready.shop.clock.advance(1);
    }
    let reader = reader(&shop).await;
    let listed = async |query: &str| -> Vec<Json> {
        let list = reader
            .get(&format!("/v1/reconciliations{query}"))
            .await
            .json();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect()
    };
    assert_eq!(listed("").await, ids);
    assert_eq!(listed("?limit=1").await, ids[..1]);
    let last = ids[2].as_str().unwrap();
    assert_eq!(
        listed(&format!("?ending_before={last}&limit=1")).await,
        ids[1..2]
    );
    let first = ids[0].as_str().unwrap();
    assert_eq!(
        listed(&format!("?starting_after={first}&provider=card")).await,
        ids[1..]
    );
    assert!(listed("?provider=other").await.is_empty());
    assert_eq!(
        reader.post("/v1/reconciliations", &json!({})).await.slug(),
        "not-allowed"
    );
    let wrong = finance
        .post("/v1/reconciliations", &json!({"provider": "crad"}))
        .await;
    assert_eq!(
        (wrong.slug().as_str(), &wrong.json()["errors"][0]["pointer"]),
        ("bad-body", &json!("/provider"))
    );
    let wrong = finance
        .post("/v1/reconciliations", &json!({"days": 0}))
        .await;
    assert_eq!(
        wrong.json()["errors"][0]["pointer"],
        "/days",
        "{}",
        wrong.text()
    );

    let silent = json!({"method": "GET", "path": "/v1/refunds", "nth": 1, "times": 50, "fault": "timeout", "hold_ms": 1});
    shop.bank("/_sandbox/faults", &silent);
    let answer = finance.post("/v1/reconciliations", &json!({})).await;
    assert_eq!(
        (answer.status, answer.slug().as_str()),
        (503, "provider-silent"),
        "{}",
        answer.text()
    );
    assert!(answer.header("retry-after").is_some());
    assert_eq!(listed("").await, ids);
}

async fn with_bank(ground: Ground) -> Shop {
    Shop::with(
        ground,
        &[
            "desk.undo_seconds=0",
            "payments.bank.kind=manual",
            "payments.bank.account_holder=Example ApS",
            "payments.bank.account_iban=DK5000400440116243",
        ],
    )
    .await
}

async fn a_bank_transfer_goes_out_in_one_file_and_is_confirmed(ground: Ground) {
    let shop = with_bank(ground).await;
    shop.order_paid_by("VL-1", "bank", "wire-1").await;
    let (agent, finance, reader) = (
        shop.agent().await,
        finance(&shop).await,
        reader(&shop).await,
    );
    let case = case_of(&shop, "VL-1").await;
    let here = address(&case);
    assert_eq!(
        agent
            .post(&format!("{here}/decisions/1/accept"), &json!({}))
            .await
            .status,
        200
    );
    shop.tend(&case).await;
    let list = reader.get("/v1/transfers").await.json();
    let transfer = &list["data"][0];
    assert_eq!(
        (
            &transfer["status"],
            &transfer["money"],
            &transfer["order"],
            &transfer["case"]
        ),
        (
            &json!("needs_payee"),
            &json!({"amount": 1248, "currency": "EUR"}),
            &json!("VL-1"),
            &case["id"]
        )
    );
    let path = format!("/v1/transfers/{}", transfer["id"].as_str().unwrap());
    assert_eq!(
        finance
            .post("/v1/transfer_batches", &json!({}))
            .await
            .json()["data"],
        json!([])
    );
    assert_eq!(
        finance
            .post(&format!("{path}/confirm"), &json!({}))
            .await
            .slug(),
        "transfer-not-sent"
    );

    let iban = "DE89 3704 0044 0532 0130 00";
    let payee = format!("{path}/payee");
    let table = [
        json!({"name": "Mia Hansen"}),
        json!({"name": "Mia Hansen", "iban": "DE88 3704 0044 0532 0130 00"}),
        json!({"name": "Mia Hansen", "iban": iban, "number": "1"}),
        json!({"iban": iban}),
    ];
    for wrong in table {
        let answer = finance.post(&payee, &wrong).await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (400, "bad-body"),
            "{wrong}"
        );
        let told = answer.text();
        assert!(
            !told.contains("3704 0044") && !told.contains("37040044"),
            "{told}"
        );
    }
    let known = finance
        .post(&payee, &json!({"name": "Mia Hansen", "iban": iban}))
        .await;
    assert_eq!(known.json()["status"], "waiting", "{}", known.text());
    let told = known.text();
    // Four digits alone may well stand in a hash.
    for personal in ["3704 0044", "37040044", "Mia Hansen"] {
        assert!(!told.contains(personal), "{told}");
    }

    let wrong_day = finance
        .post("/v1/transfer_batches", &json!({"execute_on": "2001-01-01"}))
        .await;
    assert_eq!(wrong_day.json()["errors"][0]["pointer"], "/execute_on");
    let reason = json!({"reason": "something is odd"});
    finance.post("/v1/brakes/stop", &reason).await;
    let stopped = finance.post("/v1/transfer_batches", &json!({})).await;
    assert_eq!(stopped.slug(), "money-stopped", "{}", stopped.text());
    finance.post("/v1/brakes/go", &reason).await;
    let made = finance
        .post_as("/v1/transfer_batches", "today", &json!({"bank": "bank"}))
        .await;
    let batch = made.json()["data"][0].clone();
    assert_eq!(
        (&batch["transfers"], &batch["forms"], &batch["currency"]),
        (
            &json!([transfer["id"]]),
            &json!(["csv", "sepa"]),
            &json!("EUR")
        ),
        "{}",
        made.text()
    );
    let again = finance
        .post_as("/v1/transfer_batches", "today", &json!({"bank": "bank"}))
        .await;
    assert_eq!(
        (again.header("idempotent-replayed"), &again.body),
        (Some("true"), &made.body)
    );
    assert_eq!(
        finance
            .post("/v1/transfer_batches", &json!({}))
            .await
            .json()["data"],
        json!([])
    );
    let batch_path = format!("/v1/transfer_batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(reader.get(&batch_path).await.json(), batch);
    assert_eq!(
        reader.get("/v1/transfer_batches").await.json()["data"],
        json!([batch])
    );
    assert_eq!(
        reader.get(&format!("{batch_path}/csv")).await.slug(),
        "not-allowed"
    );
    for (form, kind) in [
        ("csv", "text/csv; charset=utf-8"),
        ("sepa", "application/xml"),
    ] {
        let file = finance.get(&format!("{batch_path}/{form}")).await;
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, Some(kind))
        );
        let shown = file.header("content-disposition").unwrap();
        assert!(shown.starts_with("attachment; filename=\"MGB"), "{shown}");
        for part in [
            "12.48",
            "DE89370400440532013000",
            "Mia Hansen",
            transfer["id"].as_str().unwrap(),
        ] {
            assert!(
                file.text().contains(part),
                "{form} without {part}: {}",
                file.text()
            );
        }
    }
    assert_eq!(
        finance.get(&format!("{batch_path}/pdf")).await.slug(),
        "not-found"
    );
    let late = finance
        .post(&payee, &json!({"name": "Bo", "iban": iban}))
        .await;
    assert_eq!(late.slug(), "refund-already-sent");

    for _ in 0..2 {
        let paid = finance.post(&format!("{path}/confirm"), &json!({})).await;
        assert_eq!(
            (paid.status, &paid.json()["status"]),
            (200, &json!("paid")),
            "{}",
            paid.text()
        );
    }
    let done = agent.get(&here).await.json();
    assert_eq!(
        (&done["refunds"][0]["status"], &done["stage"]),
        (&json!("succeeded"), &json!("closed"))
    );
    assert_eq!(
        finance.get("/v1/ledger/balances").await.json()["balances"],
        true
    );
    for (status, many) in [("paid", 1), ("waiting", 0), ("needs_payee", 0)] {
        let list = reader
            .get(&format!("/v1/transfers?status={status}&bank=bank"))
            .await
            .json();
        assert_eq!(list["data"].as_array().unwrap().len(), many, "{status}");
    }
    assert_eq!(
        reader.get("/v1/transfers?bank=bnak").await.slug(),
        "bad-parameter"
    );
}

async fn without_a_bank_there_are_no_transfers(ground: Ground) {
    let shop = Shop::open(ground).await;
    let finance = finance(&shop).await;
    assert_eq!(finance.get("/v1/transfers").await.json()["data"], json!([]));
    let none = finance.post("/v1/transfer_batches", &json!({})).await;
    assert_eq!(
        none.json()["errors"][0]["pointer"],
        "/bank",
        "{}",
        none.text()
    );
    assert_eq!(finance.get("/v1/transfers/MG1").await.slug(), "not-found");
    assert_eq!(
        finance.get("/v1/transfer_batches/MGB1/csv").await.slug(),
        "not-found"
    );
}
