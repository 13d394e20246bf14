// SPDX-License-Identifier: MIT OR Apache-2.0
//! What people and programs do at a case: each is one input of the desk's, handed in once.

use std::sync::{Arc, OnceLock};

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::case::Country;
use makegood_desk::input::{
    Answer as FactAnswer, Digest, Door, Id, Input, Override, ProofAbout, ProofShows,
};
use makegood_desk::life::Check;
use makegood_desk::refusal::Refusal;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::cases::{handed_in, sealed, within};
use crate::books::{cases, private, search};
use crate::post::{MESSAGE, REPLY, person_of};
use crate::store::Trouble;
use crate::vault::Sealed;
use crate::web::Web;
use crate::web::console::prove;
use crate::web::idempotency::{Context, Done, Told, once};
use crate::web::refusal::Problem;
use crate::web::wire::case::CaseOut;
use crate::web::wire::{
    Answer, ChannelWord, Count, FileName, Files, Line, MoneyIn, OutcomeWord, Parameters, Prose,
    read_name, read_no, written,
};
use crate::wire::{Read, Word};

/// A message of the customer's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageIn {
    /// The customer's own words. They are kept under a key of the customer's own.
    text: Option<Prose<10000>>,
    /// By which way it came; `api` where nothing is said.
    channel: Option<ChannelWord>,
    /// Files that were handed in with it.
    #[serde(default)]
    attachments: Files,
}

/// A proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofIn {
    /// What it is about.
    about: ProofWord,
    /// About which account; needed for `account_fault` and `proxy`.
    account: Option<Line<200>>,
    /// The file.
    attachment: FileName,
}

/// What a proof is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ProofWord {
    /// The statistics of the audience.
    AudienceStatistics,
    /// The fault of an account.
    AccountFault,
    /// The proxy an account was used through.
    Proxy,
    /// Anything else.
    Other,
}

impl Word for ProofWord {
    const ALL: &'static [&'static str] =
        &["audience_statistics", "account_fault", "proxy", "other"];

    fn read(word: &str) -> Option<Self> {
        let all = [
            Self::AudienceStatistics,
            Self::AccountFault,
            Self::Proxy,
            Self::Other,
        ];
        all.into_iter().find(|known| known.word() == word)
    }

    fn word(&self) -> &'static str {
        match self {
            Self::AudienceStatistics => "audience_statistics",
            Self::AccountFault => "account_fault",
            Self::Proxy => "proxy",
            Self::Other => "other",
        }
    }
}

impl<'de> Deserialize<'de> for ProofWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::wire::OneOf::deserialize(deserializer).map(|word| word.0)
    }
}

impl utoipa::PartialSchema for ProofWord {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.iter().copied()))
            .into()
    }
}

impl ToSchema for ProofWord {}

/// What was found at a proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Whether it is accepted.
    accepted: bool,
    /// Of an accepted `audience_statistics`: the share in the target sold, in parts of a million.
    on_target_millionths: Option<Millionths>,
    /// Of an accepted `account_fault`: whether the fault is to be seen.
    fault: Option<bool>,
    /// Of an accepted `proxy`: whether one was used.
    proxy_used: Option<bool>,
    /// In which country it stands.
    proxy_country: Option<CountryCode>,
    /// Why it is not accepted.
    reason: Option<Prose<2000>>,
}

/// A share in parts of a million.
pub struct Millionths(u32);

impl<'de> Deserialize<'de> for Millionths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Count(number) = Count::deserialize(deserializer)?;
        let share = u32::try_from(number)
            .ok()
            .filter(|share| *share <= 1_000_000);
        share.map(Self).ok_or_else(|| {
            serde::de::Error::invalid_value(
                serde::de::Unexpected::Unsigned(number),
                &"a whole number from 0 to 1000000",
            )
        })
    }
}

impl utoipa::PartialSchema for Millionths {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(1_000_000))
            .into()
    }
}

impl ToSchema for Millionths {}

/// A country.
pub struct CountryCode(Country);

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer).map(|read| Self(read.0))
    }
}

impl utoipa::PartialSchema for CountryCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Z]{2}$"))
            .into()
    }
}

