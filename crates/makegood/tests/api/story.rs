// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stories from the request to the money.

use serde_json::json;

use crate::shop::{Ground, Shop};

on_both! {
    meters_tell_how_the_books_stand,
    a_partial_delivery_is_asked_for_decided_accepted_and_paid,
    what_a_customer_wrote_is_read_by_those_who_may_and_erased_for_good,
    a_second_request_for_the_same_joins_and_lists_find_it,
    events_are_read_in_the_order_of_the_audit_log_and_proved,
    money_is_stopped_by_finance_and_nothing_leaves_meanwhile,
    a_file_is_handed_in_named_by_a_request_and_downloaded,
    whoever_accepts_what_is_stale_is_refused_and_finds_what_the_facts_of_now_say,
    what_is_written_to_a_closed_case_is_a_task_for_support,
    what_is_left_of_an_order_is_exchanged_for_another_and_counts_as_given_back,
}

async fn a_partial_delivery_is_asked_for_decided_accepted_and_paid(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let asked = customer
        .post(
            "/v1/cases",
            &json!({
                "order": "VL-1", "claim": "incomplete", "wants": "refund", "description": "Kun 750 kom frem.",
                "customer": {"reference": "C-1", "email": "Ann@Example.com"}, "language": "da", "channel": "form",
            }),
        )
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let case = asked.json();
    assert_eq!(
        (
            &case["stage"],
            &case["decisions"][0]["remedies"][0]["amount"]["amount"]
        ),
        (&json!("ready_to_decide"), &json!(1248))
    );
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());

    let read = agent.get(&here).await.json();
    assert_eq!(read["left"], json!({"amount": 4990, "currency": "EUR"}));
    let reasons = &read["decisions"][0]["reasons"];
    assert_eq!(
        (&reasons["outcome"], &reasons["clause"]),
        (&json!("partial_refund"), &json!("5.10"))
    );
    assert!(
        reasons["because"]
            .as_str()
            .is_some_and(|because| !because.is_empty())
    );
    assert!(read["timeline"].as_array().unwrap().len() > 2);

    let stale = agent
        .post(
            &format!("{here}/decisions/1/accept"),
            &json!({"remainder": 4000}),
        )
        .await;
    assert_eq!(
        (stale.status, stale.slug().as_str()),
        (409, "remainder-stale")
    );
    assert_eq!(
        stale.json()["left"],
        json!({"amount": 4990, "currency": "EUR"})
    );

    let accepted = agent
        .post(
            &format!("{here}/decisions/1/accept"),
            &json!({"remainder": 4990}),
        )
        .await;
    assert_eq!(
        (accepted.status, &accepted.json()["stage"]),
        (200, &json!("remedying"))
    );
    shop.tend(&case).await;

    let done = agent.get(&here).await.json();
    assert_eq!(
        (&done["stage"], &done["closed"]),
        (&json!("closed"), &json!("settled"))
    );
    assert_eq!(
        (&done["refunds"][0]["status"], &done["refunds"][0]["amount"]),
        (&json!("succeeded"), &json!(1248))
    );
    assert_eq!(done["left"]["amount"], 4990 - 1248);
    let refund = done["refunds"][0]["id"].as_str().unwrap();
    assert_eq!(
        agent.get(&format!("/v1/refunds/{refund}")).await.json()["status"],
        "succeeded"
    );
    assert_eq!(
        agent.get("/v1/refunds").await.json()["data"][0]["id"],
        refund
    );

    let owner = shop
        .somebody("Olga", makegood::books::people::Role::Owner)
        .await;
    assert_eq!(
        owner.get("/v1/ledger/balances").await.json()["balances"],
        true
    );
    let entries = owner.get("/v1/ledger/entries").await.json();
    assert!(!entries["data"].as_array().unwrap().is_empty());
}

async fn what_a_customer_wrote_is_read_by_those_who_may_and_erased_for_good(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let body = json!({
        "order": "VL-1", "claim": "incomplete", "description": "My name is Ann.",
        "customer": {"reference": "C-1", "email": "ann@example.com"},
    });
    let case = customer.post("/v1/cases", &body).await.json();
    let (text, person) = (
        case["messages"][0]["text"].as_str().unwrap(),
        case["customer"].as_str().unwrap(),
    );
    assert_eq!(
        agent.get(&format!("/v1/texts/{text}")).await.json()["text"],
        "My name is Ann."
    );
    let known = agent.get(&format!("/v1/customers/{person}")).await.json();
    assert_eq!(
        (&known["reference"], &known["email"], &known["erased"]),
        (&json!("C-1"), &json!("ann@example.com"), &json!(false))
    );
    assert_eq!(known["cases"], json!([case["id"]]));

    let owner = shop
        .somebody("Olga", makegood::books::people::Role::Owner)
        .await;
    let erase = format!("/v1/customers/{person}/erase");
    assert_eq!(agent.post(&erase, &json!({})).await.slug(), "not-allowed");
    assert_eq!(owner.post(&erase, &json!({})).await.json()["erased"], true);
    assert_eq!(
        agent.get(&format!("/v1/texts/{text}")).await.slug(),
        "person-erased"
    );
    let known = agent.get(&format!("/v1/customers/{person}")).await.json();
    assert_eq!(
        (&known["reference"], &known["email"], &known["erased"]),
        (&json!(null), &json!(null), &json!(true))
    );
    // The case itself stays, with its amounts and clauses.
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    assert_eq!(
        agent.get(&here).await.json()["decisions"][0]["clause"],
        "5.10"
    );
}

