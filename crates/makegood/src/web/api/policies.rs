// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policies that judge, as pages and lists of clauses; and decisions without a case.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use makegood_desk::input::Language;
use makegood_policy::fact::Disclose;
use makegood_policy::page::PageOptions;
use makegood_policy::phrase::Tongue;
use serde::Serialize;
use utoipa::ToSchema;

use crate::policy_commands::host_words;
use crate::stream::{Clerk, Manner};
use crate::web::Web;
use crate::web::idempotency::read_bytes;
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, List, Parameters, html, json, json_bytes};
use crate::wire::Word as _;

/// A version of a policy.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyOut {
    /// `policy`.
    pub object: &'static str,
    /// Its name.
    pub id: String,
    /// Its version: the day from which it is in force.
    pub version: String,
    /// The digest of its rules.
    pub digest: String,
    /// Its editions.
    pub editions: Vec<EditionOut>,
}

/// A policy in a language.
#[derive(Serialize, ToSchema)]
#[schema(as = Edition)]
pub struct EditionOut {
    /// The language.
    pub language: String,
    /// The title.
    pub title: String,
    /// Where the page is.
    pub page: String,
    /// Its clauses.
    pub clauses: Vec<ClauseOut>,
}

/// A clause.
#[derive(Serialize, ToSchema)]
#[schema(as = Clause)]
pub struct ClauseOut {
    /// Its number.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// The policies that judge.
pub type PolicyList = List<PolicyOut>;

/// List the policies that judge
///
/// Every version, oldest first.
#[utoipa::path(get, path = "/v1/policies", tag = "Policies", operation_id = "list_policies",
    responses((status = 200, description = "The policies.", body = PolicyList)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let known = web.desk.policies.now();
    let policies = known.iter().map(|book| {
        let policy = book.policy();
        let editions = policy.editions.iter().map(|edition| EditionOut {
            language: edition.language.clone(),
            title: edition.title.clone(),
            page: format!("/v1/policies/{}/{}", policy.version, edition.language),
            clauses: edition
                .clauses
                .iter()
                .map(|clause| ClauseOut {
                    id: clause.id.clone(),
                    title: clause.title.clone(),
                })
                .collect(),
        });
        PolicyOut {
            object: "policy",
            id: policy.name.clone(),
            version: policy.version.clone(),
            digest: policy.digest.clone(),
            editions: editions.collect(),
        }
    });
    Ok(json(&List::new("/v1/policies", policies.collect(), false)))
}

/// Read a policy
///
/// The page that customers read: each clause with an anchor.
#[utoipa::path(get, path = "/v1/policies/{version}/{language}", tag = "Policies", operation_id = "read_policy", params(
    ("version" = String, Path, description = "The version."), ("language" = String, Path, description = "The language: `da` or `en`."),
), responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    Path((version, language)): Path<(String, String)>,
    uri: Uri,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let policies = web.desk.policies.now();
    let book = policies
        .iter()
        .find(|book| book.policy().version == version);
    let policy = book.ok_or_else(|| Problem::no_such("policy"))?.policy();
    let edition = policy
        .editions
        .iter()
        .find(|edition| edition.language == language);
    let edition = edition.ok_or_else(|| Problem::no_such("edition of the policy"))?;
    let others = policy
        .editions
        .iter()
        .filter(|other| other.language != language);
    let options = PageOptions {
        words: host_words(Tongue::of(&edition.language)),
        languages: others
            .map(|other| (other.language.clone(), other.language.clone()))
            .collect(),
        ..PageOptions::default()
    };
    Ok(html(policy.page(edition, &options)))
}

/// Decide a case file
///
/// What the policy says of the facts, with reasons. Nothing is kept. The body is a case file and the answer a decision, as the contract
/// of the command `makegood decide` has them.
#[utoipa::path(post, path = "/v1/decide", tag = "Policies", operation_id = "decide", request_body(content = Object, content_type = "application/json"),
    params(
        ("language" = Option<String>, Query, description = "The language of the reasons, `da` or `en`; the policy's own where nothing is said."),
        ("audience" = Option<String>, Query, description = "Who reads it, `customer` or `agent`; a customer where nothing is said."),
    ),
    responses((status = 200, description = "The decision.", body = Object)))]
pub async fn decide(State(web): State<Arc<Web>>, uri: Uri, request: Request) -> Answer {
    let parameters = Parameters::of(&uri, &["language", "audience"])?;
    let language = parameters.word("language", Language::ALL)?;
    let audience = parameters.word("audience", &["customer", "agent"])?;
    let (parts, body) = request.into_parts();
    let case = read_bytes(&web, &parts.headers, body).await?;
    let manner = Manner {
        reasons: true,
        language: language.map(str::to_owned),
        audience: if audience == Some("agent") {
            Disclose::Agent
        } else {
            Disclose::Customer
        },
        indented: false,
    };
    let policies = web.desk.policies.now();
    let deciding = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        Clerk::new(policies, Arc::new(manner))
            .decide(&case, &mut out)
            .map(|()| out)
    });
    let decided = deciding
        .await
        .map_err(|_| Problem::fault("deciding a case file panicked"))?;
    Ok(json_bytes(decided?))
}