impl ToSchema for CountryCode {}

/// Answers to questions about facts; one at least.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersIn {
    /// Can it be delivered again?
    redelivery_possible: Option<bool>,
    /// Can it be hurried?
    expedite_possible: Option<bool>,
    /// Was it stopped?
    stopped: Option<bool>,
    /// What the counter said before the order began and says now.
    counts: Option<Counts>,
    /// The speed that was promised, in units a day.
    units_per_day: Option<Count>,
    /// Was the claimed period delivered in full?
    period_fulfilled: Option<bool>,
}

/// What a counter said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Before the order began.
    start_count: Count,
    /// Now.
    count: Count,
}

/// How a check of the records is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// Whether the records are sound.
    sound: bool,
    /// What was found.
    note: Prose<2000>,
}

/// That a decision is accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// What you saw as `left` of the order, in minor units; if there is another amount by now, nothing is done.
    remainder: Option<Count>,
}

/// That a decision is approved, or not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Whether.
    approved: bool,
    /// Why not.
    reason: Option<Prose<2000>>,
}

/// What is decided instead of what the policy says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideIn {
    /// The outcome.
    outcome: OutcomeWord,
    /// The money that goes back.
    refund: Option<MoneyIn>,
    /// For how many units; 0 where nothing is said.
    refund_units: Option<Count>,
    /// Store credit.
    credit: Option<MoneyIn>,
    /// Units to deliver again.
    redeliver_units: Option<Count>,
    /// Whether the subscription ends.
    #[serde(default)]
    cancel_subscription: bool,
    /// The clause that it rests on.
    clause: Line<40>,
    /// Why, in your words.
    reason: Prose<2000>,
}

/// That the customer does not accept the decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealIn {
    /// Why, in the customer's own words.
    text: Option<Prose<10000>>,
    /// By which way it came; `api` where nothing is said.
    channel: Option<ChannelWord>,
}

/// Why a case ends without a decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why.
    reason: Prose<2000>,
}

/// What was done about a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What was done.
    note: Prose<2000>,
    /// Of an `exchange`: what the customer chose. Without it the customer keeps the amount as store credit.
    exchange: Option<ExchangedFor>,
}

/// What a customer chose for the value that was left.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangedFor {
    /// The number of the new order.
    order: Line<200>,
    /// The service that it is of.
    service: Line<200>,
}

/// Nothing: what is meant stands in the address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Hands one input in.
pub(super) async fn act(web: &Arc<Web>, context: &Context, id: Id, input: Input) -> Answer {
    act_with(web, context, id, input, None).await
}

/// The same with what a customer wrote and sent.
pub(in crate::web) async fn act_with(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    input: Input,
    words: Option<Words>,
) -> Answer {
    prove::asked(web, &context.caller, id, &input).await?;
    let (desk, by, now) = (web.desk.clone(), context.actor(), web.clock.now());
    let limits = (
        web.config.attachments.files_per_case_max,
        web.config.attachments.case_bytes_max,
    );
    let (news, after) = (Arc::new(OnceLock::new()), desk.clone());
    let refused = Arc::clone(&news);
    let answer = once(web, context, move |tx| {
        let (desk, input, words) = (desk.clone(), input.clone(), words.clone());
        let refused = Arc::clone(&refused);
        Box::pin(async move {
            if let Some(words) = &words {
                if let Some(sealed) = &words.sealed {
                    private::keep(tx, words.person, words.field, sealed, now).await?;
                    search::index(tx, &words.codes, id, words.person)?;
                }
                handed_in(tx, &words.files, words.person).await?;
            }
            let acted = match desk.act_in(tx, id, by, now, input).await {
                Ok(acted) => acted,
                Err(trouble) => {
                    let refusal = trouble.into_refusal::<Refusal>()?;
                    refused.set(refusal.clone()).ok();
                    return Err(Trouble::refused(refusal));
                }
            };
            let case = acted.case;
            if words.is_some_and(|words| !words.files.is_empty()) {
                within(tx, &case, limits).await?;
            }
            Ok(Done {
                body: written(&CaseOut::of(&case)),
                case: Some(case),
            })
        })
    })
    .await;
    if let Some(refusal) = news.get() {
        after.refused(id, now, refusal).await;
    }
    answer
}

