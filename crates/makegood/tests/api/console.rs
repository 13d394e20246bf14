// SPDX-License-Identifier: MIT OR Apache-2.0
//! The console, as a browser without scripts uses it: what is waiting, one case decided, and who may do what.

use axum::body::Body;
use makegood::books::disputes::dispute_seen;
use makegood::books::people::Role;
use makegood::pay::{Dispute, DisputeState};
use makegood::web::console::act::decimal;
use makegood_desk::amount::{Amount, Currency};
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    a_case_is_found_in_the_queue_read_accepted_and_paid,
    what_is_ready_is_accepted_at_one_go_unless_it_has_changed_since,
    the_technical_team_answers_on_its_board,
    a_person_decides_otherwise_with_a_clause_and_a_reason,
    what_is_amiss_in_a_form_is_told_on_its_page_and_nothing_is_done,
    nobody_does_what_their_role_does_not_allow,
    forms_of_other_sites_are_refused,
    orders_customers_the_policy_and_reports_are_read,
    lines_are_looked_at_before_the_owner_takes_them_in,
    what_people_write_reaches_the_customer_or_colleagues_alone,
    a_case_is_given_to_somebody_and_stands_among_theirs,
    cases_are_found_by_what_people_remember_of_them,
    disputes_stand_by_their_due_time_until_they_are_over,
}

/// Somebody who sends forms of the console's pages.
async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answered {
    sent_from(visitor, path, fields, "same-origin").await
}

async fn sent_from(visitor: &Visitor, path: &str, fields: &[(&str, &str)], site: &str) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", site)
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn read(visitor: &Visitor, path: &str) -> String {
    let request = visitor.request("GET", path).header("accept-language", "en");
    let answer = visitor.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = answer.text();
    for inline in ["<script>", "style=\"", "onclick", "javascript:"] {
        assert!(!text.contains(inline), "{path}: {inline}");
    }
    text
}

/// What stands in a field of a page's form that does something.
fn field(page: &str, act: &str, name: &str) -> String {
    let form = page
        .split("<form")
        .find(|form| {
            form.contains(&format!("name=\"do\" value=\"{act}\""))
                && form.contains(&format!("name=\"{name}\" value=\""))
        })
        .unwrap_or_else(|| panic!("no form that does {act}: {page}"));
    let after = form.split(&format!("name=\"{name}\" value=\"")).nth(1);
    after.unwrap().split('"').next().unwrap().to_owned()
}

/// A case of which 250 of 1,000 never came.
async fn incomplete(shop: &Shop, order: &str) -> Json {
    shop.order(order).await;
    let customer = shop.customer().await;
    let asked = customer
        .post(
            "/v1/cases",
            &json!({"order": order, "claim": "incomplete", "wants": "refund", "description": "Only 750 came <b>!</b>",
                "customer": {"reference": format!("C-{order}"), "email": format!("{order}@example.com")}, "channel": "form"}),
        )
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    asked.json()
}

