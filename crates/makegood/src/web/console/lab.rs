// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policy as those who keep it see it: tried with facts, as decision tables, as rules, and what its checks say.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use makegood_policy::Policy;
use makegood_policy::clause::Edition;
use makegood_policy::decide::Answer as Judged;
use makegood_policy::fact::{Disclose, FactDef, Kind};
use makegood_policy::phrase::Tongue;
use makegood_policy::rule::{RuleId, Then};
use makegood_policy::tables::tables;

use super::frame::DeskFrame;
use super::words::outcome;
use crate::policies::until;
use crate::reasons::edition;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::docs::rendered;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::say::Say;
use crate::web::refusal::Problem;
use crate::web::wire::Answer;

/// How long the checks of a page may take.
const CHECKED_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);
/// Most changes that are told.
const CHANGES_MOST: usize = 4;

/// A value that can be chosen.
struct Value {
    word: String,
    label: String,
    chosen: bool,
}

/// A fact to be tried.
struct Field {
    name: String,
    label: String,
    values: Vec<Value>,
    text: String,
    hint: String,
    wrong: bool,
}

/// What comes of the facts.
#[derive(Default)]
struct Came {
    outcome: String,
    clause: String,
    quote: String,
    because: String,
    grants: Vec<String>,
    changes: Vec<String>,
    asks: Vec<(String, String)>,
    nothing: bool,
}

#[derive(Template)]
#[template(path = "desk_policy.html")]
struct Page {
    frame: DeskFrame,
    version: String,
    versions: Vec<(String, String, bool)>,
    page_address: String,
    fields: Vec<Field>,
    came: Came,
    wrong: Vec<String>,
    tables: String,
    rules: String,
    problems: Vec<String>,
}

/// Open the policy
///
/// The facts to be tried stand in the address, each under its own name.
#[utoipa::path(get, path = "/desk/policy", tag = "Console", operation_id = "desk_policy",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "policy", "desk-lab");
    let inside = Arc::clone(&web);
    let together = tokio::task::spawn_blocking(move || {
        let page = put_together(&inside, frame, &uri)?;
        let html = written(&page)?;
        Ok::<_, Problem>(page.frame.sent(html))
    });
    together
        .await
        .map_err(|panic| Problem::fault(format!("showing the policy failed: {panic}")))?
}

fn put_together(web: &Web, frame: DeskFrame, uri: &Uri) -> Result<Page, Problem> {
    let asked = parameter(uri, "version");
    let policies = web.desk.policies.now();
    let books: Vec<_> = policies.iter().collect();
    let named = books
        .iter()
        .find(|book| Some(&book.policy().version) == asked.as_ref());
    let book = named.or_else(|| books.last());
    let book = book.ok_or_else(|| Problem::no_such("policy"))?;
    let policy = book.policy();
    let say = frame.say.clone();
    let edition = edition(policy, Some(say.language.code()));
    let mut facts = policy.nothing_known();
    let (mut fields, mut wrong) = (Vec::new(), Vec::new());
    for (_, def) in policy.facts() {
        let text = parameter(uri, &def.name).unwrap_or_default();
        let text = text.trim().to_owned();
        let amiss = !text.is_empty() && policy.set(&mut facts, &def.name, &text).is_err();
        let field = field(&say, edition, def, text, amiss);
        if amiss {
            wrong.push(say.one("desk-lab-wrong", "fact", &field.label));
        }
        fields.push(field);
    }
    let version = policy.version.clone();
    let versions = books.iter().map(|book| {
        let known = book.policy().version.clone();
        let words = makegood_desk::words::version_words(say.tongue(), &known);
        let here = known == version;
        (known, words, here)
    });
    let drawn: Vec<String> = tables(policy, edition)
        .iter()
        .map(makegood_policy::tables::Table::markdown)
        .collect();
    Ok(Page {
        versions: versions.collect(),
        page_address: format!("/policy/{version}?language={}", say.language.code()),
        came: came(&say, policy, edition, &facts),
        tables: rendered(&drawn.join("\n\n")),
        rules: edition.source.clone(),
        problems: problems(policy),
        version,
        fields,
        wrong,
        frame,
    })
}

