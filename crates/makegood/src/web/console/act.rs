// SPDX-License-Identifier: MIT OR Apache-2.0
//! What people do at a case: each form of its page is one input of the desk's, handed in once, by whoever may.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{ClaimKind, Country};
use makegood_desk::input::{Answer as FactAnswer, Id, Input, Override, ProofShows};
use makegood_desk::life::Check;
use makegood_desk::remedy::Outcome;
use serde_json::json;

use super::case::shown;
use super::frame::{DeskFrame, guarded};
use super::prove;
use crate::answer::outcome_word;
use crate::books::{currency, queue};
use crate::web::Web;
use crate::web::access::{self, Caller};
use crate::web::api::acts::{act_with, replied};
use crate::web::api::joins;
use crate::web::api::notes::{assigned, noted};
use crate::web::docs::said_of;
use crate::web::idempotency::Context;
use crate::web::portal::form::Form;
use crate::web::portal::frame::chosen;
use crate::web::portal::say::Say;
use crate::web::refusal::{Problem, STEP_UP, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, Prose, is_line};
use crate::wire::Word;

/// What a form asks for, before anything is done.
struct Wanted {
    input: Input,
    /// The route by which a program would do it: whoever may use that may do this.
    route: &'static str,
    /// What is told after it was done.
    told: &'static str,
    /// Whether the next case is shown after it.
    onward: bool,
}

/// Why a form cannot be understood: what to put right, by the id of its text.
type Amiss = &'static str;

fn wanted(
    input: Input,
    route: &'static str,
    told: &'static str,
    onward: bool,
) -> Result<Wanted, Amiss> {
    Ok(Wanted {
        input,
        route,
        told,
        onward,
    })
}

fn number<T: std::str::FromStr>(form: &Form, name: &str) -> Result<T, Amiss> {
    let text: String = form
        .text(name)
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '.' | ',' | '\u{a0}'))
        .collect();
    text.parse().map_err(|_| "desk-number-wrong")
}

fn reason(form: &Form, name: &str) -> Result<String, Amiss> {
    match form.text(name) {
        "" => Err("desk-reason-missing"),
        text if text.chars().count() > 2_000 => Err("desk-reason-long"),
        text => Ok(text.to_owned()),
    }
}

fn read(form: &Form) -> Result<Wanted, Amiss> {
    match form.text("do") {
        "accept" => {
            let decision = number(form, "decision")?;
            let remainder_minor = form.text("remainder").parse().ok();
            let input = Input::Accept {
                decision,
                remainder_minor,
            };
            let route = "/v1/cases/{id}/decisions/{no}/accept";
            wanted(input, route, "accepted", true)
        }
        "approve" => approval(form, true),
        "not-approve" => approval(form, false),
        "override" => {
            let input = Input::Override(overridden(form)?);
            wanted(input, "/v1/cases/{id}/override", "decided", true)
        }
        "undo" => {
            let no = number(form, "refund")?;
            let route = "/v1/refunds/{id}/cancel";
            wanted(Input::CancelRefund { no }, route, "undone", false)
        }
        "close" => {
            let reason = reason(form, "reason")?;
            let input = Input::Close { reason };
            wanted(input, "/v1/cases/{id}/close", "closed", true)
        }
        "unpark" => wanted(Input::Unpark, "/v1/cases/{id}/unpark", "unparked", false),
        "judge" => judged(form),
        "check" => {
            let check = <Check as Word>::read(form.text("check")).ok_or("desk-form-wrong")?;
            let input = Input::SettleCheck {
                check,
                sound: form.text("sound") == "yes",
                note: reason(form, "note")?,
            };
            wanted(input, "/v1/cases/{id}/checks/{check}", "checked", false)
        }
        "answer" => {
            let input = Input::Answer(answer(form)?);
            wanted(input, "/v1/cases/{id}/answers", "answered", false)
        }
        "task" => task(form),
        _ => Err("desk-form-wrong"),
    }
}

fn approval(form: &Form, approved: bool) -> Result<Wanted, Amiss> {
    let input = Input::Approve {
        decision: number(form, "decision")?,
        approved,
        reason: if approved {
            String::new()
        } else {
            reason(form, "reason")?
        },
    };
    let told = if approved { "approved" } else { "not-approved" };
    let route = "/v1/cases/{id}/decisions/{no}/approve";
    wanted(input, route, told, true)
}

