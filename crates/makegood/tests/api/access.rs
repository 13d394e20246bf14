// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may do what: every route with every scope, with none, and with tokens that do not count.

use axum::body::Body;
use makegood::books::people::{self, Role, Scope};
use makegood::web::access::{ROUTES, Who};

use crate::shop::{Ground, Shop};

on_both! {
    every_route_lets_in_those_of_the_table_and_nobody_else,
    a_token_that_was_taken_back_has_run_out_or_is_no_token_is_refused,
    a_role_does_not_do_what_is_anothers_even_where_the_route_lets_it_in,
    whoever_asks_too_often_is_told_when_to_come_back,
}

const NOBODY: &str = "00000000000000000000000000000000";

fn path(pattern: &str) -> String {
    let case = format!("/cases/case_{NOBODY}");
    let path = pattern
        .replace("/cases/{id}", &case)
        .replace("{no}", "1")
        .replace("{check}", "delivery_log");
    path.replace("/refunds/{id}", &format!("/refunds/rf_{NOBODY}_1"))
        .replace("/letters/{id}", &format!("/letters/let_{NOBODY}_1"))
        .replace("/texts/{id}", &format!("/texts/txt_{NOBODY}{NOBODY}"))
        .replace(
            "/attachments/{id}",
            &format!("/attachments/att_{NOBODY}{NOBODY}"),
        )
        .replace("/customers/{id}", &format!("/customers/cus_{NOBODY}"))
        .replace("/events/{id}", "/events/evt_999999")
        .replace("{version}/{language}", "2025-10-02/da")
        .replace("{version}", "2025-10-02")
        .replace("{name}", "none.css")
        .replace("{number}", "VL-404")
        .replace(
            "/webhook_endpoints/{id}",
            &format!("/webhook_endpoints/we_{NOBODY}"),
        )
        .replace(
            "/webhook_deliveries/{id}",
            &format!("/webhook_deliveries/wd_{NOBODY}"),
        )
        .replace("/breaches/{id}", "/breaches/foreign_refund:card:re_none")
        .replace("/transfers/{id}", "/transfers/MG0")
        .replace("/transfer_batches/{id}", "/transfer_batches/MGB0")
        .replace("{form}", "csv")
        .replace(
            "/reconciliations/{id}",
            &format!("/reconciliations/rec_{NOBODY}"),
        )
        .replace("{link}", "mgl_none")
        .replace("{slug}", "not-found")
}

async fn every_route_lets_in_those_of_the_table_and_nobody_else(ground: Ground) {
    let shop = Shop::open(ground).await;
    let stranger = shop.stranger();
    let wrong = shop.showing("mgt_0000000000000000000000000000000000000000000");
    let mut visitors = Vec::new();
    for (word, scope) in Scope::ALL {
        visitors.push((scope, shop.token(word, &[scope], None).await.1));
    }
    for route in ROUTES {
        let path = path(route.path);
        let ask = |visitor: &crate::shop::Visitor| {
            let request = visitor
                .request(route.method, &path)
                .header("content-type", "application/json")
                .header("sec-fetch-site", "same-origin")
                .header("idempotency-key", "k");
            request.body(Body::from("[]")).unwrap()
        };
        let here = format!("{} {}", route.method, route.path);
        let open = route.who == Who::All;
        let answer = stranger.ask(ask(&stranger)).await;
        assert_eq!(
            answer.status == 401,
            !open,
            "{here} without a token: {}",
            answer.text()
        );
        if !open {
            assert_eq!(answer.slug(), "no-token", "{here}");
            assert!(
                answer
                    .header("www-authenticate")
                    .is_some_and(|value| value.starts_with("Bearer")),
                "{here}"
            );
            let answer = wrong.ask(ask(&wrong)).await;
            assert_eq!(
                (answer.status, answer.slug().as_str()),
                (401, "token-not-valid"),
                "{here}"
            );
        }
        for (scope, visitor) in &visitors {
            let answer = visitor.ask(ask(visitor)).await;
            let let_in = !matches!(answer.status, 401 | 403);
            assert_eq!(
                let_in,
                route.lets(&[*scope]),
                "{here} with {}: {} {}",
                scope.word(),
                answer.status,
                answer.text()
            );
            if !let_in {
                assert_eq!(answer.slug(), "not-allowed", "{here} with {}", scope.word());
            }
            assert_ne!(
                answer.status,
                500,
                "{here} with {}: {}",
                scope.word(),
                answer.text()
            );
        }
    }
}

