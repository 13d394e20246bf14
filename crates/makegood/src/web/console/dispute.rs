// SPDX-License-Identifier: MIT OR Apache-2.0
//! A dispute: what it says, what the policy says, what a bank wants to see and what of it is there, and the answer itself.
//!
//! What lies at the provider is read there each time: somebody may have written in its own dashboard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::amount::Amount;
use makegood_desk::event::Todo;
use makegood_desk::evidence::{Ground, Judged, Matter, Said, TEXT_CHARACTERS, TEXTS_CHARACTERS};
use makegood_desk::input::{Actor, Id, Input};
use makegood_desk::life::DecisionState;
use makegood_desk::records::Records;
use makegood_desk::remedy::Outcome;
use makegood_policy::phrase::Tongue;

use super::case::{Ruled, Seen, parts, ruled, seen};
use super::disputes::{Line, encoded, line};
use super::frame::{DeskFrame, guarded};
use super::order;
use super::words::outcome;
use crate::answer::outcome_word;
use crate::books::act::NotDone;
use crate::books::dispute_answers::{self, Act, DisputeAnswer};
use crate::books::disputes::{self, DisputeRow};
use crate::dispute::{Answering, NotAnswered, TEXTS, mark, round};
use crate::pay::Dispute;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::Answer;

/// What the books and the provider hold of a dispute.
struct Known {
    row: DisputeRow,
    provider: Option<String>,
    seen: Option<Seen>,
    records: Records,
    answers: Vec<DisputeAnswer>,
    /// As the provider shows it now, or why it does not, in words.
    there: Result<Dispute, String>,
}

/// Something that a bank wants to see.
struct Wanted {
    what: String,
    there: bool,
    /// Where it can still be got.
    get: String,
}

/// A text of the answer.
struct Field {
    name: &'static str,
    label: String,
    text: String,
    rows: usize,
    size: String,
    /// It lies at the provider as it stands here.
    staged: bool,
    /// What the records say now, where something else lies at the provider.
    drafted: String,
}

/// Something that was done to answer.
struct Done {
    when: String,
    what: String,
    words: String,
}

/// What one way costs.
struct Way {
    what: String,
    cost: String,
}

#[derive(Template)]
#[template(path = "desk_dispute.html")]
struct Page {
    frame: DeskFrame,
    line: Line,
    /// What the policy says: the outcome, the clause and its words.
    policy: Option<(String, String, String)>,
    ways: Vec<Way>,
    wanted: Vec<Wanted>,
    fields: Vec<Field>,
    total: String,
    /// Fields that somebody filled at the provider, and that are kept.
    others: Vec<String>,
    done: Vec<Done>,
    /// Why it cannot be answered here; nothing where it can.
    closed: String,
    /// Why it should not be contested, and why it cannot be accepted.
    owed: bool,
    /// What the policy would pay back of it; empty where that is all or nothing.
    part: String,
    twice: bool,
    accepts: bool,
    staged: bool,
    mark: String,
}