/// Everything that an agent's acceptance says.
fn acceptance(page: &str) -> Vec<(String, String)> {
    let mut fields = vec![("do".to_owned(), "accept".to_owned())];
    for name in ["once", "decision", "remainder"] {
        fields.push((name.to_owned(), field(page, "accept", name)));
    }
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

async fn a_case_is_found_in_the_queue_read_accepted_and_paid(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let number = case["number"].as_u64().unwrap();
    let agent = shop.agent().await;

    let queue = read(&agent, "/desk").await;
    assert!(queue.contains(&format!("MG-{number}")) && queue.contains("EUR 12.48"));
    let found = agent.get(&format!("/desk?search=MG-{number}")).await;
    let here = format!("/desk/cases/{number}");
    assert_eq!(found.header("location"), Some(here.as_str()));
    assert!(
        read(&agent, "/desk?search=VL-1")
            .await
            .contains(&format!("MG-{number}"))
    );

    let page = read(&agent, &here).await;
    for words in [
        "750 / 1,000",
        "Refund EUR 12.48 for 250",
        "5.10",
        "Only 750 came &#60;b&#62;!&#60;/b&#62;",
        "What would have changed it",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let fields = acceptance(&page);
    let accepted = send(&agent, &here, &borrowed(&fields)).await;
    assert_eq!(accepted.status, 303, "{}", accepted.text());
    let place = accepted.header("location").unwrap().to_owned();
    assert!(place.contains("told=accepted"), "{place}");
    // The same form again is the same acceptance.
    let again = send(&agent, &here, &borrowed(&fields)).await;
    assert_eq!(again.status, 303, "{}", again.text());
    assert!(read(&agent, &place).await.contains("Accepted."));

    shop.tend(&case).await;
    let paid = read(&agent, &here).await;
    assert!(paid.contains("Refund, paid") && paid.contains("EUR 37.42"));
    assert!(read(&agent, "/desk?view=closed").await.contains(&here));
    assert!(!read(&agent, "/desk").await.contains(&here));
}

async fn what_is_ready_is_accepted_at_one_go_unless_it_has_changed_since(ground: Ground) {
    let shop = Shop::open(ground).await;
    let numbers = [
        incomplete(&shop, "VL-1").await["number"].clone(),
        incomplete(&shop, "VL-2").await["number"].clone(),
    ];
    let agent = shop.agent().await;
    let queue = read(&agent, "/desk").await;
    let once = queue.split("name=\"once\" value=\"").nth(1).unwrap();
    let once = once.split('"').next().unwrap();
    let [first, second] = numbers.map(|number| format!("{number}:partial_refund:1248"));
    assert!(queue.contains(&format!("value=\"{first}\"")), "{queue}");

    let nothing = send(&agent, "/desk", &[("once", once)]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.text().contains("Choose the cases first."));

    // What was seen of the second is not what stands there.
    let stale = second.replace("1248", "1249");
    let chosen = [("once", once), ("case", &first), ("case", &stale)];
    let some = send(&agent, "/desk", &chosen).await;
    assert_eq!(some.status, 422);
    assert!(some.text().contains("It has changed since you saw it."));
    let open = read(&agent, "/desk").await;
    assert!(!open.contains(&first) && open.contains(&second));

    let chosen = [("once", once), ("case", &second), ("view", "ready")];
    let rest = send(&agent, "/desk", &chosen).await;
    assert_eq!(
        (rest.status, rest.header("location")),
        (303, Some("/desk?view=ready&many=1"))
    );
}

async fn the_technical_team_answers_on_its_board(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let asked = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete", "wants": "redelivery"}),
        )
        .await
        .json();
    let number = asked["number"].as_u64().unwrap();
    let team = shop.somebody("Tove", Role::Technical).await;
    let board = read(&team, "/desk/tasks").await;
    assert!(board.contains(&format!("MG-{number}")), "{board}");
    let fact = field(&board, "answer", "fact");
    let fields = [
        ("do", "answer"),
        ("once", &field(&board, "answer", "once")),
        ("case", &field(&board, "answer", "case")),
        ("fact", &fact),
    ];
    let silent = send(&team, "/desk/tasks", &fields).await;
    assert_eq!(silent.status, 422);
    assert!(silent.text().contains("Answer yes or no."));

    let answer: Vec<_> = fields.into_iter().chain([("value", "yes")]).collect();
    let told = send(&team, "/desk/tasks", &answer).await;
    assert_eq!(told.status, 303, "{}", told.text());
    let (agent, id) = (shop.agent().await, asked["id"].as_str().unwrap());
    let after = agent.get(&format!("/v1/cases/{id}")).await.json();
    assert_eq!(after["answers"][0]["fact"], json!(fact));
    // What follows from the answer may be on the board by now; the question is not.
    let left = read(&team, "/desk/tasks").await;
    assert!(
        !left.contains(&format!("name=\"fact\" value=\"{fact}\"")),
        "{left}"
    );
}

async fn a_person_decides_otherwise_with_a_clause_and_a_reason(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let here = format!("/desk/cases/{}", case["number"]);
    let agent = shop.agent().await;
    let page = read(&agent, &here).await;
    let once = field(&page, "override", "once");
    let fields = |refund: &'static str, reason: &'static str| {
        [
            ("do", "override"),
            ("outcome", "partial_refund"),
            ("currency", "EUR"),
            ("refund", refund),
            ("refund_units", "250"),
            ("clause", "5.10"),
            ("reason", reason),
        ]
    };
    for (refund, reason, words) in [
        ("15,00", "", "Write why."),
        ("a lot", "She waited long.", "Write an amount such as 9.75."),
        (
            "4.000,00",
            "She waited long.",
            "The parts do not fit together",
        ),
    ] {
        let mut all = vec![("once", once.as_str())];
        all.extend(fields(refund, reason));
        let amiss = send(&agent, &here, &all).await;
        assert_eq!(amiss.status, 422, "{}", amiss.text());
        let text = amiss.text();
        let told = text.split("role=\"alert\">").nth(1).unwrap();
        let told = told.split('<').next().unwrap();
        assert!(told.contains(words), "{words}: {told}");
    }
    let mut all = vec![("once", "another1another1another1")];
    all.extend(fields("15,00", "She waited long."));
    let decided = send(&agent, &here, &all).await;
    assert_eq!(decided.status, 303, "{}", decided.text());
    shop.tend(&case).await;
    let page = read(&agent, &here).await;
    assert!(
        page.contains("She waited long.") && page.contains("EUR 15.00"),
        "{page}"
    );
    assert!(read(&agent, "/desk/reports").await.contains("EUR 15.00"));
}

async fn what_is_amiss_in_a_form_is_told_on_its_page_and_nothing_is_done(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let here = format!("/desk/cases/{}", case["number"]);
    let agent = shop.agent().await;
    let before = case["version"].clone();
    for fields in [
        &[("do", "dance")][..],
        &[("do", "accept"), ("decision", "one")],
        &[("do", "accept"), ("decision", "7")],
        &[("do", "close"), ("reason", "")],
        &[("do", "answer"), ("fact", "weather"), ("value", "yes")],
        &[
            ("do", "judge"),
            ("proof", "3"),
            ("accepted", "yes"),
            ("about", "other"),
        ],
        &[("do", "undo"), ("refund", "1")],
        &[("do", "task"), ("task", "9"), ("note", "done")],
    ] {
        let amiss = send(&agent, &here, fields).await;
        assert_eq!(amiss.status, 422, "{fields:?}: {}", amiss.text());
        assert!(amiss.text().contains("role=\"alert\""), "{fields:?}");
    }
    let id = case["id"].as_str().unwrap();
    let after = agent.get(&format!("/v1/cases/{id}")).await.json();
    assert_eq!(after["version"], before);
    for number in ["999999", "9223372036854775808", "0", "-1", "one"] {
        let none = agent.get(&format!("/desk/cases/{number}")).await;
        assert_eq!(none.status, 404, "{number}");
    }
}

async fn nobody_does_what_their_role_does_not_allow(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let here = format!("/desk/cases/{}", case["number"]);
    let page = read(&shop.agent().await, &here).await;
    let fields = acceptance(&page);
    for (name, role) in [("Tove", Role::Technical), ("Finn", Role::Finance)] {
        let somebody = shop.somebody(name, role).await;
        assert!(!read(&somebody, &here).await.contains("value=\"accept\""));
        let refused = send(&somebody, &here, &borrowed(&fields)).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(
            refused.text().contains("your role does not allow it"),
            "{name}"
        );
    }
    let stranger = shop.stranger();
    for path in [
        "/desk",
        &here,
        "/desk/tasks",
        "/desk/reports",
        "/desk/stream?case=1",
    ] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
    // The shop's programs have no business in here.
    assert_eq!(shop.customer().await.get("/desk").await.status, 403);
}

async fn forms_of_other_sites_are_refused(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let here = format!("/desk/cases/{}", case["number"]);
    let agent = shop.agent().await;
    let fields = acceptance(&read(&agent, &here).await);
    for path in [here.as_str(), "/desk", "/desk/tasks"] {
        for site in ["cross-site", "same-site", "none"] {
            let refused = sent_from(&agent, path, &borrowed(&fields), site).await;
            assert_eq!(refused.slug(), "foreign-site", "{path} {site}");
        }
    }
}

async fn orders_customers_the_policy_and_reports_are_read(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let number = case["number"].as_u64().unwrap();
    let agent = shop.agent().await;
    let found = agent.get("/desk/orders?order=VL-1").await;
    assert_eq!(found.header("location"), Some("/desk/orders/VL-1"));
    let order = read(&agent, "/desk/orders/VL-1").await;
    assert!(order.contains(&format!("MG-{number}")) && order.contains("EUR 49.90"));
    let none = read(&agent, "/desk/orders/NONE-%3Cb%3E").await;
    assert!(
        none.contains("There is no order NONE-&#60;b&#62;"),
        "{none}"
    );

    let customer = case["customer"].as_str().unwrap();
    let page = read(&agent, &format!("/desk/customers/{customer}")).await;
    assert!(
        page.contains("VL-1@example.com") || page.contains("vl-1@example.com"),
        "{page}"
    );
    assert!(page.contains("C-VL-1") && page.contains(&format!("MG-{number}")));

    let policy = read(&agent, "/desk/policy").await;
    assert!(policy.contains("More is needed"), "{policy}");
    let tried = read(&agent, "/desk/policy?claim=account_faulty&drop_share=much").await;
    assert!(tried.contains("this value cannot be read"), "{tried}");

    let reports = read(&agent, "/desk/reports?days=7").await;
    assert!(reports.contains("Only a part came"), "{reports}");
    let csv = agent.get("/desk/reports/claims.csv?days=7").await;
    assert_eq!(csv.text(), "what,count,amount,currency\nincomplete,1,,\n");
    assert_eq!(agent.get("/desk/reports/secrets.csv").await.status, 404);
}

async fn what_people_write_reaches_the_customer_or_colleagues_alone(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let (number, id) = (&case["number"], case["id"].as_str().unwrap());
    let here = format!("/desk/cases/{number}");
    let agent = shop.agent().await;
    let page = read(&agent, &here).await;
    let empty = send(&agent, &here, &[("do", "reply"), ("text", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Write something"));

    let once = field(&page, "reply", "once");
    let words = "Dear Ann,\n\nwe look at <it> today.";
    let reply = [("do", "reply"), ("once", once.as_str()), ("text", words)];
    for _ in 0..2 {
        let sent = send(&agent, &here, &reply).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
    }
    let note = [
        ("do", "note"),
        ("once", &field(&page, "note", "once")),
        ("text", "He called <twice>."),
    ];
    assert_eq!(send(&agent, &here, &note).await.status, 303);
    let page = read(&agent, &here).await;
    assert!(
        page.contains("we look at &#60;it&#62; today.")
            && page.contains("He called &#60;twice&#62;.")
    );
    assert!(page.contains("Note by Agnes"), "{page}");

    shop.tend(&case).await;
    let after = agent.get(&format!("/v1/cases/{id}")).await.json();
    assert_eq!(after["replies"].as_array().unwrap().len(), 1);
    let letters = after["letters"].as_array().unwrap();
    let letter = letters
        .iter()
        .find(|letter| letter["kind"] == "reply")
        .unwrap();
    assert_eq!(letter["sent"], true, "{letter}");
    let letter = letter["id"].as_str().unwrap();
    let text = agent.get(&format!("/v1/letters/{letter}")).await.json();
    let text = text["text"].as_str().unwrap();
    assert!(
        text.contains("En medarbejder skriver") && text.contains("we look at <it> today."),
        "{text}"
    );
    assert!(text.contains("/c/"), "{text}");

    // A colleague's note is nobody else's: not the shop's, not the customer's.
    let notes = format!("/v1/cases/{id}/notes");
    assert_eq!(
        agent.get(&notes).await.json()["data"][0]["text"],
        "He called <twice>."
    );
    let customer = shop.customer().await;
    assert_eq!(customer.get(&notes).await.status, 403);
    let links = format!("/v1/cases/{id}/links");
    let link = agent.post(&links, &json!({})).await.json();
    let url = link["url"].as_str().unwrap();
    let theirs = shop
        .stranger()
        .get(&url[url.find("/c/").unwrap()..])
        .await
        .text();
    assert!(
        theirs.contains("we look at &#60;it&#62; today.") && !theirs.contains("He called"),
        "{theirs}"
    );
    assert_eq!(
        customer
            .post(&format!("/v1/cases/{id}/replies"), &json!({"text": "Hi"}))
            .await
            .status,
        403
    );
}

async fn cases_are_found_by_what_people_remember_of_them(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let other = incomplete(&shop, "VX-22").await;
    let (here, there) = (
        format!("/desk/cases/{}?", case["number"]),
        format!("/desk/cases/{}?", other["number"]),
    );
    let agent = shop.agent().await;
    let id = case["id"].as_str().unwrap();
    let note = json!({"text": "He mentioned a Zeppelin twice"});
    assert_eq!(
        agent
            .post(&format!("/v1/cases/{id}/notes"), &note)
            .await
            .status,
        200
    );
    for (words, found, both) in [
        ("VL-1", true, false),
        ("V", true, true),
        ("VL-1@example.com", true, false),
        ("vl-1@EXAMPLE.com ", true, false),
        ("C-VL-1", true, false),
        ("only 750", true, true),
        ("ONLY came", true, true),
        ("zeppelin", true, false),
        ("zeppelin 750", true, false),
        ("zeppelin balloon", false, false),
        ("nobody@example.com", false, false),
        ("%", false, false),
        ("' or 1=1 --", false, false),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let page = read(&agent, &format!("/desk?search={query}")).await;
        assert_eq!(
            (page.contains(&here), page.contains(&there)),
            (found, both),
            "{words}"
        );
    }
    let read = agent.get(&format!("/v1/cases/{id}")).await.json();
    let charge = read["order_record"]["payments"][0]["id"].as_str().unwrap();
    assert!(!charge.is_empty());
    // Whoever is erased is found by nothing of theirs any more.
    let owner = shop.somebody("Olga", Role::Owner).await;
    let customer = case["customer"].as_str().unwrap();
    let erased = owner
        .post(&format!("/v1/customers/{customer}/erase"), &json!({}))
        .await;
    assert_eq!(erased.status, 200, "{}", erased.text());
    for words in ["VL-1%40example.com", "C-VL-1", "zeppelin"] {
        let page = self::read(&agent, &format!("/desk?search={words}")).await;
        assert!(!page.contains(&here), "{words}");
    }
}

async fn a_case_is_given_to_somebody_and_stands_among_theirs(ground: Ground) {
    let shop = Shop::open(ground).await;
    let case = incomplete(&shop, "VL-1").await;
    let here = format!("/desk/cases/{}", case["number"]);
    let agent = shop.agent().await;
    assert!(!read(&agent, "/desk?view=mine").await.contains(&here));
    let wrong = send(&agent, &here, &[("do", "assign"), ("person", "Nobody")]).await;
    assert_eq!(wrong.status, 422);
    let given = send(&agent, &here, &[("do", "assign"), ("person", "Agnes")]).await;
    assert_eq!(given.status, 303, "{}", given.text());
    assert!(read(&agent, "/desk?view=mine").await.contains(&here));
    // What happens to the case leaves it theirs.
    let fields = acceptance(&read(&agent, &here).await);
    assert_eq!(send(&agent, &here, &borrowed(&fields)).await.status, 303);
    assert!(read(&agent, "/desk?view=mine").await.contains(&here));
    let path = format!("/v1/cases/{}/assign", case["id"].as_str().unwrap());
    let taken = agent.post(&path, &json!({})).await.json();
    assert_eq!(taken["person"], Json::Null);
    assert!(!read(&agent, "/desk?view=mine").await.contains(&here));
}

async fn lines_are_looked_at_before_the_owner_takes_them_in(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let contact = |order: &str, at: &str| {
        json!({"type": "contact", "order": order, "contact": {"at": at, "channel": "chat"}})
            .to_string()
    };
    let lines = [
        contact("VL-1", "2026-10-02T08:00:00Z"),
        "{\"type\": \"weather\"}".to_owned(),
        contact("VL-2", "2026-10-03T08:00:00Z"),
    ]
    .join("\n");
    for _ in 0..2 {
        let looked = send(&owner, "/desk/orders", &[("do", "look"), ("lines", &lines)]).await;
        let text = looked.text();
        assert_eq!(looked.status, 200, "{text}");
        assert!(text.contains("Nothing is written yet."), "{text}");
        assert!(
            text.contains("<dt>New</dt><dd>2</dd>")
                && text.contains("<dt>Not taken</dt><dd>1</dd>"),
            "{text}"
        );
        assert!(text.contains("value=\"take\""));
    }
    let taken = send(&owner, "/desk/orders", &[("do", "take"), ("lines", &lines)])
        .await
        .text();
    assert!(
        taken.contains("Taken in.") && taken.contains("<dt>New</dt><dd>2</dd>"),
        "{taken}"
    );
    let again = send(&owner, "/desk/orders", &[("do", "look"), ("lines", &lines)])
        .await
        .text();
    assert!(
        again.contains("<dt>There already</dt><dd>2</dd>"),
        "{again}"
    );
    let agent = shop.agent().await;
    assert_eq!(
        send(&agent, "/desk/orders", &[("lines", &lines)])
            .await
            .status,
        403
    );
}

#[test]
fn figures_are_read_as_people_write_them() {
    for (text, digits, read) in [
        ("9.75", 2, Some(975)),
        ("9,75", 2, Some(975)),
        ("9,7", 2, Some(970)),
        ("9", 2, Some(900)),
        ("1.234,56", 2, Some(123_456)),
        ("1,234.56", 2, Some(123_456)),
        ("1.234", 2, Some(123_400)),
        ("1 234", 0, Some(1_234)),
        ("62,5", 4, Some(625_000)),
        ("0,05", 2, Some(5)),
        ("", 2, None),
        (",5", 2, None),
        ("-5", 2, None),
        ("5 kr", 2, None),
        ("1,2345", 2, Some(1_234_500)),
        ("99999999999999999999", 2, None),
    ] {
        assert_eq!(decimal(text, digits), read, "{text}");
    }
}

async fn disputes_stand_by_their_due_time_until_they_are_over(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, program) = (shop.agent().await, shop.customer().await);
    let none = read(&agent, "/desk/disputes").await;
    assert!(none.contains("No dispute is open."), "{none}");

    // One that a provider tells of, after the customer had asked for help; and one that the shop tells of, without a word before.
    let charge = shop.order("VL-1").await;
    shop.order("VL-2").await;
    let case = json!({"order": "VL-1", "claim": "incomplete", "wants": "refund"});
    let case = program.post("/v1/cases", &case).await.json();
    let now = shop.ready.shop.clock.timestamp();
    let seen = Dispute {
        id: "dp_1".to_owned(),
        payments: vec![charge],
        amount: Amount::new(4990, Currency::new("EUR", 2).unwrap()),
        state: DisputeState::NeedsResponse,
        reason: "product_not_received".to_owned(),
        opened_at: now + jiff::SignedDuration::from_mins(1),
        evidence_due: Some(now + jiff::SignedDuration::from_hours(100)),
        submissions: 0,
        has_evidence: false,
        network_reason: None,
        answer_costs: false,
        evidence: std::collections::BTreeMap::new(),
        refundable: false,
        fee: Some(Amount::new(1500, Currency::new("EUR", 2).unwrap())),
    };
    let shown = async |state: DisputeState| {
        let seen = Dispute {
            state,
            ..seen.clone()
        };
        let later = shop.ready.shop.clock.now();
        dispute_seen(&shop.ready.shop.desk, "card", &seen, later)
            .await
            .unwrap();
    };
    shown(DisputeState::NeedsResponse).await;
    let money = json!({"amount": 4990, "currency": "EUR"});
    let told = json!({"dispute": {"id": "d-2", "opened_at": (now - jiff::SignedDuration::from_hours(1)).to_string(), "status": "open", "amount": money}});
    let told = program.post("/v1/orders/VL-2/disputes", &told).await;
    assert_eq!(told.status, 200, "{}", told.text());

    let open = read(&agent, "/desk/disputes").await;
    let number = format!("/desk/cases/{}\"", case["number"]);
    for words in [
        number.as_str(),
        "dp_1",
        "Not received",
        "Waits for evidence",
        "money held by the bank",
        "fee EUR 15.00",
        "EUR 49.90",
        "4 days<",
        "/desk/orders/VL-2\"",
        "No reason told",
    ] {
        assert!(open.contains(words), "{words}: {open}");
    }
    assert!(
        open.find("dp_1").unwrap() < open.find("d-2").unwrap(),
        "what is due stands first"
    );
    assert_eq!(
        open.matches("<td>No</td>").count(),
        1,
        "one of them did not write before: {open}"
    );

    shown(DisputeState::Won).await;
    let open = read(&agent, "/desk/disputes").await;
    let over = read(&agent, "/desk/disputes?view=over").await;
    assert!(!open.contains("dp_1") && open.contains("d-2"), "{open}");
    assert!(
        over.contains("Won") && over.contains("money came back") && !over.contains("d-2"),
        "{over}"
    );
}