async fn a_second_request_for_the_same_joins_and_lists_find_it(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let mut numbers = Vec::new();
    for order in ["VL-1", "VL-2", "VL-3"] {
        shop.order(order).await;
        let body = json!({"order": order, "claim": "incomplete"});
        let first = customer.post("/v1/cases", &body).await.json();
        let second = customer.post("/v1/cases", &body).await.json();
        assert_eq!(first["id"], second["id"]);
        numbers.push(first["number"].as_u64().unwrap());
    }
    let shown = |answer: crate::shop::Answered| -> Vec<u64> {
        let list = answer.json();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|case| case["number"].as_u64().unwrap())
            .collect()
    };
    let [a, b, c] = numbers[..] else {
        panic!("three")
    };
    assert_eq!(shown(agent.get("/v1/cases").await), [c, b, a]);
    assert_eq!(
        shown(agent.get("/v1/cases?stage=ready_to_decide&limit=2").await),
        [c, b]
    );
    assert_eq!(shown(agent.get("/v1/cases?order=VL-2").await), [b]);
    assert_eq!(
        shown(agent.get("/v1/cases?team=support&limit=100").await),
        [c, b, a]
    );
    assert_eq!(
        shown(agent.get(&format!("/v1/cases?number={a}")).await),
        [a]
    );
    let page = agent.get("/v1/cases?limit=1").await.json();
    assert_eq!(page["has_more"], true);
    let last = page["data"][0]["id"].as_str().unwrap();
    assert_eq!(
        shown(
            agent
                .get(&format!("/v1/cases?starting_after={last}&limit=5"))
                .await
        ),
        [b, a]
    );
    let oldest = agent.get("/v1/cases?limit=3").await.json()["data"][2]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        shown(
            agent
                .get(&format!("/v1/cases?ending_before={oldest}&limit=1"))
                .await
        ),
        [b]
    );
    let tasks = agent.get("/v1/tasks?team=support").await.json();
    assert_eq!(tasks["data"].as_array().unwrap().len(), 3, "{tasks}");
    let second = format!(
        "/v1/tasks?limit=1&starting_after={}",
        tasks["data"][0]["id"].as_str().unwrap()
    );
    assert_eq!(
        agent.get(&second).await.json()["data"][0]["id"],
        tasks["data"][1]["id"]
    );
}

async fn events_are_read_in_the_order_of_the_audit_log_and_proved(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete"}),
        )
        .await;
    shop.seal().await;
    let page = agent.get("/v1/events?limit=2").await.json();
    let ids: Vec<&str> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        (ids, &page["has_more"]),
        (vec!["evt_0", "evt_1"], &json!(true))
    );
    assert_eq!(page["data"][0]["type"], "opened");
    let all = agent.get("/v1/events").await.json();
    let proposed = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "proposed");
    let proposed = proposed.unwrap();
    assert_eq!(proposed["data"]["at"], proposed["created_at"]);
    let rest = agent.get("/v1/events?after=evt_1").await.json();
    assert_eq!(rest["data"][0]["id"], "evt_2");
    assert_eq!(agent.get("/v1/events/evt_0").await.json(), page["data"][0]);
    let request = agent
        .request("GET", "/v1/events")
        .header("accept", "application/x-ndjson");
    let lines = agent
        .ask(request.body(axum::body::Body::empty()).unwrap())
        .await
        .text();
    let all = 2 + rest["data"].as_array().unwrap().len();
    assert_eq!(lines.lines().count(), all);

    assert_eq!(
        agent.get("/v1/audit/proof?event=evt_0").await.slug(),
        "not-yet"
    );
    shop.keeper().sign().await.unwrap().unwrap();
    let proof = agent.get("/v1/audit/proof?event=evt_1").await.json();
    let verifier = shop.ready.signer.verifier();
    let proven =
        makegood::audit::verify::verify_proof(proof["proof"].as_str().unwrap(), &[verifier], None)
            .unwrap();
    assert_eq!(proven.index, 1);
    let head = agent.get("/v1/audit/checkpoint").await.json();
    assert_eq!(head["size"], u64::try_from(all).unwrap());
}

