// SPDX-License-Identifier: MIT OR Apache-2.0
//! The description tells exactly what is served, and every kind of problem has its page in both languages.

use std::collections::BTreeSet;

use makegood::web::access::ROUTES;
use makegood::web::refusal::KINDS;
use makegood::web::{openapi, spec};
use serde_json::Value;

use crate::shop::{Ground, Shop};

#[test]
fn the_description_and_the_table_of_routes_name_the_same() {
    let described: BTreeSet<(String, String)> = spec()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            openapi::operations(item).map(move |(method, _)| (method.to_owned(), path.clone()))
        })
        .collect();
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(described, table);
    assert_eq!(
        table.len(),
        ROUTES.len(),
        "a route stands twice in the table"
    );
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn references(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get("$ref") {
                    out.insert(to.clone());
                }
                fields.values().for_each(|value| references(value, out));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, out)),
            _ => {}
        }
    }
    let text = openapi::text(spec());
    let api: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(api["openapi"], "3.1.0");
    let mut all = BTreeSet::new();
    references(&api, &mut all);
    assert!(all.len() > 20, "{all:?}");
    for to in all {
        assert!(
            api.pointer(to.strip_prefix('#').unwrap()).is_some(),
            "{to} leads nowhere"
        );
    }
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                operation["summary"].is_string() && operation["operationId"].is_string(),
                "{method} {path}"
            );
            let leads_on = [
                "/sign-in",
                "/find/code",
                "/sign-in/{link}",
                "/c/{link}",
                "/chat/{link}",
                "/desk",
                "/desk/cases/{number}",
                "/desk/tasks",
                "/desk/disputes/{id}",
                "/desk/prove",
                "/desk/policy/drafts",
                "/desk/policy/drafts/{id}",
                "/desk/settings/replies",
                "/desk/settings/webhooks",
                "/desk/settings/tokens",
            ];
            let done = if path == "/" || method == "post" && leads_on.contains(&path.as_str()) {
                "303"
            } else {
                "200"
            };
            assert!(operation["responses"][done].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_problem_has_a_page_in_danish_and_in_english() {
    let shop = Shop::open(Ground::Sqlite).await;
    let stranger = shop.stranger();
    let slugs: BTreeSet<&str> = KINDS.iter().map(|kind| kind.slug).collect();
    assert_eq!(slugs.len(), KINDS.len());
    for kind in KINDS {
        let mut pages = Vec::new();
        for (language, words) in [("da", "Hvad gør du"), ("en-GB,en;q=0.9", "What to do")] {
            let request = stranger
                .request("GET", &format!("/problems/{}", kind.slug))
                .header("accept-language", language);
            let answer = stranger
                .ask(request.body(axum::body::Body::empty()).unwrap())
                .await;
            assert_eq!(answer.status, 200, "{}", kind.slug);
            assert_eq!(
                answer.header("content-language"),
                Some(&language[..2]),
                "{}",
                kind.slug
            );
            let page = answer.text();
            assert!(
                page.contains(words),
                "{} in {language} does not say what to do",
                kind.slug
            );
            assert!(
                page.split("<main>").nth(1).unwrap().len() > 250,
                "{} in {language} says next to nothing",
                kind.slug
            );
            pages.push(page);
        }
        assert_ne!(pages[0], pages[1], "{}", kind.slug);
        assert!(
            pages[1].contains(kind.title),
            "{} is called otherwise on its page",
            kind.slug
        );
    }
    assert_eq!(stranger.get("/problems/nothing").await.status, 404);
    let list = stranger.get("/problems").await.text();
    for kind in KINDS {
        assert!(
            list.contains(&format!("/problems/{}", kind.slug)),
            "{} is not listed",
            kind.slug
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_names_every_route_and_needs_nothing_from_elsewhere() {
    let shop = Shop::open(Ground::Sqlite).await;
    let page = shop.stranger().get("/docs").await.text();
    for route in ROUTES {
        assert!(
            page.contains(route.path),
            "{} is not on the page",
            route.path
        );
    }
    for foreign in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "the page holds `{foreign}`");
    }
}
