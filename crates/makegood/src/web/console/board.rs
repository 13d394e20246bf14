// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board: what people are asked, what is due first first, each answered where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::LogEntry;
use makegood_desk::input::Id;
use makegood_desk::life::Case;
use makegood_desk::records::Records;

use super::act::done;
use super::case::askings;
use super::frame::{DeskFrame, guarded};
use super::words::due;
use crate::books::cases;
use crate::books::lists::{self, From, TaskRow};
use crate::books::orders::{Depth, records};
use crate::books::people::Role;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::curve::{self, Curve};
use crate::web::portal::form::Form;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::help::once;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name, read_name};

/// Most that the board shows.
const MOST: i64 = 60;
/// The teams, by their words.
const TEAMS: [&str; 4] = ["technical_team", "support", "finance", "customer"];

/// A question on the board: the fact, the words, and why it is asked.
type Question = (String, String, String);

/// Something to do.
struct Card {
    id: String,
    number: u64,
    order: String,
    service: String,
    what: String,
    due: String,
    late: bool,
    questions: Vec<Question>,
    curve: Option<Curve>,
}

#[derive(Template)]
#[template(path = "desk_tasks.html")]
struct Page {
    frame: DeskFrame,
    team: String,
    teams: Vec<(String, String, bool)>,
    cards: Vec<Card>,
    once: String,
}

/// What the books say of a case on the board.
struct Looked {
    row: TaskRow,
    case: Arc<Case>,
    records: Records,
}

fn team_of(frame: &DeskFrame, uri: &Uri) -> String {
    let asked = parameter(uri, "team").filter(|team| TEAMS.contains(&team.as_str()));
    let own = match frame.role {
        Some(Role::Finance) => "finance",
        Some(Role::Agent) => "support",
        _ => "technical_team",
    };
    asked.unwrap_or_else(|| own.to_owned())
}

async fn looked(web: &Arc<Web>, team: &str) -> Result<Vec<Looked>, Problem> {
    let team = TEAMS.into_iter().find(|known| *known == team);
    let shelf = Arc::clone(&web.desk.shelf);
    let now = web.clock.now();
    let found = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move {
            let rows = lists::tasks(tx, team, &From::Start, MOST).await?;
            let mut out = Vec::new();
            for row in rows.unwrap_or_default() {
                let Some(case) = cases::load(tx, &shelf, row.case, false).await? else {
                    continue;
                };
                let depth = Depth::Whole {
                    refunds_since: now,
                    trouble_since: now,
                    claim: "",
                };
                let records = records(tx, &row.order, false, depth).await?;
                out.push(Looked { row, case, records });
            }
            Ok(out)
        })
    });
    Ok(found.await?)
}

fn card(web: &Web, frame: &DeskFrame, looked: &Looked) -> Card {
    let say = &frame.say;
    let (row, order) = (&looked.row, looked.records.order.as_ref());
    let (due, late) = due(say, web.clock.now(), row.due_at);
    let questions = match row.question {
        true => askings(web, say, &looked.case, &looked.records, web.clock.now())
            .into_iter()
            .filter(|asking| asking.whom == row.team)
            .flat_map(|asking| asking.questions)
            .collect(),
        false => Vec::new(),
    };
    Card {
        id: name("case", row.case),
        number: row.case_number,
        order: row.order.clone(),
        service: order.map_or(String::new(), |record| {
            record.order.service.name.to_string()
        }),
        what: match row.question {
            true => String::new(),
            false => super::case::todo(say, &row.what),
        },
        due,
        late,
        curve: order.filter(|_| row.question).and_then(|record| {
            let log: Vec<&LogEntry<'_>> = looked.records.delivery_log.iter().collect();
            curve::draw(say, &record.order, &log)
        }),
        questions,
    }
}

async fn put_together(web: &Arc<Web>, frame: DeskFrame, uri: &Uri) -> Result<Page, Problem> {
    let team = team_of(&frame, uri);
    let looked = looked(web, &team).await?;
    // A question and a task of one case may name the same; each stands once.
    let mut seen = BTreeMap::new();
    for one in &looked {
        let key = (one.row.due_at, one.row.case, one.row.question, one.row.no);
        seen.entry(key).or_insert_with(|| card(web, &frame, one));
    }
    let teams = TEAMS.iter().map(|word| {
        let words = frame.say.t(&format!("desk-team-{word}"));
        ((*word).to_owned(), words, *word == team)
    });
    Ok(Page {
        teams: teams.collect(),
        cards: seen.into_values().collect(),
        once: once()?,
        team,
        frame,
    })
}

/// Open the board
///
/// What people are asked, with the delivery beside it.
#[utoipa::path(get, path = "/desk/tasks", tag = "Console", operation_id = "desk_tasks",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "tasks", "desk-tasks");
    let page = put_together(&web, frame, &uri).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Answer on the board
#[utoipa::path(post, path = "/desk/tasks", tag = "Console", operation_id = "desk_answer",
    responses((status = 303, description = "It was taken down; the header `Location` leads back.", headers(("Location" = String))),
        (status = 422, description = "The page, with why it was not.", content_type = "text/html", body = String)))]
pub async fn answer(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "tasks", "desk-tasks");
    let form = Form::read(&web, request).await?;
    let case: Id = read_name("case", form.text("case"))?;
    match done(&web, &caller, case, &form, &uri, &frame.say).await? {
        Ok((told, _)) => {
            let team = team_of(&frame, &uri);
            let place = format!("/desk/tasks?team={team}&told={told}");
            Ok(guarded(shown_at(&place), frame.say.language))
        }
        Err(why) => {
            frame.amiss = Some(why);
            let page = put_together(&web, frame, &uri).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}