async fn money_is_stopped_by_finance_and_nothing_leaves_meanwhile(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let finance = shop
        .somebody("Finn", makegood::books::people::Role::Finance)
        .await;
    let case = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete"}),
        )
        .await
        .json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let stopped = finance
        .post("/v1/brakes/stop", &json!({"reason": "something is odd"}))
        .await
        .json();
    assert_eq!(
        (&stopped["stopped"], &stopped["reason"]),
        (&json!(true), &json!("something is odd"))
    );
    agent
        .post(&format!("{here}/decisions/1/accept"), &json!({}))
        .await;
    shop.tend(&case).await;
    let status =
        |case: serde_json::Value| case["refunds"][0]["status"].as_str().unwrap().to_owned();
    assert_eq!(status(agent.get(&here).await.json()), "reserved");
    let gone = finance
        .post("/v1/brakes/go", &json!({"reason": "it was nothing"}))
        .await
        .json();
    assert_eq!(gone["stopped"], false);
    shop.tend(&case).await;
    assert_eq!(status(agent.get(&here).await.json()), "succeeded");
}

async fn a_file_is_handed_in_named_by_a_request_and_downloaded(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"count.txt\"\r\ncontent-type: text/plain\r\n\r\n750 of 1000\r\n--b--\r\n";
    let kept = customer
        .post_text("/v1/attachments", "multipart/form-data; boundary=b", form)
        .await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let file = kept.json()["id"].as_str().unwrap().to_owned();
    let case = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete", "attachments": [file]}),
        )
        .await
        .json();
    assert_eq!(case["messages"][0]["attachments"], json!([file]));
    let got = agent.get(&format!("/v1/attachments/{file}")).await;
    assert_eq!((got.text().as_str(), got.status), ("750 of 1000", 200));
    assert!(
        got.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert!(
        got.header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    let unknown = format!("att_{}", "0".repeat(64));
    let refused = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete", "attachments": [unknown]}),
        )
        .await;
    assert_eq!(refused.slug(), "no-such-file");
    let wrong = customer
        .post_text("/v1/attachments", "application/json", "{}")
        .await;
    assert_eq!(wrong.slug(), "media-type");
}

async fn meters_tell_how_the_books_stand(ground: Ground) {
    let shop = Shop::open(ground).await;
    let charge = shop.order("VL-1").await;
    shop.order("VL-2").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let finance = shop
        .somebody("Finn", makegood::books::people::Role::Finance)
        .await;
    let read = async |line: &str| {
        let text = finance.get("/metrics").await.text();
        assert!(text.lines().any(|read| read == line), "{line}\n{text}");
    };
    read("makegood_cases_open{stage=\"ready_to_decide\"} 0").await;
    read("makegood_refunds_unknown{provider=\"card\"} 0").await;
    read("makegood_audit_leaves 0").await;
    let mut cases = Vec::new();
    for order in ["VL-1", "VL-2"] {
        let asked = json!({"order": order, "claim": "incomplete"});
        cases.push(customer.post("/v1/cases", &asked).await.json());
    }
    read("makegood_cases_open{stage=\"ready_to_decide\"} 2").await;
    read("makegood_tasks_open{team=\"support\"} 2").await;
    read("makegood_tasks_overdue{team=\"support\"} 0").await;
    shop.ready.shop.clock.advance(2 * 86_400);
    read("makegood_tasks_overdue{team=\"support\"} 2").await;

    let here = format!("/v1/cases/{}", cases[1]["id"].as_str().unwrap());
    agent
        .post(&format!("{here}/decisions/1/accept"), &json!({}))
        .await;
    read("makegood_granted_today_minor_units{currency=\"EUR\"} 1248").await;
    // The other one owes its customer letters.
    read("makegood_work_due 2").await;
    shop.bank("/_sandbox/faults", &json!({"method": "POST", "path": "/v1/refunds", "nth": 1, "times": 9, "fault": "lost_answer"}));
    shop.tend(&cases[1]).await;
    read("makegood_refunds_unknown{provider=\"card\"} 1").await;

    read("makegood_money_stopped{by=\"person\"} 0").await;
    read("makegood_money_stopped{by=\"process\"} 0").await;
    finance
        .post("/v1/brakes/stop", &json!({"reason": "something is odd"}))
        .await;
    read("makegood_money_stopped{by=\"person\"} 1").await;
    shop.bank(
        "/_sandbox/refunds",
        &json!({"charge": charge, "amount": 100}),
    );
    finance.post("/v1/reconciliations", &json!({})).await;
    read("makegood_breaches_open{kind=\"foreign_refund\"} 1").await;
    shop.seal().await;
    shop.keeper().sign().await.unwrap().unwrap();
    let at = shop.ready.shop.clock.timestamp().as_second();
    let text = finance.get("/metrics").await.text();
    let signed = text
        .lines()
        .find_map(|line| line.strip_prefix("makegood_audit_signed_timestamp_seconds "));
    assert!(
        signed.unwrap().parse::<i64>().unwrap().abs_diff(at) < 60,
        "{text}"
    );
}

