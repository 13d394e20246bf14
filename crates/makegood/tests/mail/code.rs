// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way back to a case by a code that is mailed, through real mail servers.

use axum::body::Body;
use makegood::mail::read::{Bounds, read};
use serde_json::json;

use crate::servers::Servers;
use crate::shop::{Answered, Ground, Shop};

async fn send(shop: &Shop, path: &str, fields: &[(&str, &str)]) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let visitor = shop.stranger();
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

fn ticket(answer: &Answered) -> String {
    let text = answer.text();
    let rest = text
        .split("name=\"ticket\" value=\"")
        .nth(1)
        .expect("a ticket");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_opens_the_case_once_and_only_to_its_customer() {
    let servers = Servers::start();
    let shop = crate::outgoing::opened(Ground::Sqlite, Some(&servers), &[]).await;
    shop.order("VL-1").await;
    let body = json!({"order": "VL-1", "claim": "incomplete", "customer": {"email": "ann@customer.test"}, "description": "Only 750 came."});
    assert_eq!(
        shop.customer().await.post("/v1/cases", &body).await.status,
        200
    );

    let nobody = send(
        &shop,
        "/find",
        &[("order", "VL-1"), ("email", "bob@customer.test")],
    )
    .await;
    let asked = send(
        &shop,
        "/find",
        &[("order", "VL-1"), ("email", "ann@customer.test")],
    )
    .await;
    let mails = servers.wait("a code", || {
        Some(servers.mails_of("ann")).filter(|mails| !mails.is_empty())
    });
    assert_eq!(mails.len(), 1);
    assert!(servers.mails_of("bob").is_empty());
    let mail = read(&mails[0], false, &Bounds::default());
    let raw = String::from_utf8_lossy(&mails[0]).into_owned();
    assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
    let code: String = mail.subject.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(code.len(), 6, "{raw}");

    let tries = async |ticket: &str, code: &str| {
        send(
            &shop,
            "/find/code",
            &[("ticket", ticket), ("code", code), ("to", "case")],
        )
        .await
    };
    // A code is of the page that asked for it.
    assert_eq!(tries(&ticket(&nobody), &code).await.status, 422);
    assert_eq!(tries(&ticket(&asked), "12").await.status, 422);
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let entered = tries(&ticket(&asked), &spaced).await;
    assert_eq!(entered.status, 303, "{}", entered.text());
    let place = entered.header("location").unwrap().to_owned();
    assert!(place.starts_with("/c/"), "{place}");
    let page = shop.stranger().get(&place).await;
    assert!(page.status == 200 && page.text().contains("Only 750 came."));
    // Once.
    assert_eq!(tries(&ticket(&asked), &code).await.status, 422);
    // And nobody is flooded: after some codes within an hour no more are sent.
    for _ in 0..8 {
        send(
            &shop,
            "/find",
            &[("order", "VL-1"), ("email", "ann@customer.test")],
        )
        .await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(servers.mails_of("ann").len(), 5);
}
