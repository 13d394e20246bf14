// SPDX-License-Identifier: MIT OR Apache-2.0
//! What people have to do, over all cases.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use super::cases::{from, no_place};
use crate::books::lists::{self, TaskRow};
use crate::web::Web;
use crate::web::wire::{
    Answer, List, PAGING, Paging, Parameters, json, moment, name, part, read_part,
};

/// An open task.
#[derive(Serialize, ToSchema)]
pub struct TaskSummary {
    /// `task`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// `question` about facts, or `task`.
    pub kind: &'static str,
    /// Its number in the case.
    pub no: u32,
    /// Whose it is: `customer`, `support`, `technical_team`, `finance`.
    pub team: String,
    /// What: for a question the facts, else a word with what it is about.
    pub what: String,
    /// Since when.
    pub at: String,
    /// Until when.
    pub due_at: String,
    /// Its case.
    pub case: String,
    /// The number that people call the case by.
    pub case_number: u64,
    /// The order of the case.
    pub order: String,
}

/// A page of tasks.
pub type TaskSummaries = List<TaskSummary>;

fn prefix(question: bool) -> &'static str {
    if question { "ask" } else { "task" }
}

impl From<TaskRow> for TaskSummary {
    fn from(row: TaskRow) -> Self {
        Self {
            object: "task",
            id: part(prefix(row.question), row.case, row.no),
            kind: if row.question { "question" } else { "task" },
            no: row.no,
            team: row.team,
            what: row.what,
            at: moment(row.opened_at),
            due_at: moment(row.due_at),
            case: name("case", row.case),
            case_number: row.case_number,
            order: row.order,
        }
    }
}

/// List open tasks
///
/// The most urgent first.
#[utoipa::path(get, path = "/v1/tasks", tag = "Work", operation_id = "list_tasks", params(
    ("team" = Option<String>, Query, description = "Those of a team: `support`, `technical_team`, `finance`; `customer` for questions to customers."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of tasks.", body = TaskSummaries)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["team"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let team = parameters.word(
        "team",
        &["support", "technical_team", "finance", "customer"],
    )?;
    let read = |text: &str| {
        let question = text.starts_with("ask_");
        read_part(prefix(question), text)
            .ok()
            .map(|(case, no)| (case, question, no))
    };
    let from = from(&paging, "the `id` of a task", read)?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let from = from.clone();
        Box::pin(async move { lists::tasks(tx, team, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data: Vec<TaskSummary> = rows.into_iter().map(Into::into).collect();
    Ok(json(&List::new("/v1/tasks", data, more)))
}