/// What a customer wrote and sent.
#[derive(Clone)]
pub(in crate::web) struct Words {
    pub(in crate::web) person: Id,
    pub(in crate::web) field: &'static str,
    pub(in crate::web) sealed: Option<Sealed>,
    /// The codes of its words, by which the case is found.
    pub(in crate::web) codes: Vec<[u8; 32]>,
    pub(in crate::web) files: Vec<Digest>,
}

/// Seals what a customer wrote at a case.
pub(in crate::web) async fn words(
    web: &Arc<Web>,
    id: Id,
    text: Option<&Prose<10000>>,
    files: Vec<Digest>,
) -> Result<Words, Problem> {
    words_as(web, id, MESSAGE, text, files).await
}

/// The same for a text of any field.
pub(super) async fn words_as(
    web: &Arc<Web>,
    id: Id,
    field: &'static str,
    text: Option<&Prose<10000>>,
    files: Vec<Digest>,
) -> Result<Words, Problem> {
    let shelf = Arc::clone(&web.desk.shelf);
    let case = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, id, false).await })
    });
    let case = case.await?.ok_or_else(|| Problem::no_such("case"))?;
    let person = person_of(&case);
    let codes = text.map_or(Vec::new(), |text| search::codes(&web.vault, &text.0));
    let sealed = sealed(web, text.map(|text| (person, field, text.0.clone()))).await?;
    Ok(Words {
        codes,
        person,
        field,
        sealed,
        files,
    })
}

fn missing(pointer: &str, detail: &str) -> Problem {
    Problem::body(crate::wire::WireError {
        kind: crate::wire::Fault::MissingField,
        detail: detail.to_owned(),
        pointer: pointer.to_owned(),
    })
}

/// Write to the desk for the customer
#[utoipa::path(post, path = "/v1/cases/{id}/messages", tag = "Cases", operation_id = "write_message", request_body = MessageIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn message(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<MessageIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    if body.text.is_none() && body.attachments.0.is_empty() {
        return Err(missing(
            "/text",
            "`text` is missing; write something, or name files in `attachments`",
        ));
    }
    let files: Vec<Digest> = body.attachments.0.iter().map(|file| file.0).collect();
    let words = words(&web, id, body.text.as_ref(), files.clone()).await?;
    let input = Input::Message {
        door: body.channel.map_or(Door::Api, |door| door.0),
        message: words.sealed.as_ref().map(|sealed| Digest(sealed.hash)),
        attachments: files,
    };
    act_with(&web, &context, id, input, Some(words)).await
}

/// What one of the merchant's people writes to the customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyIn {
    /// The words, as the customer reads them. They are kept under a key of the customer's own.
    text: Prose<10000>,
}

/// Write to the customer
///
/// It goes out as a letter, with a greeting and the link to the case. What the customer wrote and nobody had read is answered by it.
#[utoipa::path(post, path = "/v1/cases/{id}/replies", tag = "Work", operation_id = "write_reply", request_body = ReplyIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn reply(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<ReplyIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    replied(&web, &context, id, &body.text).await
}

/// Hands in what one of the merchant's people writes to the customer.
pub(in crate::web) async fn replied(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    text: &Prose<10000>,
) -> Answer {
    let words = words_as(web, id, REPLY, Some(text), Vec::new()).await?;
    let text = words.sealed.as_ref().map(|sealed| Digest(sealed.hash));
    let text = text.ok_or_else(|| Problem::fault("a reply without words"))?;
    act_with(web, context, id, Input::Reply { text }, Some(words)).await
}