async fn whoever_accepts_what_is_stale_is_refused_and_finds_what_the_facts_of_now_say(
    ground: Ground,
) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let body = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund"});
    let case = customer.post("/v1/cases", &body).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    // Before it was closed more had come than was reported then.
    let at = shop.ready.shop.clock.timestamp() - jiff::SignedDuration::from_hours(105);
    let line = json!({"type": "log", "order": "VL-1", "entry": {"at": at.to_string(), "event": "count", "count": 3160}});
    customer
        .post_text("/v1/orders", "application/x-ndjson", &format!("{line}\n"))
        .await;
    let accept = format!("{here}/decisions/1/accept");
    let refused = agent.post_as(&accept, "once", &json!({})).await;
    assert_eq!(
        (refused.status, refused.slug().as_str()),
        (409, "decision-stale"),
        "{}",
        refused.text()
    );
    let now = agent.get(&here).await.json();
    let state = |at: usize| now["decisions"][at]["state"].clone();
    assert_eq!((state(0), state(1)), (json!("replaced"), json!("proposed")));
    assert_eq!(now["decisions"][1]["remedies"][0]["amount"]["amount"], 749);
    let again = agent.post_as(&accept, "once", &json!({})).await;
    assert_eq!(again.body, refused.body);
    let accepted = agent
        .post(&format!("{here}/decisions/2/accept"), &json!({}))
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
}

async fn what_is_written_to_a_closed_case_is_a_task_for_support(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let body = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund"});
    let case = customer.post("/v1/cases", &body).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let reason = json!({"reason": "written twice"});
    let closed = agent.post(&format!("{here}/close"), &reason).await.json();
    assert_eq!(closed["closed_reason"], "written twice");
    let text = json!({"text": "No, I did not."});
    let opened = customer.post(&format!("{here}/messages"), &text).await;
    assert_eq!(
        (opened.status, &opened.json()["closed"]),
        (200, &json!(null))
    );
    let tasks = agent.get("/v1/tasks?team=support").await.json();
    let tasks = tasks["data"].as_array().unwrap();
    let task = tasks.iter().find(|task| task["what"] == "message");
    let no = task.expect("somebody is to read it")["no"].as_u64();
    shop.tend(&case).await;
    let letters = agent.get(&here).await.json()["letters"].clone();
    let letters = letters.as_array().unwrap();
    assert!(letters.iter().any(|letter| letter["kind"] == "heard"));
    let done = format!("{here}/tasks/{}/done", no.unwrap());
    let note = json!({"note": "the customer is right"});
    assert_eq!(agent.post(&done, &note).await.status, 200);
}

async fn what_is_left_of_an_order_is_exchanged_for_another_and_counts_as_given_back(
    ground: Ground,
) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let body = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund"});
    let case = customer.post("/v1/cases", &body).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let money = |amount: u64| json!({"amount": amount, "currency": "EUR"});
    let instead = json!({"outcome": "support_resolution", "credit": money(3000), "clause": "5.10", "reason": "agreed"});
    let granted = agent.post(&format!("{here}/override"), &instead).await;
    assert_eq!(granted.status, 200, "{}", granted.text());
    let credit = &granted.json()["credits"][0];
    assert_eq!(
        (&credit["status"], &credit["amount"], &credit["exchange"]),
        (&json!("granted"), &json!(3000), &json!(false))
    );
    // A decision is told with the proof that it stands in the log.
    shop.seal().await;
    shop.tend(&case).await;
    let read = agent.get(&here).await.json();
    assert_eq!(
        (&read["closed"], &read["left"]),
        (&json!("settled"), &money(1990))
    );
    let owner = shop
        .somebody("Olga", makegood::books::people::Role::Owner)
        .await;
    let balances = owner.get("/v1/ledger/balances").await.json();
    assert_eq!(balances["balances"], true);
    assert!(balances.to_string().contains("store_credit"), "{balances}");
    let appealed = customer
        .post(&format!("{here}/appeal"), &json!({"text": "No."}))
        .await;
    assert_eq!(appealed.status, 200, "{}", appealed.text());
    let instead = json!({"outcome": "partial_refund", "refund": money(2000), "clause": "5.10", "reason": "agreed"});
    let refused = agent.post(&format!("{here}/override"), &instead).await;
    assert_eq!(
        (refused.status, refused.slug().as_str()),
        (409, "more-than-left"),
        "{}",
        refused.text()
    );
}