/// Open a dispute
///
/// What it says, what a bank wants to see, and the texts of the answer, from the records alone.
#[utoipa::path(get, path = "/desk/disputes/{id}", tag = "Console", operation_id = "desk_dispute",
    params(("id" = String, Path, description = "The provider's name for the dispute.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = frame(&web, &uri, &headers, &caller);
    let known = known(&web, &frame.say, &id).await?;
    let page = put_together(&web, frame, known, &BTreeMap::new()).await?;
    Ok(page.frame.sent(written(&page)?))
}

fn frame(web: &Web, uri: &Uri, headers: &HeaderMap, caller: &Caller) -> DeskFrame {
    DeskFrame::new(web, uri, headers, caller, "disputes", "desk-dispute")
}

async fn known(web: &Arc<Web>, say: &Say, id: &str) -> Result<Known, Problem> {
    let absent = || Problem::no_such("dispute");
    if id.contains('\0') {
        return Err(absent());
    }
    let name = id.to_owned();
    let found = web.desk.store.read(move |tx| {
        let name = name.clone();
        Box::pin(async move {
            let row = disputes::one(tx, &name).await?;
            Ok((row, dispute_answers::of(tx, &name).await?))
        })
    });
    let (row, mut answers) = found.await?;
    let (mut row, provider) = row.ok_or_else(absent)?;
    let there = match &provider {
        Some(provider) => looked_at(web, say, provider, id).await?,
        None => Err(say.t("desk-dispute-not-connected")),
    };
    if there.is_ok() {
        // What was just seen is taken down.
        let name = id.to_owned();
        let found = web.desk.store.read(move |tx| {
            let name = name.clone();
            Box::pin(async move {
                let row = disputes::one(tx, &name).await?;
                Ok((row, dispute_answers::of(tx, &name).await?))
            })
        });
        let (fresh, told) = found.await?;
        row = fresh.map_or(row, |(fresh, _)| fresh);
        answers = told;
    }
    let seen = match row.case_number {
        Some(number) => seen(web, number).await?,
        None => None,
    };
    let records = match (&seen, &row.order) {
        (Some(seen), _) => seen.records.clone(),
        (None, Some(number)) => order::known(web, number).await?.0,
        (None, None) => Records::default(),
    };
    Ok(Known {
        row,
        provider,
        seen,
        records,
        answers,
        there,
    })
}

/// How long a page waits for the provider.
const PATIENCE: Duration = Duration::from_secs(5);

/// A dispute as its provider shows it, or why it does not, in words.
async fn looked_at(
    web: &Web,
    say: &Say,
    provider: &str,
    id: &str,
) -> Result<Result<Dispute, String>, Problem> {
    let answering = answering(web, provider, id, None);
    // A page is not kept waiting: what the records say is there at once.
    match tokio::time::timeout(PATIENCE, answering.look()).await {
        Ok(Ok(there)) => Ok(Ok(there)),
        Ok(Err(NotAnswered::Trouble(trouble))) => Err(trouble.into()),
        Ok(Err(why)) => Ok(Err(told(say, &why))),
        Err(_) => Ok(Err(say.t("desk-dispute-not-yet"))),
    }
}

fn answering<'s>(
    web: &'s Web,
    provider: &'s str,
    dispute: &'s str,
    by: Option<Id>,
) -> Answering<'s> {
    Answering {
        shop: &web.shop,
        provider,
        dispute,
        by,
    }
}

impl Known {
    fn outcome(&self) -> Option<Outcome> {
        let held = self.seen.as_ref()?.case.decision()?;
        (held.state != DecisionState::Replaced).then_some(held.proposal.outcome)
    }

    /// The policy itself owes the money: that is never contested.
    fn is_owed(&self) -> bool {
        self.outcome() == Some(Outcome::Concede)
    }

    /// Accepting it would give back more than was paid.
    fn is_twice(&self) -> bool {
        let paid = sum(self
            .records
            .payments
            .iter()
            .map(|record| record.payment.amount));
        let back = sum(self.records.refunds.iter().map(|refund| refund.amount));
        back > 0 && back.saturating_add(self.row.amount.minor()) > paid
    }

    /// What the policy says in a language, as if the bank had not been asked.
    fn without(&self, web: &Web, language: &str) -> Option<Ruled> {
        ruled(web, self.seen.as_ref()?, language, false)
    }

    /// What a bank is told of the policy: not that the bank was asked, but what the customer can ask of the merchant.
    fn judged(&self, web: &Web) -> Option<Judged> {
        let ruled = self.without(web, ANSWERED_IN)?;
        Some(Judged {
            outcome: ruled.outcome,
            clause: ruled.clause,
            version: ruled.version,
            quote: ruled.quote,
        })
    }
}

/// The language in which banks are answered.
const ANSWERED_IN: &str = "en";

fn sum(amounts: impl Iterator<Item = Amount>) -> u64 {
    amounts.fold(0, |sum, amount| sum.saturating_add(amount.minor()))
}

