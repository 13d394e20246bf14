// SPDX-License-Identifier: MIT OR Apache-2.0
//! What cannot be read is refused with its place and what to write instead.

use serde_json::json;

use crate::shop::{Ground, Shop};

on_both! {
    a_body_that_cannot_be_read_is_told_its_place,
    an_address_that_is_none_a_method_and_a_parameter_are_told,
    an_answer_carries_the_name_of_its_request_and_keeps_browsers_from_guessing,
    a_case_file_is_decided_as_the_command_decides_it,
    an_order_that_is_not_known_can_be_asked_about_and_acts_at_it_are_refused_in_words,
}

async fn a_body_that_cannot_be_read_is_told_its_place(ground: Ground) {
    let shop = Shop::open(ground).await;
    let customer = shop.customer().await;
    let table = [
        ("", "bad-body", "/order", "`order` is missing"),
        ("[]", "bad-body", "", "the body is a list; write an object"),
        ("{", "bad-body", "", "the body is not JSON"),
        (
            r#"{"order": "1", "claim": "incomplete", "wnats": "refund"}"#,
            "bad-body",
            "/wnats",
            "if `wants` is meant, write that",
        ),
        (
            r#"{"order": "1", "claim": "lost"}"#,
            "bad-body",
            "/claim",
            "write one of `not_started`",
        ),
        (
            r#"{"order": 1, "claim": "incomplete"}"#,
            "bad-body",
            "/order",
            "is 1; write a text in one line",
        ),
        (
            r#"{"order": "", "claim": "incomplete"}"#,
            "bad-body",
            "/order",
            "write a text in one line of 1 to 200",
        ),
        (
            r#"{"order": "1\u0000", "claim": "incomplete"}"#,
            "bad-body",
            "/order",
            "without control characters",
        ),
        (
            r#"{"order": "1", "order": "2", "claim": "incomplete"}"#,
            "bad-body",
            "/order",
            "is given twice",
        ),
        (
            r#"{"order": "1", "claim": "incomplete", "customer": {"email": "ann"}}"#,
            "bad-body",
            "/customer/email",
            "write a mail address",
        ),
        (
            r#"{"order": "1", "claim": "incomplete", "attachments": ["x"]}"#,
            "bad-body",
            "/attachments/0",
            "write the `id` of a file",
        ),
    ];
    for (body, slug, pointer, says) in table {
        let answer = customer
            .post_text("/v1/cases", "application/json", body)
            .await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (400, slug),
            "{body}: {}",
            answer.text()
        );
        let problem = answer.json();
        assert_eq!(
            problem["errors"][0]["pointer"], pointer,
            "{body}: {problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains(says),
            "{body}: {problem}"
        );
    }
    assert_eq!(
        customer
            .post_text("/v1/cases", "text/plain", "{}")
            .await
            .slug(),
        "media-type"
    );
    let large = format!(r#"{{"order": "{}"}}"#, "x".repeat(2 << 20));
    let answer = customer
        .post_text("/v1/cases", "application/json", &large)
        .await;
    assert_eq!((answer.status, answer.slug().as_str()), (413, "too-large"));
}