fn task(form: &Form) -> Result<Wanted, Amiss> {
    let (no, note) = (number(form, "task")?, reason(form, "note")?);
    let route = "/v1/cases/{id}/tasks/{no}/done";
    let input = match (form.text("order"), form.text("service")) {
        ("", _) => Input::TaskDone { no, note },
        (_, "") => return Err("desk-service-missing"),
        (order, service) => Input::Exchange {
            no,
            order: order.to_owned(),
            service: service.to_owned(),
            note,
        },
    };
    wanted(input, route, "done", false)
}

/// An answer to a question about a fact, by the name of the fact.
fn answer(form: &Form) -> Result<FactAnswer, Amiss> {
    let yes = match form.text("value") {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("desk-answer-missing"),
    };
    Ok(match form.text("fact") {
        "redelivery_possible" => FactAnswer::RedeliveryPossible(yes?),
        "expedite_possible" => FactAnswer::ExpeditePossible(yes?),
        "stop_result" => FactAnswer::Stopped(yes?),
        "period_fulfilled" => FactAnswer::PeriodFulfilled(yes?),
        "counts" => FactAnswer::Counts {
            start_count: number(form, "start_count")?,
            count: number(form, "count")?,
        },
        "pace" => FactAnswer::UnitsPerDay(number(form, "units_per_day")?),
        _ => return Err("desk-form-wrong"),
    })
}

fn judged(form: &Form) -> Result<Wanted, Amiss> {
    let accepted = form.text("accepted") == "yes";
    let shows = match (accepted, form.text("about")) {
        (false, _) | (true, "other") => ProofShows::Nothing,
        (_, "audience_statistics") => {
            ProofShows::OnTargetMillionths(millionths(form.text("share"))?)
        }
        (_, "account_fault") => ProofShows::Fault(form.text("fault") == "yes"),
        (_, "proxy") => ProofShows::Proxy {
            used: form.text("used") == "yes",
            country: match form.text("country") {
                "" => None,
                code => {
                    let code = code.to_ascii_uppercase();
                    Some(Country::new(&code).ok_or("desk-country-wrong")?)
                }
            },
        },
        _ => return Err("desk-form-wrong"),
    };
    let input = Input::JudgeProof {
        no: number(form, "proof")?,
        accepted,
        shows,
        reason: if accepted {
            String::new()
        } else {
            reason(form, "reason")?
        },
    };
    wanted(input, "/v1/cases/{id}/proofs/{no}/judge", "judged", false)
}

/// A share as people write it, "62,5 %", in parts of a million.
fn millionths(text: &str) -> Result<u32, Amiss> {
    let hundredths = decimal(text.trim_end_matches(['%', ' ']), 4).ok_or("desk-share-wrong")?;
    let share = u32::try_from(hundredths).map_err(|_| "desk-share-wrong")?;
    (share <= 1_000_000)
        .then_some(share)
        .ok_or("desk-share-wrong")
}

/// A figure as people write it, with a comma or a point, in its smallest units: "1.234,5" with two digits is 123450.
#[must_use]
pub fn decimal(text: &str, digits: usize) -> Option<u64> {
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    // What stands last of the two parts the whole from the rest, unless it groups thousands.
    let parted = text.rfind([',', '.']).filter(|at| {
        let behind = text.len().saturating_sub(*at).saturating_sub(1);
        behind <= digits && (behind != 3 || digits > 3)
    });
    let (whole, rest) = match parted {
        Some(at) => (text.get(..at)?, text.get(at.checked_add(1)?..)?),
        None => (text.as_str(), ""),
    };
    let whole: String = whole
        .chars()
        .filter(|letter| !matches!(letter, ',' | '.'))
        .collect();
    let all = format!("{whole}{rest:0<digits$}");
    let plain = !whole.is_empty() && all.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| all.parse().ok()).flatten()
}

fn amount(text: &str, code: Currency) -> Result<Option<Amount>, Amiss> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = usize::from(code.digits());
    let minor = decimal(text, digits).ok_or("desk-amount-wrong")?;
    Ok(Some(Amount::new(minor, code)))
}