/// What was written between customer and support, without the notes that people write for each other.
async fn said(web: &Arc<Web>, say: &Say, known: &Known) -> Result<Vec<Said>, Problem> {
    let Some(seen) = &known.seen else {
        return Ok(Vec::new());
    };
    let thread = parts::thread(web, say, seen).await?;
    let told = thread
        .into_iter()
        .filter(|item| item.from != "note" && !item.text.trim().is_empty());
    Ok(told
        .map(|item| Said {
            at: item.at,
            by_customer: item.from == "customer",
            words: item.text,
        })
        .collect())
}

async fn put_together(
    web: &Arc<Web>,
    mut frame: DeskFrame,
    known: Known,
    typed: &BTreeMap<String, String>,
) -> Result<Page, Problem> {
    let say = frame.say.clone();
    let said = said(web, &say, &known).await?;
    let there = known.there.as_ref().ok();
    let network = there.and_then(|there| there.network_reason.as_deref());
    let matter = Matter {
        records: &known.records,
        dispute: &known.row.id,
        amount: known.row.amount,
        opened_at: known.row.opened_at,
        ground: Ground::of(&known.row.reason, network),
        judged: known.judged(web),
        said,
    };
    let drafted = matter.fields(Tongue::of(ANSWERED_IN));
    let held = there
        .map(|there| there.evidence.clone())
        .unwrap_or_default();
    let fields: Vec<Field> = TEXTS
        .into_iter()
        .filter_map(|name| field(&say, name, &drafted, &held, typed))
        .collect();
    let characters: usize = fields.iter().map(|field| field.text.chars().count()).sum();
    let policy = known
        .outcome()
        .and_then(|held| {
            Some((
                held,
                ruled(web, known.seen.as_ref()?, say.language.code(), true)?,
            ))
        })
        .map(|(held, ruled)| {
            let word = outcome(&say, outcome_word(held));
            (word, ruled.clause, ruled.quote)
        });
    frame.title = say.one("desk-dispute-title", "dispute", known.row.id.clone());
    Ok(Page {
        policy,
        ways: ways(web, &say, &known),
        wanted: wanted(&say, &matter),
        total: size(&say, characters, TEXTS_CHARACTERS),
        others: held
            .keys()
            .filter(|field| !TEXTS.contains(&field.as_str()))
            .map(|field| field.replace('_', " "))
            .collect(),
        done: known
            .answers
            .iter()
            .map(|answer| done(&say, answer))
            .collect(),
        closed: closed(&say, &known),
        owed: known.is_owed(),
        part: part(web, &say, &known),
        twice: known.is_twice(),
        accepts: known.row.state == "needs_response",
        staged: !held.is_empty(),
        mark: mark(&held),
        line: line(web, &say, known.row),
        fields,
        frame,
    })
}

fn size(say: &Say, characters: usize, most: usize) -> String {
    let whole = |count: usize| say.whole(u64::try_from(count).unwrap_or(u64::MAX));
    say.with(
        "desk-dispute-size",
        &[
            ("characters", Fill::Words(&whole(characters))),
            ("most", Fill::Words(&whole(most))),
        ],
    )
}

fn field(
    say: &Say,
    name: &'static str,
    drafted: &BTreeMap<&'static str, String>,
    held: &BTreeMap<String, String>,
    typed: &BTreeMap<String, String>,
) -> Option<Field> {
    let draft = drafted.get(name);
    let there = held.get(name);
    let text = typed.get(name).or(there).or(draft)?.clone();
    let characters = text.chars().count();
    let differs = draft.filter(|draft| there.is_some_and(|there| there != *draft));
    Some(Field {
        label: say.t(&format!("desk-evidence-{name}")),
        rows: (text.lines().count().saturating_add(characters / 90)).clamp(1, 14),
        size: size(say, characters, TEXT_CHARACTERS),
        staged: there == Some(&text),
        drafted: differs.cloned().unwrap_or_default(),
        name,
        text,
    })
}