/// Hand in a proof
#[utoipa::path(post, path = "/v1/cases/{id}/proofs", tag = "Cases", operation_id = "hand_in_proof", request_body = ProofIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn proof(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<ProofIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    let account = || {
        let account = body.account.as_ref().map(|account| account.0.clone());
        account.ok_or_else(|| {
            missing(
                "/account",
                "`account` is missing; say which account the proof is about",
            )
        })
    };
    let about = match body.about {
        ProofWord::AudienceStatistics => ProofAbout::AudienceStatistics,
        ProofWord::AccountFault => ProofAbout::AccountFault {
            account: account()?,
        },
        ProofWord::Proxy => ProofAbout::Proxy {
            account: account()?,
        },
        ProofWord::Other => ProofAbout::Other,
    };
    let attachment = body.attachment.0;
    let words = words(&web, id, None, vec![attachment]).await?;
    act_with(
        &web,
        &context,
        id,
        Input::Proof { about, attachment },
        Some(words),
    )
    .await
}

/// Say what a proof shows
#[utoipa::path(post, path = "/v1/cases/{id}/proofs/{no}/judge", tag = "Work", operation_id = "judge_proof", request_body = Judgement,
    params(("id" = String, Path, description = "The id of the case."), ("no" = u32, Path, description = "The number of the proof.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn judge(
    State(web): State<Arc<Web>>,
    Path((id, no)): Path<(String, String)>,
    uri: Uri,
    told: Told<Judgement>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (id, no) = (read_name("case", &id)?, read_no("proof", &no)?);
    let Told { body, context } = told;
    let shows = match (body.on_target_millionths, body.fault, body.proxy_used) {
        (Some(share), None, None) => ProofShows::OnTargetMillionths(share.0),
        (None, Some(fault), None) => ProofShows::Fault(fault),
        (None, None, Some(used)) => ProofShows::Proxy {
            used,
            country: body.proxy_country.map(|country| country.0),
        },
        (None, None, None) => ProofShows::Nothing,
        _ => {
            return Err(missing(
                "",
                "the body says several things that a proof shows; a proof shows one",
            ));
        }
    };
    let input = Input::JudgeProof {
        no,
        accepted: body.accepted,
        shows,
        reason: body.reason.map(|reason| reason.0).unwrap_or_default(),
    };
    act(&web, &context, id, input).await
}

/// Answer questions about facts
#[utoipa::path(post, path = "/v1/cases/{id}/answers", tag = "Work", operation_id = "answer_questions", request_body = AnswersIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn answers(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<AnswersIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    let all = [
        body.redelivery_possible.map(FactAnswer::RedeliveryPossible),
        body.expedite_possible.map(FactAnswer::ExpeditePossible),
        body.stopped.map(FactAnswer::Stopped),
        body.counts.map(|counts| FactAnswer::Counts {
            start_count: counts.start_count.0,
            count: counts.count.0,
        }),
        body.units_per_day
            .map(|units| FactAnswer::UnitsPerDay(units.0)),
        body.period_fulfilled.map(FactAnswer::PeriodFulfilled),
    ];
    let mut given = all.into_iter().flatten();
    let Some(first) = given.next() else {
        return Err(missing(
            "",
            "the body answers nothing; write one of the facts that the case asks for",
        ));
    };
    if given.next().is_some() {
        // One answer may settle what the next was asked for.
        return Err(missing(
            "",
            "the body answers several questions; answer them one after another",
        ));
    }
    act(&web, &context, id, Input::Answer(first)).await
}