fn overridden(form: &Form) -> Result<Override, Amiss> {
    let outcomes = [
        Outcome::Refund,
        Outcome::PartialRefund,
        Outcome::SupportResolution,
        Outcome::Declined,
    ];
    let outcome = outcomes
        .into_iter()
        .find(|known| outcome_word(*known) == form.text("outcome"))
        .ok_or("desk-outcome-missing")?;
    let code = currency(form.text("currency")).map_err(|_| "desk-amount-wrong")?;
    let units = match form.text("refund_units") {
        "" => 0,
        _ => number(form, "refund_units")?,
    };
    Ok(Override {
        outcome,
        refund: amount(form.text("refund"), code)?.map(|amount| (amount, units)),
        credit: amount(form.text("credit"), code)?,
        redeliver_units: match form.text("redeliver_units") {
            "" => 0,
            _ => number(form, "redeliver_units")?,
        },
        cancel_subscription: form.text("cancel_subscription") == "yes",
        clause: match form.text("clause") {
            "" => return Err("desk-clause-missing"),
            clause => clause.to_owned(),
        },
        reason: reason(form, "reason")?,
    })
}

/// Why something was not done, in the reader's words; what is the program's own fault stays one.
///
/// # Errors
/// It is.
pub fn refused_words(say: &Say, problem: Problem) -> Result<String, Problem> {
    let kind = problem.kind();
    if kind.status.as_u16() == 500 {
        return Err(problem);
    }
    let said = said_of(kind.slug, say.language);
    Ok(said.map_or_else(
        || kind.title.to_owned(),
        |(title, first)| format!("{title}. {first}"),
    ))
}

/// Do something at a case
///
/// `do` names what; the other fields are those of the form on its page.
#[utoipa::path(post, path = "/desk/cases/{number}", tag = "Console", operation_id = "desk_act",
    params(("number" = u64, Path, description = "The number that people call the case by.")),
    responses((status = 303, description = "It was done; the header `Location` leads on.", headers(("Location" = String))),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page, with why it was not done.", content_type = "text/html", body = String)))]
pub async fn act(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(named): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "queue", "desk-case");
    let form = Form::read(&web, request).await?;
    let number: u64 = named.parse().map_err(|_| Problem::no_such("case"))?;
    again(&web, &caller, frame, number, &form, &uri).await
}

/// Does what a form of a case's page says, at once or after whoever sent it proved who they are.
///
/// # Errors
/// There is no such case, or the program's own fault.
pub async fn again(
    web: &Arc<Web>,
    caller: &Caller,
    mut frame: DeskFrame,
    number: u64,
    form: &Form,
    uri: &Uri,
) -> Answer {
    let id = case_of(web, number).await?;
    let done = match done(web, caller, id, form, uri, &frame.say).await {
        Err(problem) if problem.kind() == STEP_UP => {
            let place = format!("/desk/cases/{number}");
            return prove::asks(web, caller, frame, &place, form).await;
        }
        done => done?,
    };
    match done {
        Ok((told, onward)) => {
            let place = leads_to(form, number, told, onward, uri);
            Ok(guarded(shown_at(&place), frame.say.language))
        }
        Err(why) => {
            frame.amiss = Some(why);
            let draft = form.text("text").to_owned();
            let named = number.to_string();
            let page = shown(web, frame, caller, &named, uri, draft).await?;
            Ok(page.frame.amiss(page.html))
        }
    }
}

async fn case_of(web: &Arc<Web>, number: u64) -> Result<Id, Problem> {
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { queue::numbered(tx, number).await }));
    found.await?.ok_or_else(|| Problem::no_such("case"))
}

/// Where somebody is led after something was done: on to the next case, or back to this one.
fn leads_to(form: &Form, number: u64, told: &str, onward: bool, uri: &Uri) -> String {
    let language = chosen(uri).map_or(String::new(), |language| {
        format!("&language={}", language.code())
    });
    let next = form.text("next");
    // Only a page of the queue's own: what a form says is not believed.
    let next = next
        .strip_prefix("/desk/cases/")
        .and_then(|rest| rest.split_once("?view="))
        .filter(|(number, view)| {
            number.parse::<u64>().is_ok() && queue::View::read(view).is_some()
        });
    match next.filter(|_| onward) {
        Some((next, view)) => format!("/desk/cases/{next}?view={view}&told={told}{language}"),
        None => {
            let view = queue::View::read(form.text("view"));
            let view = view.map_or(String::new(), |view| format!("&view={}", view.word()));
            format!("/desk/cases/{number}?told={told}{view}{language}")
        }
    }
}