fn wanted(say: &Say, matter: &Matter<'_>) -> Vec<Wanted> {
    let list = matter.checklist().into_iter();
    list.map(|(exhibit, there)| Wanted {
        what: say.t(&format!("desk-exhibit-{}", exhibit.word())),
        get: match there {
            true => String::new(),
            false => say.t(&format!("desk-exhibit-get-{}", exhibit.word())),
        },
        there,
    })
    .collect()
}

/// What contesting and accepting cost, with the fee.
fn ways(web: &Web, say: &Say, known: &Known) -> Vec<Way> {
    let row = &known.row;
    if row.inquiry || row.money == "won" || row.money == "lost" {
        return Vec::new();
    }
    let fee = match row.fee.minor() {
        0 => say.t("desk-dispute-fee-unknown"),
        _ => say.one("desk-dispute-fee-kept", "amount", say.money(row.fee)),
    };
    let amount = || say.money(row.amount);
    let mut ways = vec![
        Way {
            what: say.t("desk-dispute-way-contest"),
            cost: format!(
                "{} {fee}",
                say.one("desk-dispute-way-contest-cost", "amount", amount())
            ),
        },
        Way {
            what: say.t("desk-dispute-way-accept"),
            cost: format!(
                "{} {fee}",
                say.one("desk-dispute-way-accept-cost", "amount", amount())
            ),
        },
    ];
    if let Some(ruled) = known.without(web, say.language.code()) {
        ways.push(Way {
            what: say.t("desk-dispute-way-owed"),
            cost: owed(say, &ruled),
        });
    }
    let back = sum(known.records.refunds.iter().map(|refund| refund.amount));
    if back > 0 {
        let back = Amount::new(back, row.amount.currency());
        ways.push(Way {
            what: say.t("desk-dispute-way-refunded"),
            cost: say.money(back),
        });
    }
    ways
}

/// A part of the disputed amount that the policy would pay back: only the rest is contested.
fn part(web: &Web, say: &Say, known: &Known) -> String {
    let ruled = known.without(web, say.language.code());
    let refund = ruled.and_then(|ruled| ruled.refund);
    match refund.filter(|refund| refund.minor() > 0 && refund.minor() < known.row.amount.minor()) {
        Some(refund) if !known.is_owed() => {
            say.one("desk-dispute-part", "amount", say.money(refund))
        }
        _ => String::new(),
    }
}

/// What the customer can ask of the merchant itself.
fn owed(say: &Say, ruled: &Ruled) -> String {
    let mut words = outcome(say, outcome_word(ruled.outcome));
    if let Some(amount) = ruled.refund {
        words.push_str(", ");
        words.push_str(&say.money(amount));
    }
    if !ruled.clause.is_empty() {
        words.push_str(" · ");
        words.push_str(&say.one("desk-dispute-clause", "clause", ruled.clause.clone()));
    }
    words
}

fn done(say: &Say, answer: &DisputeAnswer) -> Done {
    let what = say.t(&format!(
        "desk-answered-{}-{}",
        answer.act.word(),
        answer.state.word()
    ));
    Done {
        when: say.moment(answer.at),
        what: match &answer.by {
            Some(name) => format!("{what} · {name}"),
            None => what,
        },
        words: answer.words.clone(),
    }
}

/// Why it cannot be answered here, in words; nothing where it can.
fn closed(say: &Say, known: &Known) -> String {
    match &known.there {
        Ok(there) if round(&there.state).is_none() => say.t("desk-dispute-not-closed"),
        Ok(_) => String::new(),
        Err(why) => why.clone(),
    }
}