/// Settle a check of the records
#[utoipa::path(post, path = "/v1/cases/{id}/checks/{check}", tag = "Work", operation_id = "settle_check", request_body = Settlement,
    params(("id" = String, Path, description = "The id of the case."),
        ("check" = String, Path, description = "`delivery_log`, `account_activity`, or `internal_records`.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn check(
    State(web): State<Arc<Web>>,
    Path((id, check)): Path<(String, String)>,
    uri: Uri,
    told: Told<Settlement>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let check = <Check as Word>::read(&check).ok_or_else(|| Problem::no_such("check"))?;
    let Told { body, context } = told;
    let input = Input::SettleCheck {
        check,
        sound: body.sound,
        note: body.note.0,
    };
    act(&web, &context, id, input).await
}

/// Accept the proposed decision
#[utoipa::path(post, path = "/v1/cases/{id}/decisions/{no}/accept", tag = "Work", operation_id = "accept_decision",
    request_body = Acceptance,
    params(("id" = String, Path, description = "The id of the case."), ("no" = u32, Path, description = "The number of the decision.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn accept(
    State(web): State<Arc<Web>>,
    Path((id, no)): Path<(String, String)>,
    uri: Uri,
    told: Told<Acceptance>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (id, decision) = (read_name("case", &id)?, read_no("decision", &no)?);
    let Told { body, context } = told;
    let input = Input::Accept {
        decision,
        remainder_minor: body.remainder.map(|left| left.0),
    };
    act(&web, &context, id, input).await
}

/// Approve a decision as a second person
#[utoipa::path(post, path = "/v1/cases/{id}/decisions/{no}/approve", tag = "Work", operation_id = "approve_decision",
    request_body = Approval,
    params(("id" = String, Path, description = "The id of the case."), ("no" = u32, Path, description = "The number of the decision.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn approve(
    State(web): State<Arc<Web>>,
    Path((id, no)): Path<(String, String)>,
    uri: Uri,
    told: Told<Approval>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (id, decision) = (read_name("case", &id)?, read_no("decision", &no)?);
    let Told { body, context } = told;
    let input = Input::Approve {
        decision,
        approved: body.approved,
        reason: body.reason.map(|reason| reason.0).unwrap_or_default(),
    };
    act(&web, &context, id, input).await
}

/// Decide otherwise than the policy
#[utoipa::path(post, path = "/v1/cases/{id}/override", tag = "Work", operation_id = "override_decision", request_body = OverrideIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn override_with(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<OverrideIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    let units = body.refund_units.map_or(0, |units| units.0);
    let input = Input::Override(Override {
        outcome: body.outcome.0,
        refund: body.refund.map(|money| (money.amount(), units)),
        credit: body.credit.map(|money| money.amount()),
        redeliver_units: body.redeliver_units.map_or(0, |units| units.0),
        cancel_subscription: body.cancel_subscription,
        clause: body.clause.0,
        reason: body.reason.0,
    });
    act(&web, &context, id, input).await
}

/// Appeal the decision for the customer
#[utoipa::path(post, path = "/v1/cases/{id}/appeal", tag = "Cases", operation_id = "appeal", request_body = AppealIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn appeal(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<AppealIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    let words = words(&web, id, body.text.as_ref(), Vec::new()).await?;
    let input = Input::Appeal {
        door: body.channel.map_or(Door::Api, |door| door.0),
        message: words.sealed.as_ref().map(|sealed| Digest(sealed.hash)),
    };
    act_with(&web, &context, id, input, Some(words)).await
}

/// Close a case without a decision
#[utoipa::path(post, path = "/v1/cases/{id}/close", tag = "Work", operation_id = "close_case", request_body = Ending,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn close(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<Ending>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Told { body, context } = told;
    act(
        &web,
        &context,
        id,
        Input::Close {
            reason: body.reason.0,
        },
    )
    .await
}

/// Send a parked case on its way
#[utoipa::path(post, path = "/v1/cases/{id}/unpark", tag = "Work", operation_id = "unpark_case", request_body = Nothing,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn unpark(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<Nothing>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    act(&web, &told.context, id, Input::Unpark).await
}

/// Say that a task is done
#[utoipa::path(post, path = "/v1/cases/{id}/tasks/{no}/done", tag = "Work", operation_id = "finish_task", request_body = Report,
    params(("id" = String, Path, description = "The id of the case."), ("no" = u32, Path, description = "The number of the task.")),
    responses((status = 200, description = "The case.", body = CaseOut)))]
pub async fn task_done(
    State(web): State<Arc<Web>>,
    Path((id, no)): Path<(String, String)>,
    uri: Uri,
    told: Told<Report>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (id, no) = (read_name("case", &id)?, read_no("task", &no)?);
    let Told { body, context } = told;
    let note = body.note.0;
    let input = match body.exchange {
        Some(chosen) => Input::Exchange {
            no,
            order: chosen.order.0,
            service: chosen.service.0,
            note,
        },
        None => Input::TaskDone { no, note },
    };
    act(&web, &context, id, input).await
}