async fn an_address_that_is_none_a_method_and_a_parameter_are_told(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (customer, nobody) = (shop.customer().await, "00000000000000000000000000000000");
    let table = [
        ("GET", "/v1/nothing".to_owned(), 404, "not-found"),
        ("GET", "/nowhere".to_owned(), 404, "not-found"),
        ("DELETE", "/v1/cases".to_owned(), 405, "method-not-allowed"),
        ("GET", "/v1/cases?limit=0".to_owned(), 400, "bad-parameter"),
        (
            "GET",
            "/v1/cases?limit=10&limit=11".to_owned(),
            400,
            "bad-parameter",
        ),
        ("GET", "/v1/cases?limt=10".to_owned(), 400, "bad-parameter"),
        (
            "GET",
            "/v1/cases?starting_after=x".to_owned(),
            400,
            "bad-parameter",
        ),
        (
            "GET",
            format!("/v1/cases?starting_after=case_{nobody}"),
            400,
            "bad-parameter",
        ),
        ("GET", "/v1/cases/case_1".to_owned(), 404, "not-found"),
        ("GET", format!("/v1/cases/case_{nobody}"), 404, "not-found"),
        (
            "GET",
            format!("/v1/refunds/rf_{nobody}_0"),
            404,
            "not-found",
        ),
        ("GET", "/v1/events/evt_-1".to_owned(), 404, "not-found"),
        (
            "GET",
            "/v1/policies/2025-10-02/fr".to_owned(),
            404,
            "not-found",
        ),
    ];
    for (method, path, status, slug) in table {
        let answer = customer
            .ask(
                customer
                    .request(method, &path)
                    .body(axum::body::Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (status, slug),
            "{method} {path}: {}",
            answer.text()
        );
    }
    let allow = customer
        .ask(
            customer
                .request("DELETE", "/v1/cases")
                .body(axum::body::Body::empty())
                .unwrap(),
        )
        .await;
    assert!(
        allow
            .header("allow")
            .is_some_and(|allow| allow.contains("GET") && allow.contains("POST")),
        "{:?}",
        allow.headers
    );
}

async fn an_answer_carries_the_name_of_its_request_and_keeps_browsers_from_guessing(
    ground: Ground,
) {
    let shop = Shop::open(ground).await;
    let stranger = shop.stranger();
    let request = stranger
        .request("GET", "/healthz")
        .header("x-request-id", "mine-1");
    let answer = stranger
        .ask(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let problem = stranger.get("/v1/cases").await;
    assert_eq!(
        problem.json()["request_id"].as_str(),
        problem.header("x-request-id")
    );
}

async fn a_case_file_is_decided_as_the_command_decides_it(ground: Ground) {
    let shop = Shop::open(ground).await;
    let customer = shop.customer().await;
    let case = include_str!("../../../../examples/cases/nothing-started.json");
    let answer = customer
        .post_text("/v1/decide?language=en", "application/json", case)
        .await;
    let decision = answer.json();
    assert_eq!(
        (&decision["outcome"], &decision["clause"]),
        (&json!("refund"), &json!("5.1")),
        "{decision}"
    );
    let broken = case.replace("\"quantity\": 500", "\"quantity\": -1");
    let answer = customer
        .post_text("/v1/decide", "application/json", &broken)
        .await;
    assert_eq!(
        (
            answer.slug().as_str(),
            &answer.json()["errors"][0]["pointer"]
        ),
        ("bad-body", &json!("/order/quantity"))
    );
    let early = case.replace("2025-11-01T09:00:00Z", "2001-11-01T09:00:00Z");
    let answer = customer
        .post_text("/v1/decide", "application/json", &early)
        .await;
    assert_eq!(answer.slug(), "case-file-undecided");
}

async fn an_order_that_is_not_known_can_be_asked_about_and_acts_at_it_are_refused_in_words(
    ground: Ground,
) {
    let shop = Shop::open(ground).await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let case = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-9", "claim": "incomplete"}),
        )
        .await
        .json();
    assert_eq!(case["stage"], "waiting_for_order");
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let no_reason = json!({"outcome": "declined", "clause": "5.1", "reason": " "});
    let table = [
        ("decisions/1/accept", json!({}), 404, "not-found"),
        (
            "proofs/1/judge",
            json!({"accepted": true}),
            404,
            "not-found",
        ),
        (
            "answers",
            json!({"redelivery_possible": true}),
            409,
            "not-asked",
        ),
        ("answers", json!({}), 400, "bad-body"),
        ("override", no_reason, 409, "order-unknown"),
        ("appeal", json!({"text": "no"}), 409, "not-appealable"),
        ("messages", json!({}), 400, "bad-body"),
        ("tasks/1/done", json!({"note": "done"}), 404, "not-found"),
        (
            "checks/nothing",
            json!({"sound": true, "note": "x"}),
            404,
            "not-found",
        ),
    ];
    for (act, body, status, slug) in table {
        let answer = agent.post(&format!("{here}/{act}"), &body).await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (status, slug),
            "{act}: {}",
            answer.text()
        );
    }
    assert_eq!(
        agent
            .post(&format!("{here}/close"), &json!({"reason": "spam"}))
            .await
            .json()["closed"],
        "by_person"
    );
    assert_eq!(
        agent
            .post(&format!("{here}/close"), &json!({"reason": "spam"}))
            .await
            .slug(),
        "case-closed"
    );
}