/// Why it was not done, in the reader's words.
fn told(say: &Say, why: &NotAnswered) -> String {
    let whole = |count: usize| say.whole(u64::try_from(count).unwrap_or(u64::MAX));
    match why {
        NotAnswered::NotConnected => say.t("desk-dispute-not-connected"),
        NotAnswered::Unread(why) => say.one("desk-dispute-not-read", "words", why.to_string()),
        NotAnswered::Closed => say.t("desk-dispute-not-closed"),
        NotAnswered::Costs => say.t("desk-dispute-not-costs"),
        NotAnswered::Nothing => say.t("desk-dispute-not-nothing"),
        NotAnswered::Changed => say.t("desk-dispute-not-changed"),
        NotAnswered::TooLong {
            field,
            characters,
            most,
        } => {
            let field = field.as_deref().filter(|field| TEXTS.contains(field));
            let label = match field {
                Some(field) => say.t(&format!("desk-evidence-{field}")),
                None => say.t("desk-dispute-all-texts"),
            };
            say.with(
                "desk-dispute-not-long",
                &[
                    ("field", Fill::Words(&label)),
                    ("characters", Fill::Words(&whole(*characters))),
                    ("most", Fill::Words(&whole(*most))),
                ],
            )
        }
        NotAnswered::Taken(answer) => {
            let what = done(say, answer);
            say.one("desk-dispute-not-taken", "what", what.what)
        }
        NotAnswered::Refused { words } => {
            say.one("desk-dispute-not-refused", "words", words.clone())
        }
        NotAnswered::Unknown { seen } => say.one("desk-dispute-not-unknown", "seen", seen.clone()),
        NotAnswered::Trouble(_) => say.t("desk-dispute-not-nothing"),
    }
}

/// The longest form: every character that a provider takes, as a browser writes the longest of them.
const FORM_BYTES: usize = 12 * TEXTS_CHARACTERS + 65_536;

/// Answer a dispute
///
/// `do` is `stage`, `submit` or `accept`; the last two want the name of the dispute in `name`.
#[utoipa::path(post, path = "/desk/disputes/{id}", tag = "Console", operation_id = "desk_answer_dispute",
    params(("id" = String, Path, description = "The provider's name for the dispute.")),
    responses((status = 303, description = "It was done; the header `Location` leads on.", headers(("Location" = String))),
        (status = 422, description = "The page, with why it was not done.", content_type = "text/html", body = String)))]
