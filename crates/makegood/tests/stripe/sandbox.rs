// SPDX-License-Identifier: MIT OR Apache-2.0
//! The adapter against our own sandbox, in this process and over a socket, with everything going wrong that can.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use makegood::pay::sandbox::{self, Sandbox};
use makegood::pay::stripe::{SecretKey, Settings, Stripe, WebhookSecret, webhook};
use makegood::pay::{Answered, Cancelled, DisputeState, Look, PaidBy};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::execution::{
    ProviderListed, ProviderRefund, ProviderRefusal, ProviderSaid, RefundOrder, RefundStatus,
};
use serde_json::{Value, json};

use crate::relay;

const START: i64 = 1_790_000_000;

/// A sandbox on a socket, its clock, and the adapter at it both ways.
struct World {
    clock: Arc<AtomicI64>,
    address: String,
    ways: [(&'static str, Stripe); 2],
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn world() -> World {
    let clock = Arc::new(AtomicI64::new(START));
    let hand = Arc::clone(&clock);
    let sandbox = Sandbox::in_memory(7, Box::new(move || hand.load(Ordering::SeqCst)));
    let sandbox = Arc::new(sandbox);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let served = sandbox::serve(listener, Arc::clone(&sandbox), std::future::pending());
    let server = tokio::spawn(served);
    let settings = || {
        let mut settings = Settings::new(SecretKey::new("sk_test_ours").expect("a key"));
        settings.patience = Duration::from_secs(2);
        settings
    };
    let inside = Stripe::in_process(sandbox::router(Arc::clone(&sandbox)), settings());
    let outside = Stripe::at(&address, settings());
    World {
        clock,
        address,
        ways: [
            ("in process", inside.expect("a client")),
            ("over a socket", outside.expect("a client")),
        ],
        server,
    }
}

impl World {
    async fn call(&self, path: &str, request: reqwest::RequestBuilder) -> Value {
        let answer = request.basic_auth("sk_test_ours", Some("")).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let url = format!("{}{path}", self.address);
        self.call(path, relay::client().post(url).form(form)).await
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.address);
        self.call(path, relay::client().post(url).json(&body)).await
    }

    /// A payment of 49.90 EUR, by the names of its intent and its charge.
    async fn paid(&self) -> (String, String) {
        let form = [
            ("amount", "4990"),
            ("currency", "eur"),
            ("payment_method", "pm_card_visa"),
            ("confirm", "true"),
        ];
        let intent = self.post("/v1/payment_intents", &form).await;
        (text(&intent["id"]), text(&intent["latest_charge"]))
    }

    fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).expect("a time")
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

fn eur(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("EUR", 2).expect("a code"))
}

fn order(payment: &str, key: &str, minor: u64) -> RefundOrder {
    RefundOrder {
        key: key.to_owned(),
        reference: format!("rf_{key}"),
        payment: payment.to_owned(),
        amount: eur(minor),
        duplicate: false,
    }
}

async fn refunded(stripe: &Stripe, order: &RefundOrder) -> ProviderRefund {
    match stripe.create_refund(order).await.said {
        ProviderSaid::Refund(refund) => refund,
        said => panic!("{said:?}"),
    }
}

async fn listed(stripe: &Stripe, payment: &str) -> Vec<ProviderRefund> {
    match stripe.refunds_of(payment).await.said {
        ProviderListed::All(all) => all,
        said @ ProviderListed::Unknown { .. } => panic!("{said:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refund_by_intent_or_by_charge() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let (intent, charge) = world.paid().await;
        let first = refunded(
            stripe,
            &order(&intent, &format!("{way}-1").replace(' ', "-"), 1_000),
        )
        .await;
        assert_eq!(
            (first.status, first.payment.as_str()),
            (RefundStatus::Succeeded, intent.as_str()),
            "{way}"
        );
        let second = refunded(
            stripe,
            &order(&charge, &format!("{way}-2").replace(' ', "-"), 990),
        )
        .await;
        assert_eq!(second.payment, charge, "{way}");
        let ids = |all: Vec<ProviderRefund>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
        let both = [second.id.clone(), first.id.clone()];
        assert_eq!(ids(listed(stripe, &intent).await), both, "{way}");
        assert_eq!(ids(listed(stripe, &charge).await), both, "{way}");
        let payment = stripe.payment(&intent).await.said.expect("a payment");
        assert_eq!(
            (payment.captured, payment.refunded),
            (eur(4_990), eur(1_990)),
            "{way}"
        );
        assert_eq!(payment.names, [intent.clone(), charge.clone()], "{way}");
        let payment = stripe.payment(&charge).await.said.expect("a payment");
        assert_eq!(
            (payment.refunded, payment.names),
            (eur(1_990), vec![intent, charge]),
            "{way}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn more_than_a_page_of_refunds_is_read_to_the_end() {
    let world = world().await;
    let (intent, _) = world.paid().await;
    for at in 0..205 {
        refunded(&world.ways[0].1, &order(&intent, &format!("k{at}"), 1)).await;
    }
    for (way, stripe) in &world.ways {
        let all = listed(stripe, &intent).await;
        assert_eq!(all.len(), 205, "{way}");
        assert_eq!(all[204].reference.as_deref(), Some("rf_k0"), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_provider_will_not_do() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let why = async |order: RefundOrder| match stripe.create_refund(&order).await.said {
            ProviderSaid::Refused { why, .. } => why,
            said => panic!("{way}: {said:?}"),
        };
        let key = |name: &str| format!("{}-{name}", way.replace(' ', "-"));
        let (intent, charge) = world.paid().await;
        assert_eq!(
            why(order("ch_nobody", &key("a"), 1)).await,
            ProviderRefusal::NoSuchPayment,
            "{way}"
        );
        assert_eq!(
            why(order("pi_nobody", &key("b"), 1)).await,
            ProviderRefusal::NoSuchPayment,
            "{way}"
        );
        assert_eq!(
            why(order(&intent, &key("c"), 4_991)).await,
            ProviderRefusal::TooMuch,
            "{way}"
        );
        refunded(stripe, &order(&intent, &key("d"), 4_000)).await;
        assert_eq!(
            why(order(&intent, &key("e"), 991)).await,
            ProviderRefusal::TooMuch,
            "{way}"
        );
        assert_eq!(
            why(order(&intent, &key("d"), 990)).await,
            ProviderRefusal::KeyReused,
            "{way}"
        );
        refunded(stripe, &order(&intent, &key("f"), 990)).await;
        assert_eq!(
            why(order(&intent, &key("g"), 1)).await,
            ProviderRefusal::AlreadyRefunded,
            "{way}"
        );

        let (disputed, of_disputed) = world.paid().await;
        world
            .control("disputes", json!({"charge": of_disputed}))
            .await;
        assert_eq!(
            why(order(&disputed, &key("h"), 1)).await,
            ProviderRefusal::Disputed,
            "{way}"
        );
        let (asked, of_asked) = world.paid().await;
        world
            .control("disputes", json!({"charge": of_asked, "inquiry": true}))
            .await;
        refunded(stripe, &order(&asked, &key("i"), 1)).await;

        let (poor, _) = world.paid().await;
        world
            .control(
                "balance",
                json!({"currency": "eur", "available": 0, "when_short": "refuse"}),
            )
            .await;
        assert_eq!(
            why(order(&poor, &key("j"), 1)).await,
            ProviderRefusal::BalanceInsufficient,
            "{way}"
        );
        world
            .control(
                "balance",
                json!({"currency": "eur", "available": 1_000_000, "when_short": "refuse"}),
            )
            .await;
        refunded(stripe, &order(&charge_of(&world).await, &key("k"), 1)).await;
        assert!(!listed(stripe, &charge).await.is_empty(), "{way}");
    }
}

async fn charge_of(world: &World) -> String {
    world.paid().await.1
}

/// Each trouble, what the call says, and how many refunds the list tells: right after it, and a minute later.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn after_any_trouble_nobody_knows_and_the_list_does() {
    let cut = "the connection was cut before the answer was whole";
    let unreadable = "status 200 with an answer that cannot be read";
    let troubles = [
        (json!({"fault": "lost_answer"}), cut, 1, 1),
        (json!({"fault": "late_landing", "after": 30}), cut, 0, 1),
        (json!({"fault": "timeout", "hold_ms": 20}), cut, 0, 0),
        (
            json!({"fault": "timeout", "hold_ms": 20, "lands_after": 30}),
            cut,
            0,
            1,
        ),
        (
            json!({"fault": "timeout", "hold_ms": 60_000}),
            "no answer in time",
            0,
            0,
        ),
        (
            json!({"fault": "error_500_then_success"}),
            "status 500, api_error",
            0,
            0,
        ),
        (
            json!({"fault": "error_500_executed"}),
            "status 500, api_error",
            1,
            1,
        ),
        (
            json!({"fault": "rate_limit_429"}),
            "status 429, invalid_request_error, rate_limit",
            0,
            0,
        ),
        (
            json!({"fault": "conflict_409"}),
            "status 409, idempotency_error, idempotency_key_in_use",
            0,
            0,
        ),
        (
            json!({"fault": "garbled_answer", "how": "cut_short"}),
            unreadable,
            1,
            1,
        ),
        (
            json!({"fault": "garbled_answer", "how": "html"}),
            unreadable,
            1,
            1,
        ),
        (
            json!({"fault": "garbled_answer", "how": "empty"}),
            unreadable,
            1,
            1,
        ),
        (
            json!({"fault": "garbled_answer", "how": "other_json"}),
            unreadable,
            1,
            1,
        ),
    ];
    for (at, (trouble, expected, at_once, later)) in troubles.into_iter().enumerate() {
        let world = world().await;
        for (way, stripe) in &world.ways {
            let told = format!("{way}: {trouble}");
            let (intent, _) = world.paid().await;
            let mut plan = trouble.clone();
            plan["method"] = "POST".into();
            plan["path"] = "/v1/refunds".into();
            plan["nth"] = 1.into();
            world.control("faults", plan).await;
            let order = order(&intent, &format!("k{at}-{}", way.len()), 1_000);
            match stripe.create_refund(&order).await.said {
                ProviderSaid::Unknown { seen } => {
                    assert_eq!(seen.split(" (line ").next(), Some(expected), "{told}");
                }
                said => panic!("{told}: {said:?}"),
            }
            assert_eq!(listed(stripe, &intent).await.len(), at_once, "{told}");
            world.wait(60);
            let all = listed(stripe, &intent).await;
            assert_eq!(all.len(), later, "{told}, later");
            let ours = all
                .iter()
                .all(|refund| refund.reference.as_ref() == Some(&order.reference));
            assert!(ours, "{told}: found again by our reference");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_same_key_gives_the_same_refund_and_says_so() {
    let world = world().await;
    let stripe = &world.ways[1].1;
    let (intent, _) = world.paid().await;
    let order = order(&intent, "k", 1_000);
    let first = stripe.create_refund(&order).await;
    let again = stripe.create_refund(&order).await;
    assert_eq!(first.said, again.said);
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert!(first.exchange.is_some_and(|id| id.starts_with("req_")));
    let fault =
        json!({"method": "POST", "path": "/v1/refunds", "nth": 1, "fault": "rate_limit_429"});
    world.control("faults", fault).await;
    let limited = stripe.create_refund(&order).await;
    assert!(matches!(limited.said, ProviderSaid::Unknown { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refund_goes_on_after_it_was_made() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let key = |name: &str| format!("{}-{name}", way.replace(' ', "-"));
        let (intent, _) = world.paid().await;
        let slow = json!({"status": "pending", "then": {"after": 60, "status": "succeeded"}});
        world.control("refund_lives", slow).await;
        let made = refunded(stripe, &order(&intent, &key("a"), 1_000)).await;
        assert_eq!(made.status, RefundStatus::Pending, "{way}");
        world.wait(61);
        let status = async |id: &str| match stripe.refund(id).await.said {
            ProviderSaid::Refund(refund) => (refund.status, refund.failure),
            said => panic!("{way}: {said:?}"),
        };
        assert_eq!(
            status(&made.id).await,
            (RefundStatus::Succeeded, None),
            "{way}"
        );
        let fails = json!({"status": "failed", "failure_reason": "lost_or_stolen_card"});
        world.control(&format!("refunds/{}", made.id), fails).await;
        let failed = (RefundStatus::Failed, Some("lost_or_stolen_card".to_owned()));
        assert_eq!(status(&made.id).await, failed, "{way}: late");

        world
            .control("refund_lives", json!({"status": "requires_action"}))
            .await;
        let waiting = refunded(stripe, &order(&intent, &key("b"), 500)).await;
        assert_eq!(waiting.status, RefundStatus::RequiresAction, "{way}");
        let ProviderSaid::Refund(off) = stripe.cancel_refund(&waiting.id).await.said else {
            panic!("{way}: not called off")
        };
        assert_eq!(off.status, RefundStatus::Cancelled, "{way}");
        let again = stripe.cancel_refund(&made.id).await.said;
        assert!(
            matches!(again, ProviderSaid::Unknown { .. }),
            "{way}: {again:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refunds_that_others_made_are_seen() {
    let world = world().await;
    let since = world.now();
    let (intent, charge) = world.paid().await;
    refunded(&world.ways[0].1, &order(&intent, "k", 1_000)).await;
    world
        .control("refunds", json!({"charge": charge, "amount": 100}))
        .await;
    for (way, stripe) in &world.ways {
        let page = stripe
            .refunds_since(since, None)
            .await
            .said
            .expect("a page");
        let told: Vec<_> = page
            .items
            .iter()
            .map(|seen| {
                let refund = seen.refund.as_ref().expect("readable");
                (refund.reference.as_deref(), refund.amount.minor())
            })
            .collect();
        assert_eq!(told, [(None, 100), (Some("rf_k"), 1_000)], "{way}");
        assert_eq!(
            page.items[0].payments,
            [intent.clone(), charge.clone()],
            "{way}"
        );
        assert_eq!(page.next, None, "{way}");
    }
}

fn evidence(field: &str, text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(field.to_owned(), text.to_owned())])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn evidence_is_staged_as_often_as_one_likes_and_handed_in_once() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let (_, charge) = world.paid().await;
        let opened = world.control("disputes", json!({"charge": charge})).await;
        let id = text(&opened["id"]);
        let seen = stripe.dispute(&id).await.said.expect("a dispute");
        assert!(seen.evidence.is_empty() && !seen.answer_costs, "{way}");
        for story in [
            "a first draft",
            "Sent on 14 September: 10 000 of 10 000 \u{1f4e6}",
        ] {
            let staged = stripe
                .stage_evidence(&id, &evidence("uncategorized_text", story))
                .await;
            let Answered::Done(dispute) = staged.said else {
                panic!("{way}: {staged:?}")
            };
            assert_eq!(dispute.state, DisputeState::NeedsResponse, "{way}");
            assert_eq!((dispute.submissions, dispute.has_evidence), (0, true));
            assert_eq!(dispute.evidence, evidence("uncategorized_text", story));
        }
        // What was not named is kept.
        let more = stripe
            .stage_evidence(&id, &evidence("product_description", "Messages"))
            .await;
        assert!(matches!(&more.said, Answered::Done(dispute) if dispute.evidence.len() == 2));
        for _ in 0..2 {
            let submitted = stripe.submit_evidence(&id, &format!("submit-{id}")).await;
            let Answered::Done(dispute) = submitted.said else {
                panic!("{way}: {submitted:?}")
            };
            assert_eq!(
                (dispute.state.clone(), dispute.submissions),
                (DisputeState::UnderReview, 1),
                "{way}"
            );
        }
        let late = stripe
            .stage_evidence(&id, &evidence("uncategorized_text", "one thing more"))
            .await;
        assert!(
            matches!(&late.said, Answered::Refused { words } if words.contains("under_review")),
            "{way}: {late:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn evidence_that_does_not_fit_is_refused_and_nothing_is_handed_in() {
    let world = world().await;
    let (_, charge) = world.paid().await;
    let opened = world.control("disputes", json!({"charge": charge})).await;
    let id = text(&opened["id"]);
    for (way, stripe) in &world.ways {
        let long = stripe
            .stage_evidence(&id, &evidence("uncategorized_text", &"ø".repeat(20_001)))
            .await;
        assert!(
            matches!(&long.said, Answered::Refused { words } if words.contains("20000")),
            "{way}: {long:?}"
        );
        let seen = stripe.dispute(&id).await.said.expect("a dispute");
        assert_eq!((seen.submissions, seen.has_evidence), (0, false), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dispute_that_is_given_up_is_lost_and_cannot_be_given_up_again() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let (_, charge) = world.paid().await;
        let opened = world.control("disputes", json!({"charge": charge})).await;
        let id = text(&opened["id"]);
        let given_up = stripe.accept_dispute(&id, &format!("accept-{id}")).await;
        assert!(
            matches!(&given_up.said, Answered::Done(dispute) if dispute.state == DisputeState::Lost),
            "{way}: {given_up:?}"
        );
        let again = stripe.accept_dispute(&id, &format!("again-{id}")).await;
        assert!(
            matches!(&again.said, Answered::Refused { words } if words.contains("lost")),
            "{way}: {again:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn disputes_are_read() {
    let world = world().await;
    let (intent, charge) = world.paid().await;
    let opened = world
        .control(
            "disputes",
            json!({"charge": charge, "reason": "product_not_received"}),
        )
        .await;
    let id = text(&opened["id"]);
    for (way, stripe) in &world.ways {
        let dispute = stripe.dispute(&id).await.said.expect("a dispute");
        assert_eq!(
            (dispute.state.clone(), dispute.refundable),
            (DisputeState::NeedsResponse, false),
            "{way}"
        );
        assert_eq!(
            (dispute.amount, dispute.reason.as_str()),
            (eur(4_990), "product_not_received"),
            "{way}"
        );
        assert!(
            dispute.evidence_due.is_some_and(|due| due > world.now()),
            "{way}"
        );
        assert_eq!(
            stripe.disputes_of(&intent).await.said,
            Ok(vec![dispute.clone()]),
            "{way}"
        );
        assert_eq!(
            stripe.disputes_of(&charge).await.said,
            Ok(vec![dispute.clone()]),
            "{way}"
        );
        let since = stripe
            .disputes_since(world.now(), None)
            .await
            .said
            .expect("a page");
        assert_eq!(since.items, [dispute], "{way}");
        assert!(
            stripe
                .payment(&charge)
                .await
                .said
                .expect("a payment")
                .disputed,
            "{way}"
        );
    }
    world
        .control(&format!("disputes/{id}"), json!({"status": "won"}))
        .await;
    let dispute = world.ways[0].1.dispute(&id).await.said.expect("a dispute");
    assert_eq!(dispute.state, DisputeState::Won);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_subscription_is_ended_and_its_last_payments_found() {
    let world = world().await;
    for (way, stripe) in &world.ways {
        let customer = world.post("/v1/customers", &[("name", "Ida")]).await;
        let form = [
            ("customer", customer["id"].as_str().expect("a name")),
            ("items[0][price_data][currency]", "eur"),
            ("items[0][price_data][product]", "prod_1"),
            ("items[0][price_data][unit_amount]", "9900"),
            ("items[0][price_data][recurring][interval]", "month"),
        ];
        let subscription = text(&world.post("/v1/subscriptions", &form).await["id"]);
        let renew = format!("subscriptions/{subscription}/renew");
        world.control(&renew, json!({"parts": [300, 200]})).await;
        let paid = stripe
            .latest_payments_of(&subscription)
            .await
            .said
            .expect("payments");
        let mut amounts: Vec<u64> = paid.iter().map(|one| one.amount.minor()).collect();
        amounts.sort_unstable();
        assert_eq!(amounts, [200, 300, 9_400], "{way}");
        for (at, one) in paid.iter().enumerate() {
            let PaidBy::Payment(name) = &one.payment else {
                panic!("{way}: {one:?}")
            };
            let mut order = order(name, &format!("s{at}-{}", way.len()), 1);
            order.amount = one.amount;
            refunded(stripe, &order).await;
        }
        world
            .control(&renew, json!({"parts": [500], "means": "payment_record"}))
            .await;
        let paid = stripe
            .latest_payments_of(&subscription)
            .await
            .said
            .expect("payments");
        assert!(
            paid.iter().any(|one| matches!(&one.payment, PaidBy::Elsewhere { kind, id: Some(_) } if kind == "payment_record")),
            "{way}: {paid:?}"
        );
        let first = stripe.cancel_subscription(&subscription).await.said;
        assert_eq!(
            first,
            Cancelled::Done {
                at: Some(world.now())
            },
            "{way}"
        );
        assert_eq!(
            stripe.cancel_subscription(&subscription).await.said,
            first,
            "{way}: again"
        );
        let never = stripe.cancel_subscription("sub_never").await.said;
        assert!(
            matches!(never, Cancelled::Refused { .. }),
            "{way}: {never:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn missed_webhooks_are_found_in_the_list_of_events() {
    let world = world().await;
    let mut inbox = relay::inbox().await;
    let form = [("url", inbox.address.as_str()), ("enabled_events[]", "*")];
    let endpoint = world.post("/v1/webhook_endpoints", &form).await;
    let secrets = [WebhookSecret::new(&text(&endpoint["secret"])).expect("a secret")];
    let (intent, charge) = world.paid().await;
    let made = refunded(&world.ways[0].1, &order(&intent, "k", 1_000)).await;
    for (way, stripe) in &world.ways {
        let page = stripe
            .events_since(world.now(), None)
            .await
            .said
            .expect("a page");
        let mut told: Vec<(String, Look)> = page
            .items
            .into_iter()
            .map(|event| (event.kind, event.look))
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(
            told,
            [
                ("charge.refunded".to_owned(), Look::Payment(charge.clone())),
                ("charge.succeeded".to_owned(), Look::Payment(charge.clone())),
                ("refund.created".to_owned(), Look::Refund(made.id.clone())),
            ],
            "{way}"
        );
    }
    let mut posted = Vec::new();
    while posted.len() < 3 {
        let (header, body) = inbox.next().await;
        let event = webhook::take(&header, &body, &secrets, world.now()).expect("it is taken");
        posted.push(event.kind);
    }
    posted.sort_unstable();
    assert_eq!(
        posted,
        ["charge.refunded", "charge.succeeded", "refund.created"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_accounts_standing() {
    let world = world().await;
    world
        .control("balance", json!({"currency": "eur", "available": 12_345}))
        .await;
    for (way, stripe) in &world.ways {
        let standing = stripe.standing().await.said.expect("a balance");
        assert!(!standing.live, "{way}");
        assert!(
            standing.available.contains(&("EUR".to_owned(), 12_345)),
            "{way}: {standing:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_currency_that_stripe_counts_otherwise_comes_back_as_it_went() {
    let world = world().await;
    let form = [
        ("amount", "50000"),
        ("currency", "isk"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let intent = world.post("/v1/payment_intents", &form).await;
    let krona = Currency::new("ISK", 0).expect("a code");
    let mut order = order(intent["id"].as_str().expect("a name"), "k", 1);
    order.amount = Amount::new(200, krona);
    let (_, stripe) = &world.ways[1];
    let made = refunded(stripe, &order).await;
    assert_eq!(made.amount, Amount::new(200, krona));
    let payment = stripe
        .payment(&order.payment)
        .await
        .said
        .expect("a payment");
    assert_eq!(
        (payment.captured, payment.refunded),
        (Amount::new(500, krona), Amount::new(200, krona))
    );
    let url = format!("{}/v1/refunds/{}", world.address, made.id);
    let theirs = world.call("refund", relay::client().get(url)).await;
    assert_eq!(theirs["amount"], 20_000, "as they count it");
}