fn problems(policy: &Policy) -> Vec<String> {
    let found = policy.check(&until(CHECKED_WITHIN));
    found
        .iter()
        .map(|problem| problem.message.clone())
        .collect()
}

fn label(edition: &Edition, def: &FactDef) -> String {
    let known = edition.words.labels.get(&def.name).cloned();
    known.unwrap_or_else(|| def.name.replace('_', " "))
}

fn field(say: &Say, edition: &Edition, def: &FactDef, text: String, wrong: bool) -> Field {
    let value = |word: &str, label: String| Value {
        chosen: word == text,
        word: word.to_owned(),
        label,
    };
    let mut values = match &def.kind {
        Kind::Bool => vec![
            value("true", say.t("desk-yes")),
            value("false", say.t("desk-no")),
        ],
        Kind::Enum(names) => names
            .iter()
            .map(|name| {
                let key = (def.name.clone(), name.clone());
                let words = edition.words.values.get(&key).cloned();
                value(name, words.unwrap_or_else(|| name.replace('_', " ")))
            })
            .collect(),
        _ => Vec::new(),
    };
    if !values.is_empty() && def.optional {
        values.push(value("absent", say.t("desk-lab-absent")));
    }
    let hint = match def.kind {
        Kind::Ratio => "12.5%",
        Kind::Duration => "30d, 6h",
        Kind::Instant => "2026-10-02",
        Kind::Money => "975",
        Kind::Int => "1000",
        Kind::Bool | Kind::Enum(_) => "",
    };
    Field {
        label: label(edition, def),
        name: def.name.clone(),
        values,
        text,
        hint: hint.to_owned(),
        wrong,
    }
}

fn came(
    say: &Say,
    policy: &Policy,
    edition: &Edition,
    facts: &makegood_policy::decide::Facts,
) -> Came {
    match policy.decide(facts) {
        Judged::Decided { rule, .. } => decided(say, policy, edition, facts, rule),
        Judged::Open { missing, .. } => Came {
            outcome: outcome(say, "needs_information"),
            asks: policy
                .questions(&missing, edition)
                .into_iter()
                .map(|question| {
                    let label = edition.words.labels.get(&question.name).cloned();
                    let plain = label.unwrap_or_else(|| question.name.replace('_', " "));
                    let ask = match question.ask.is_empty() {
                        true => plain,
                        false => question.ask,
                    };
                    (ask, question.why.unwrap_or_default())
                })
                .collect(),
            ..Came::default()
        },
        Judged::Nothing => Came {
            nothing: true,
            ..Came::default()
        },
    }
}

fn decided(
    say: &Say,
    policy: &Policy,
    edition: &Edition,
    facts: &makegood_policy::decide::Facts,
    rule: RuleId,
) -> Came {
    let held = policy.rule(rule);
    let (word, grants) = match &held.then {
        Then::Effect(effect) => (
            effect.outcome.clone(),
            effect
                .remedies
                .iter()
                .map(|remedy| remedy.kind.replace('_', " "))
                .collect(),
        ),
        Then::JudgeAgain { .. } => (String::new(), Vec::new()),
    };
    let changes = policy.nearest_changes(facts, rule, Disclose::Agent, CHANGES_MOST);
    Came {
        outcome: match word.is_empty() {
            true => String::new(),
            false => outcome(say, &word),
        },
        clause: held.clause.clone(),
        quote: policy.quote(edition, rule),
        because: policy.because(edition, rule, facts),
        grants,
        changes: changes
            .iter()
            .map(|change| changed(policy, edition, change))
            .collect(),
        ..Came::default()
    }
}

/// A change in a line: the facts that would be otherwise, and the clause then.
fn changed(
    policy: &Policy,
    edition: &Edition,
    change: &makegood_policy::explain::Change,
) -> String {
    let tongue = Tongue::of(&edition.language);
    let facts: Vec<String> = change
        .facts
        .iter()
        .map(|held| {
            let def = policy.fact_def(held.fact);
            let is = tongue.cells(edition, def, held.cells);
            format!("{}: {is}", label(edition, def))
        })
        .collect();
    format!(
        "{} → § {}",
        facts.join(", "),
        policy.rule(change.rule).clause
    )
}