pub async fn answer(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = frame(&web, &uri, &headers, &caller);
    let form = Form::read_within(&web, request, FORM_BYTES).await?;
    let typed: BTreeMap<String, String> = match form.text("do") {
        "stage" => TEXTS
            .into_iter()
            .filter(|name| form.said().iter().any(|(said, _)| said == name))
            .map(|name| (name.to_owned(), form.text(name).replace("\r\n", "\n")))
            .collect(),
        _ => BTreeMap::new(),
    };
    let known = known(&web, &frame.say, &id).await?;
    let by = caller.actor();
    match act(&web, &frame, &known, &form, &typed, by).await? {
        Ok(told) => {
            let place = format!("/desk/disputes/{}?told={told}", encoded(&id));
            Ok(guarded(shown_at(&place), frame.say.language))
        }
        Err(why) => {
            frame.amiss = Some(why);
            // What was tried shows too.
            let known = self::known(&web, &frame.say, &id).await?;
            let page = put_together(&web, frame, known, &typed).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

/// Does what the form says: what is told, or why it was not done, in words.
async fn act(
    web: &Arc<Web>,
    frame: &DeskFrame,
    known: &Known,
    form: &Form,
    typed: &BTreeMap<String, String>,
    by: Actor,
) -> Result<Result<&'static str, String>, Problem> {
    let say = &frame.say;
    let no = |id: &str| Ok(Err(say.t(id)));
    let act = match form.text("do") {
        "stage" => Act::Stage,
        "submit" => Act::Submit,
        "accept" => Act::Accept,
        _ => return no("desk-form-wrong"),
    };
    let mine = match act {
        Act::Accept => frame.pays() || frame.decides() && known.is_owed(),
        Act::Stage | Act::Submit => frame.decides() || frame.pays(),
    };
    if !mine {
        return no("desk-not-yours");
    }
    if act != Act::Stage && form.text("name") != known.row.id {
        return no("desk-dispute-not-named");
    }
    match act {
        Act::Submit if known.is_owed() => return no("desk-dispute-not-owed"),
        Act::Accept if known.is_twice() => return no("desk-dispute-not-twice"),
        _ => {}
    }
    let Some(provider) = &known.provider else {
        return no("desk-dispute-not-connected");
    };
    let answering = answering(web, provider, &known.row.id, by.person());
    let done = match act {
        Act::Stage => answering.stage(typed, form.text("mark")).await,
        Act::Submit => answering.submit(Some(form.text("mark"))).await,
        Act::Accept => answering.accept().await,
    };
    match done {
        Ok(_) => {
            if act != Act::Stage {
                task_done(web, say, known, act, by).await?;
            }
            Ok(Ok(match act {
                Act::Stage => "staged",
                Act::Submit => "submitted",
                Act::Accept => "conceded",
            }))
        }
        Err(NotAnswered::Trouble(trouble)) => Err(trouble.into()),
        Err(why) => Ok(Err(told(say, &why))),
    }
}

/// Whoever answered has accepted what the policy proposes, and the task that the case holds for the dispute is done.
///
/// The bank has the answer whatever the case says: what somebody else did there in the meantime, or what is not theirs, stays as it is.
async fn task_done(
    web: &Arc<Web>,
    say: &Say,
    known: &Known,
    act: Act,
    by: Actor,
) -> Result<(), Problem> {
    let Some(seen) = &known.seen else {
        return Ok(());
    };
    let mut case = Arc::clone(&seen.case);
    let proposed = case.decision().filter(|held| {
        held.state == DecisionState::Proposed
            && matches!(
                (act, held.proposal.outcome),
                (Act::Submit, Outcome::Contest) | (Act::Accept, Outcome::Concede)
            )
    });
    if let Some(decision) = proposed.map(|held| held.proposal.no) {
        let input = Input::Accept {
            decision,
            remainder_minor: None,
        };
        match web.desk.act(case.id, by, web.clock.now(), input).await {
            Ok(acted) => case = acted.case,
            Err(NotDone::Refused(_)) => return Ok(()),
            Err(NotDone::Trouble(trouble)) => return Err(trouble.into()),
        }
    }
    let mut tasks = case.tasks.iter();
    let mine = |todo: &Todo| matches!(todo, Todo::Dispute(id) if *id == known.row.id);
    let Some(no) = tasks
        .find(|task| !task.done && mine(&task.todo))
        .map(|task| task.no)
    else {
        return Ok(());
    };
    let note = say.t("desk-dispute-task-done");
    let input = Input::TaskDone { no, note };
    match web.desk.act(case.id, by, web.clock.now(), input).await {
        Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
        Err(NotDone::Trouble(trouble)) => Err(trouble.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::dispute_answers::ActState;
    use makegood_desk::evidence::Exhibit;
    use makegood_desk::input::Language;

    #[test]
    fn every_exhibit_text_and_act_has_words_in_both_languages() {
        for language in [Language::Danish, Language::English] {
            let say = Say::new(language, jiff::tz::TimeZone::UTC);
            let mut ids: Vec<String> = TEXTS.map(|name| format!("desk-evidence-{name}")).into();
            for exhibit in Exhibit::ALL {
                ids.push(format!("desk-exhibit-{}", exhibit.word()));
                ids.push(format!("desk-exhibit-get-{}", exhibit.word()));
            }
            for act in [Act::Stage, Act::Submit, Act::Accept] {
                for state in [
                    ActState::Asked,
                    ActState::Done,
                    ActState::Refused,
                    ActState::Unknown,
                ] {
                    ids.push(format!("desk-answered-{}-{}", act.word(), state.word()));
                }
            }
            for id in ids {
                let words = say.t(&id);
                assert!(!words.is_empty() && words != id, "{id} in {language:?}");
            }
        }
    }
}