/// What is written at a case, or whose work it is: what is told; or why it was not done, in words. Nothing where a form does neither.
async fn said(
    web: &Arc<Web>,
    caller: &Caller,
    id: Id,
    form: &Form,
    uri: &Uri,
    say: &Say,
) -> Result<Option<Result<&'static str, String>>, Problem> {
    let (route, told) = match form.text("do") {
        "reply" => ("/v1/cases/{id}/replies", "replied"),
        "note" => ("/v1/cases/{id}/notes", "noted"),
        "assign" => ("/v1/cases/{id}/assign", "assigned"),
        "merge" => ("/v1/cases/{id}/merge", "merged"),
        "split" => ("/v1/cases/{id}/split", "split"),
        _ => return Ok(None),
    };
    if !may(caller, route) {
        return Ok(Some(Err(say.t("desk-not-yours"))));
    }
    let all = json!(form.said()).to_string().into_bytes();
    let context = Context::of_page(web, caller, Some(form.text("once")), uri.path(), &all);
    let answer = if matches!(told, "merged" | "split") {
        match joined(web, &context, id, form, told == "merged").await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(amiss)) => return Ok(Some(Err(say.t(amiss)))),
            Err(problem) => Err(problem),
        }
    } else if told == "assigned" {
        let person = Some(form.text("person")).filter(|name| !name.is_empty());
        assigned(web, &context, id, person.map(str::to_owned)).await
    } else {
        let text: Result<Prose<10000>, _> = serde_json::from_value(json!(form.text("text")));
        let Ok(text) = text else {
            return Ok(Some(Err(say.t("desk-text-missing"))));
        };
        match told {
            "noted" => noted(web, &context, id, &text).await,
            _ => replied(web, &context, id, &text).await,
        }
    };
    match answer {
        Ok(_) => Ok(Some(Ok(told))),
        Err(problem) => refused_words(say, problem).map(|why| Some(Err(why))),
    }
}

/// Puts a case together with another one, or makes one of its own of a message; or says what to put right.
async fn joined(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    form: &Form,
    merges: bool,
) -> Result<Result<Response, Amiss>, Problem> {
    if merges {
        let number = form.text("into").trim_start_matches("MG-").parse();
        let Ok(number) = number else {
            return Ok(Err("desk-merge-unknown"));
        };
        let found = web
            .desk
            .store
            .read(move |tx| Box::pin(async move { queue::numbered(tx, number).await }));
        let Some(into) = found.await? else {
            return Ok(Err("desk-merge-unknown"));
        };
        let merged = joins::merged(web, context, id, into).await?;
        return Ok(merged.map_err(apart));
    }
    let order = form.text("order");
    if !is_line(order, 200) {
        return Ok(Err("desk-split-order-missing"));
    }
    let claim = ClaimKind::read(form.text("claim")).map_or("other", |claim| claim.word());
    let message = form.text("message").parse().unwrap_or_default();
    let off = joins::split_off(web, context, id, message, order, claim).await?;
    Ok(off
        .map(|(answer, _)| answer)
        .ok_or("desk-split-message-missing"))
}

/// Why cases cannot be put together, by the id of its text.
const fn apart(why: joins::Apart) -> Amiss {
    match why {
        joins::Apart::Unknown => "desk-merge-unknown",
        joins::Apart::Same => "desk-merge-same",
        joins::Apart::Strangers => "desk-merge-strangers",
        joins::Apart::Closed => "desk-merge-closed",
    }
}

fn may(caller: &Caller, route: &str) -> bool {
    access::route("POST", route).is_some_and(|route| route.lets(&caller.token().scopes))
}

/// Hands it in: what is told, and whether the next case follows; or why it was not done, in words.
///
/// # Errors
/// The program's own fault, or the store's trouble.
pub async fn done(
    web: &Arc<Web>,
    caller: &Caller,
    id: Id,
    form: &Form,
    uri: &Uri,
    say: &Say,
) -> Result<Result<(&'static str, bool), String>, Problem> {
    if let Some(done) = said(web, caller, id, form, uri, say).await? {
        return Ok(done.map(|told| (told, false)));
    }
    let wanted = match read(form) {
        Ok(wanted) => wanted,
        Err(amiss) => return Ok(Err(say.t(amiss))),
    };
    if !may(caller, wanted.route) {
        return Ok(Err(say.t("desk-not-yours")));
    }
    let all = json!(form.said()).to_string().into_bytes();
    let context = Context::of_page(web, caller, Some(form.text("once")), uri.path(), &all);
    match act_with(web, &context, id, wanted.input, None).await {
        Ok(_) => Ok(Ok((wanted.told, wanted.onward))),
        Err(problem) if problem.kind() == STEP_UP => Err(problem),
        Err(problem) => refused_words(say, problem).map(Err),
    }
}
