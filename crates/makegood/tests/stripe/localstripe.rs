// SPDX-License-Identifier: MIT OR Apache-2.0
//! The adapter against localstripe, a server that others wrote, where money (of a kind) really moves.
//!
//! Its gaps (1.15.10): it refuses `reason`, takes no notice of idempotency keys or of what is left of a payment, and has no disputes,
//! no `invoice_payments`, no `amount_captured` and no lists by time. So `reason` is taken out on the way, and nothing is read from it that it does not have.

use std::process::Command;

use jiff::Timestamp;
use makegood::pay::stripe::{Stripe, WebhookSecret, webhook};
use makegood::pay::{Look, Unread};
use makegood_desk::execution::{ProviderListed, ProviderSaid, RefundStatus};
use serde_json::Value;

use crate::outcomes::{order, settings};
use crate::peers;
use crate::relay;
use crate::server::Server;

const LOOPBACK_AND_MEMORY_ONLY: &str = "
import sys
from aiohttp import web
from localstripe import server
from localstripe.resources import Store
Store.dump_to_disk = lambda self: None
web.run_app(server.app, host='127.0.0.1', port=int(sys.argv[1]), access_log=None)
";

fn start() -> Server {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("localstripe");
    std::fs::create_dir_all(&folder).expect("a folder");
    Server::start(|port| {
        let mut command: Command = peers::python(LOOPBACK_AND_MEMORY_ONLY);
        command.arg(port.to_string()).env("TMPDIR", folder);
        command
    })
}

async fn call(server: &Server, path: &str, form: &[(&str, &str)]) -> Value {
    let client = relay::client();
    let url = format!("{}{path}", server.address());
    let request = if form.is_empty() {
        client.get(url)
    } else {
        client.post(url).form(form)
    };
    let response = request.basic_auth("sk_test_ours", Some("")).send().await;
    let text = response.expect("an answer").text().await.expect("a text");
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(&text).expect("JSON")
}

fn id(thing: &Value) -> &str {
    thing["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id: {thing}"))
}

/// A payment of 49.90 EUR.
async fn paid(server: &Server) -> String {
    let customer = call(server, "/v1/customers", &[("email", "a@example.test")]).await;
    let card = [
        ("type", "card"),
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2040"),
        ("card[cvc]", "123"),
    ];
    let card = call(server, "/v1/payment_methods", &card).await;
    let attach = format!("/v1/payment_methods/{}/attach", id(&card));
    call(server, &attach, &[("customer", id(&customer))]).await;
    let intent = [
        ("amount", "4990"),
        ("currency", "eur"),
        ("customer", id(&customer)),
        ("payment_method", id(&card)),
        ("confirm", "true"),
    ];
    id(&call(server, "/v1/payment_intents", &intent).await).to_owned()
}

fn adapter(server: &Server) -> Stripe {
    let without_reason: relay::Change = |_, form| form.replace("&reason=requested_by_customer", "");
    let (router, _) = relay::to(server.address(), false, without_reason);
    Stripe::in_process(router, settings()).expect("a client")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refund_really_happens() {
    let server = start();
    let payment = paid(&server).await;
    let stripe = adapter(&server);
    let mut order = order();
    order.payment.clone_from(&payment);

    assert_eq!(
        stripe.refunds_of(&payment).await.said,
        ProviderListed::All(Vec::new())
    );
    let said = stripe.create_refund(&order).await.said;
    let ProviderSaid::Refund(made) = said.clone() else {
        panic!("no refund: {said:?}")
    };
    assert_eq!(
        (made.status, made.amount),
        (RefundStatus::Succeeded, order.amount)
    );
    assert_eq!(
        stripe.refund(&made.id).await.said,
        ProviderSaid::Refund(made.clone())
    );
    assert_eq!(
        stripe.refunds_of(&payment).await.said,
        ProviderListed::All(vec![made.clone()])
    );
    let intent = call(&server, &format!("/v1/payment_intents/{payment}"), &[]).await;
    let charge = &intent["charges"]["data"][0];
    assert_eq!(charge["amount_refunded"], 1_248, "their books say the same");

    // It takes no notice of keys, so the same order pays twice; the list tells it, which is why it is read before anything is sent again.
    stripe.create_refund(&order).await;
    let ProviderListed::All(all) = stripe.refunds_of(&payment).await.said else {
        panic!("no list")
    };
    let ours = all
        .iter()
        .filter(|refund| refund.reference.as_deref() == Some("rf_1"));
    assert_eq!(ours.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_it_does_not_have_is_not_there_or_not_known() {
    let server = start();
    let payment = paid(&server).await;
    let stripe = adapter(&server);
    let mut order = order();
    "pi_nobody".clone_into(&mut order.payment);
    // Its 404 is in Stripe's form but names no code, which says less than Stripe does.
    let said = stripe.create_refund(&order).await.said;
    assert!(matches!(said, ProviderSaid::Refused { .. }), "{said:?}");
    let charge = stripe.payment(&payment).await.said;
    assert!(
        matches!(charge, Err(Unread::Unknown { .. })),
        "no `amount_captured`: {charge:?}"
    );
    let disputes = stripe.disputes_of(&payment).await.said;
    assert!(disputes.is_err(), "{disputes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn its_webhooks_are_taken() {
    let mut inbox = relay::inbox().await;
    let server = start();
    let secret = "whsec_of_the_test";
    call(
        &server,
        "/_config/webhooks/h1",
        &[("url", &inbox.address), ("secret", secret)],
    )
    .await;
    let payment = paid(&server).await;

    let secrets = [WebhookSecret::new(secret).expect("a secret")];
    let mut looks = Vec::new();
    while looks.last() != Some(&Look::Payment(payment.clone())) {
        let (header, body) = inbox.next().await;
        let event = webhook::take(&header, &body, &secrets, Timestamp::now()).expect("it is taken");
        let other = [WebhookSecret::new("whsec_of_another").expect("a secret")];
        assert_eq!(
            webhook::take(&header, &body, &other, Timestamp::now()),
            Err(webhook::NotTaken::NotSigned)
        );
        looks.push(event.look);
    }
}
