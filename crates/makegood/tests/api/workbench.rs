// SPDX-License-Identifier: MIT OR Apache-2.0
//! What makes much work light: views of one's own, many cases given at one go, standard replies, cases put together and taken apart.

use axum::body::Body;
use makegood::books::people::Role;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    a_list_that_was_narrowed_is_kept_as_a_view_of_ones_own,
    many_cases_are_given_to_somebody_at_one_go,
    a_standard_reply_is_filled_in_at_the_case_in_the_customers_language,
    what_is_wrong_with_a_standard_reply_is_told_and_nothing_is_lost,
    two_cases_of_one_customer_become_one_or_neither_changes,
    a_message_about_something_else_becomes_a_case_of_its_own,
}

async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answered {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = visitor
        .request("POST", path)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn read(visitor: &Visitor, path: &str) -> String {
    let request = visitor.request("GET", path).header("accept-language", "en");
    let answer = visitor.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// A case of a customer about an order of theirs.
async fn case(shop: &Shop, order: &str, customer: &str, fields: Json) -> Json {
    shop.order(order).await;
    let mut body = json!({"order": order, "claim": "incomplete", "wants": "refund", "description": format!("About {order}: only 750 came"),
        "customer": {"reference": customer, "email": format!("{customer}@example.com")}, "channel": "form"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let asked = shop.customer().await.post("/v1/cases", &body).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    asked.json()
}

fn shows(page: &str, case: &Json) -> bool {
    page.contains(&format!("/desk/cases/{}?", case["number"]))
}

async fn a_list_that_was_narrowed_is_kept_as_a_view_of_ones_own(ground: Ground) {
    let shop = Shop::open(ground).await;
    let by_form = case(&shop, "VL-1", "ann", json!({})).await;
    let by_mail = case(&shop, "VL-2", "bob", json!({"channel": "email"})).await;
    let agent = shop.agent().await;
    for (query, form, mail) in [
        ("view=open", true, true),
        ("view=open&channel=email", false, true),
        ("view=open&claim=incomplete&channel=form", true, false),
        ("view=open&claim=slow", false, false),
        ("view=open&service=Newsletter+sign-ups", true, true),
        ("view=open&service=Other", false, false),
        // What nobody knows narrows nothing.
        ("view=open&claim=odd&channel=odd", true, true),
        ("view=closed&channel=email", false, false),
    ] {
        let page = read(&agent, &format!("/desk?{query}")).await;
        assert_eq!(
            (shows(&page, &by_form), shows(&page, &by_mail)),
            (form, mail),
            "{query}"
        );
    }
    let page = read(&agent, "/desk?view=open&channel=email&narrow=1").await;
    assert!(page.contains("<option value=\"Newsletter sign-ups\">"));
    let narrowed = "/desk?view=open&channel=email";
    let unnamed = send(&agent, narrowed, &[("do", "keep"), ("name", " ")]).await;
    assert_eq!(unnamed.status, 422);
    let kept = send(&agent, narrowed, &[("do", "keep"), ("name", "By <mail>")]).await;
    assert_eq!(kept.status, 303, "{}", kept.text());
    let page = read(&agent, "/desk").await;
    assert!(
        page.contains("By &#60;mail&#62;")
            && page.contains("href=\"/desk?view=open&#38;channel=email\""),
        "{page}"
    );
    // It is nobody else's.
    let other = shop.somebody("Bo", Role::Agent).await;
    assert!(!read(&other, "/desk").await.contains("By &#60;mail&#62;"));
    for _ in 0..2 {
        let gone = send(&agent, "/desk", &[("do", "forget"), ("own", "1")]).await;
        assert_eq!(gone.status, 303);
    }
    assert!(!read(&agent, "/desk").await.contains("By &#60;mail&#62;"));
    for no in 0..20 {
        let name = format!("View {no}");
        let kept = send(&agent, narrowed, &[("do", "keep"), ("name", &name)]).await;
        assert_eq!(kept.status, 303);
    }
    let full = send(&agent, narrowed, &[("do", "keep"), ("name", "One more")]).await;
    assert!(full.status == 422 && full.text().contains("You keep 20 views."));
}

async fn many_cases_are_given_to_somebody_at_one_go(ground: Ground) {
    let shop = Shop::open(ground).await;
    let one = case(&shop, "VL-1", "ann", json!({})).await;
    let two = case(&shop, "VL-2", "bob", json!({"channel": "email"})).await;
    let agent = shop.agent().await;
    let bo = shop.somebody("Bo", Role::Agent).await;
    let chosen = |case: &Json| format!("{}::0", case["number"]);
    let (first, second) = (chosen(&one), chosen(&two));
    let once = ("once", "abcdefghijklmnop0123");
    let nobody = send(
        &agent,
        "/desk?view=open",
        &[("do", "assign"), ("person", "Bo"), once],
    )
    .await;
    assert_eq!(nobody.status, 422);
    let stranger = [
        ("do", "assign"),
        ("person", "Nobody"),
        ("case", &*first),
        once,
    ];
    assert_eq!(send(&agent, "/desk?view=open", &stranger).await.status, 422);
    let both = [
        ("do", "assign"),
        ("person", "Bo"),
        ("case", &*first),
        ("case", &*second),
        ("once", "bbcdefghijklmnop0123"),
    ];
    let given = send(&agent, "/desk?view=open", &both).await;
    assert_eq!(given.status, 303, "{}", given.text());
    let place = given.header("location").unwrap();
    assert!(read(&agent, place).await.contains("2 cases assigned."));
    let mine = read(&bo, "/desk?view=mine").await;
    assert!(shows(&mine, &one) && shows(&mine, &two));
    // What is not ready is not accepted, whatever a form says.
    let accept = [("do", "accept"), ("case", &*first), once];
    assert_eq!(send(&agent, "/desk?view=open", &accept).await.status, 422);
}

const REPLIES: &str = "/desk/settings/replies";

async fn a_standard_reply_is_filled_in_at_the_case_in_the_customers_language(ground: Ground) {
    let shop = Shop::open(ground).await;
    let danish = case(&shop, "VL-1", "ann", json!({"language": "da"})).await;
    let english = case(&shop, "VL-2", "bob", json!({"language": "en"})).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let kept = send(
        &owner,
        REPLIES,
        &[
            ("do", "keep"),
            ("name", "We are looking"),
            (
                "danish",
                "Om {case} og ordre {order}: {amount} efter {clause}. {agent}",
            ),
            (
                "english",
                "About {case} and order {order}: {amount} by {clause}. {agent}",
            ),
        ],
    )
    .await;
    assert_eq!(kept.status, 303, "{}", kept.text());
    let agent = shop.agent().await;
    assert_eq!(agent.get(REPLIES).await.status, 403);
    for (case, order, words) in [
        (&danish, "VL-1", "12,48 EUR"),
        (&english, "VL-2", "EUR 12.48"),
    ] {
        let number = &case["number"];
        let page = read(&agent, &format!("/desk/cases/{number}")).await;
        let place = page.split("href=\"?reply=").nth(1).expect("a reply");
        let reply = place.split('#').next().unwrap();
        let page = read(&agent, &format!("/desk/cases/{number}?reply={reply}")).await;
        let draft = page.split("data-ask=").nth(1).unwrap();
        let draft = draft.split("</textarea>").next().unwrap();
        for filled in [
            format!("MG-{number}"),
            format!("re {order}: ")
                .replace("re ", if order == "VL-1" { "ordre " } else { "order " }),
            "5.10".to_owned(),
            words.to_owned(),
        ] {
            assert!(draft.contains(&filled), "{filled}: {draft}");
        }
    }
}

async fn what_is_wrong_with_a_standard_reply_is_told_and_nothing_is_lost(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let long = "x".repeat(4_001);
    for (name, english, told) in [
        ("", "words", "Give it a name"),
        ("Name", "", "Write something"),
        ("Name", "Dear {nme}", "“nme”"),
        ("Name", &*long, "at most 4,000"),
    ] {
        let fields = [("do", "keep"), ("name", name), ("english", english)];
        let answer = send(&owner, REPLIES, &fields).await;
        assert_eq!(answer.status, 422, "{told}");
        let page = answer.text();
        assert!(page.contains(told), "{told}: {page}");
        assert!(english.is_empty() || page.contains(english), "{told}");
    }
    let fields = [("do", "keep"), ("name", "Name"), ("english", "Words")];
    assert_eq!(send(&owner, REPLIES, &fields).await.status, 303);
    let again = send(&owner, REPLIES, &fields).await;
    assert!(again.status == 422 && again.text().contains("Another one is called"));
    let page = read(&owner, REPLIES).await;
    let id = page.split("name=\"reply\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let other = [
        ("do", "keep"),
        ("reply", id),
        ("name", "Name"),
        ("english", "Other words"),
    ];
    assert_eq!(send(&owner, REPLIES, &other).await.status, 303);
    assert!(read(&owner, REPLIES).await.contains("Other words"));
    let gone = [("do", "remove"), ("reply", id)];
    assert_eq!(send(&owner, REPLIES, &gone).await.status, 303);
    assert!(!read(&owner, REPLIES).await.contains("Other words"));
}

async fn two_cases_of_one_customer_become_one_or_neither_changes(ground: Ground) {
    let shop = Shop::open(ground).await;
    let one = case(&shop, "VL-1", "ann", json!({})).await;
    let two = case(&shop, "VL-2", "ann", json!({})).await;
    let foreign = case(&shop, "VL-3", "bob", json!({})).await;
    let agent = shop.agent().await;
    let id = one["id"].as_str().unwrap();
    let place = format!("/v1/cases/{id}/merge");
    for (into, words) in [
        ("case_00", "no case here"),
        (id, "this case itself"),
        (foreign["id"].as_str().unwrap(), "another customer"),
    ] {
        let refused = agent.post(&place, &json!({"into": into})).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let here = format!("/desk/cases/{}", one["number"]);
    let into = format!("MG-{}", two["number"]);
    let fields = [
        ("do", "merge"),
        ("into", &*into),
        ("once", "abcdefghijklmnop0123"),
    ];
    let merged = send(&agent, &here, &fields).await;
    assert_eq!(merged.status, 303, "{}", merged.text());
    assert_eq!(send(&agent, &here, &fields).await.status, 303);
    let closed = agent.get(&format!("/v1/cases/{id}")).await.json();
    assert_eq!(closed["closed"], "merged", "{closed}");
    assert_eq!(closed["closed_reason"], into);
    let goes_on = read(&agent, &format!("/desk/cases/{}", two["number"])).await;
    assert_eq!(goes_on.matches("About VL-1: only 750 came").count(), 1);
    assert!(goes_on.contains("About VL-2: only 750 came"));
    // Nobody merges into what is closed.
    let back = format!("/v1/cases/{}/merge", two["id"].as_str().unwrap());
    let refused = agent.post(&back, &json!({"into": id})).await;
    assert!(refused.status == 400 && refused.text().contains("is closed"));
    // The customer is told where it goes on.
    shop.tend(&one).await;
    let link = agent
        .post(&format!("/v1/cases/{id}/links"), &json!({}))
        .await
        .json();
    let url = link["url"].as_str().unwrap();
    let page = shop
        .stranger()
        .get(&format!("{}?language=en", &url[url.find("/c/").unwrap()..]))
        .await
        .text();
    assert!(page.contains("put together with another one"), "{page}");
}

async fn a_message_about_something_else_becomes_a_case_of_its_own(ground: Ground) {
    let shop = Shop::open(ground).await;
    let one = case(&shop, "VL-1", "ann", json!({})).await;
    shop.order("VL-2").await;
    let agent = shop.agent().await;
    let here = format!("/desk/cases/{}", one["number"]);
    for (message, order, told) in [
        ("7", "VL-2", "Choose a message"),
        ("0", "VL-2", "Choose a message"),
        ("1", "", "Write which order"),
    ] {
        let fields = [
            ("do", "split"),
            ("message", message),
            ("order", order),
            ("claim", "slow"),
        ];
        let refused = send(&agent, &here, &fields).await;
        assert!(
            refused.status == 422 && refused.text().contains(told),
            "{told}: {}",
            refused.text()
        );
    }
    let fields = [
        ("do", "split"),
        ("message", "1"),
        ("order", "VL-2"),
        ("claim", "not_received"),
        ("once", "abcdefghijklmnop0123"),
    ];
    for _ in 0..2 {
        let split = send(&agent, &here, &fields).await;
        assert_eq!(split.status, 303, "{}", split.text());
    }
    let page = read(&agent, &here).await;
    let number = one["number"].as_u64().unwrap() + 1;
    assert_eq!(
        page.matches(&format!("→ MG-{number} (VL-2)")).count(),
        1,
        "{page}"
    );
    let other = read(&agent, &format!("/desk/cases/{number}")).await;
    assert!(other.contains("About VL-1: only 750 came") && other.contains("VL-2"));
}