#[test]
fn reading_alone_changes_nothing_and_the_owner_may_do_everything() {
    for route in ROUTES {
        assert!(route.lets(&[Scope::Admin]), "{route:?}");
        let open = route.who == Who::All;
        let harmless = route.method == "GET" || route.path == "/v1/decide";
        assert!(harmless || open || !route.lets(&[Scope::Read]), "{route:?}");
        assert!(open || !route.lets(&[]), "{route:?}");
    }
}

async fn a_token_that_was_taken_back_has_run_out_or_is_no_token_is_refused(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (id, visitor) = shop.token("old", &[Scope::Read], None).await;
    assert_eq!(visitor.get("/v1/cases").await.status, 200);
    let now = shop.ready.shop.clock.now();
    let store = &shop.ready.shop.desk.store;
    store
        .write(move |tx| Box::pin(async move { people::revoke(tx, id, now).await }))
        .await
        .unwrap();
    shop.ready.shop.clock.advance(3);
    assert_eq!(visitor.get("/v1/cases").await.slug(), "token-not-valid");

    for header in [
        "Bearer",
        "Basic bWU6bWU=",
        "Bearer sk_live_1",
        "mgt_1",
        "Bearer  mgt_",
        "Bearer mgt_\u{e6}",
    ] {
        let stranger = shop.stranger();
        let request = stranger
            .request("GET", "/v1/cases")
            .header("authorization", header.as_bytes());
        let answer = stranger.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.slug(), "token-not-valid", "{header}");
    }
}

async fn a_role_does_not_do_what_is_anothers_even_where_the_route_lets_it_in(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let case = customer
        .post(
            "/v1/cases",
            &serde_json::json!({"order": "VL-1", "claim": "incomplete"}),
        )
        .await
        .json();
    // A program without a person behind it: its scope lets it to the route, the desk asks for an agent.
    let (_, program) = shop.token("robot", &[Scope::Agent], None).await;
    let path = format!(
        "/v1/cases/{}/decisions/1/accept",
        case["id"].as_str().unwrap()
    );
    assert_eq!(
        program.post(&path, &serde_json::json!({})).await.slug(),
        "takes-somebody-else"
    );
    let finance = shop.somebody("Finn", Role::Finance).await;
    assert_eq!(
        finance.post(&path, &serde_json::json!({})).await.slug(),
        "not-allowed"
    );
}

async fn whoever_asks_too_often_is_told_when_to_come_back(ground: Ground) {
    let shop = Shop::with(
        ground,
        &[
            "server.rate_burst_max=3",
            "server.rate_per_minute_max=3",
            "server.rate_visitor_per_minute_max=2",
        ],
    )
    .await;
    let customer = shop.customer().await;
    let mut left = Vec::new();
    for _ in 0..3 {
        let answer = customer.get("/v1/brakes").await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"token\";q=3;w=60")
        );
        left.push(answer.header("ratelimit").unwrap().to_owned());
    }
    assert_eq!(
        left,
        [
            "\"token\";r=2;t=20",
            "\"token\";r=1;t=20",
            "\"token\";r=0;t=20"
        ]
    );
    let over = customer.get("/v1/brakes").await;
    assert_eq!(
        (over.status, over.slug().as_str()),
        (429, "too-many-requests")
    );
    let wait: u64 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    // Another token is not held up by it, and whoever guesses tokens is held up soon.
    assert_eq!(shop.customer().await.get("/v1/brakes").await.status, 200);
    let guesser = shop.showing("mgt_guess");
    let answers = [
        guesser.get("/v1/cases").await,
        guesser.get("/v1/cases").await,
        guesser.get("/v1/cases").await,
    ];
    assert_eq!(answers.map(|answer| answer.status), [401, 401, 429]);
}
