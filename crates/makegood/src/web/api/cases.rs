// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cases: opened or joined by a request, listed, and read with everything that a screen needs.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::case::{CaseFile, Wants};
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::input::{Digest, Door, Id, Language, Request};
use makegood_desk::life::{Case, ClaimHeld};
use makegood_desk::record;
use makegood_desk::records::Records;
use makegood_policy::clause::Edition;
use makegood_policy::fact::Disclose;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::answer::Answer as Decided;
use crate::books::lists::{self, CaseFilter, CaseRow, EventRow, From};
use crate::books::orders::{Depth, records, refunds};
use crate::books::{cases, files, private, search};
use crate::meters;
use crate::post::MESSAGE;
use crate::reasons::{Reasons, edition};
use crate::setup::new_id;
use crate::store::{Trouble, Tx, Value};
use crate::vault::{Sealed, Vault};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::idempotency::{self, Context, Done, REPLAYED, once, peek};
use crate::web::refusal::{MEANWHILE, Problem};
use crate::web::told::{Raw, Told};
use crate::web::wire::case::{CaseOut, StageWord, stages};
use crate::web::wire::event::EventOut;
use crate::web::wire::{
    Answer, ChannelWord, ClaimWord, Files, LanguageWord, Line, List, Mail, Money, PAGING, Paging,
    Parameters, Prose, WantsWord, json, moment, name, read_name, unix, written,
};
use crate::wire::Word as _;

/// A customer's request for help.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The order number that the customer names.
    order: Line<200>,
    /// What is wrong.
    claim: ClaimWord,
    /// What is wished for; a refund where nothing is said.
    wants: Option<WantsWord>,
    /// The account it is about.
    account: Option<Line<200>>,
    /// The payment it is about; for a renewal, the last one where nothing is said.
    payment: Option<Line<200>>,
    /// The customer's own words. They are kept under a key of the customer's own.
    description: Option<Prose<10000>>,
    /// The customer.
    customer: Option<CustomerIn>,
    /// The language of letters; the desk's own where nothing is said.
    language: Option<LanguageWord>,
    /// By which way it came; `api` where nothing is said.
    channel: Option<ChannelWord>,
    /// Files that were handed in with it.
    #[serde(default)]
    attachments: Files,
}

/// A customer as the shop knows them: by a name of the shop's, by mail address, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerIn {
    /// The shop's own name for the customer, such as an id.
    reference: Option<Line<200>>,
    /// The mail address. It is kept sealed.
    email: Option<Mail>,
}

/// A case as lists show it.
#[derive(Serialize, ToSchema)]
pub struct CaseSummary {
    /// `case`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// The number that people call it by.
    pub number: u64,
    /// When it was opened, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// When something last happened.
    pub changed_at: String,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// When the next answer is due.
    pub due_at: Option<String>,
    /// The order.
    pub order: String,
    /// What is claimed.
    pub claim: String,
    /// Where it is.
    #[schema(value_type = StageWord)]
    pub stage: String,
    /// Whose it is.
    pub customer: Option<String>,
    /// What its last decision says.
    pub outcome: Option<String>,
    /// By which clause.
    pub clause: Option<String>,
    /// The money that it grants.
    pub money: Option<Money>,
}

impl std::convert::From<CaseRow> for CaseSummary {
    fn from(row: CaseRow) -> Self {
        Self {
            object: "case",
            id: name("case", row.id),
            number: row.number,
            created: unix(row.opened_at),
            created_at: moment(row.opened_at),
            changed_at: moment(row.changed_at),
            closed_at: row.closed_at.map(moment),
            due_at: row.due_at.map(moment),
            order: row.order,
            claim: row.claim,
            stage: row.stage,
            customer: row.customer.map(|id| name("cus", id)),
            outcome: row.outcome,
            clause: row.clause,
            money: row
                .money
                .map(|(amount, currency)| Money { amount, currency }),
        }
    }
}

/// A page of cases.
pub type CaseSummaries = List<CaseSummary>;

/// A case with what the books say beside it.
#[derive(Serialize, ToSchema)]
pub struct CaseRead {
    /// The case.
    #[serde(flatten)]
    pub case: CaseOut,
    /// The order, once it is known.
    pub order_record: Option<OrderOut>,
    /// What is left of the payments of the order: what `accept` takes as `remainder`.
    pub left: Option<Money>,
    /// What happened, oldest first.
    #[schema(value_type = Vec<EventOut>)]
    pub timeline: Raw,
}

/// An order as a case shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderOfCase)]
pub struct OrderOut {
    /// Its number.
    pub number: String,
    /// When it was placed.
    pub placed_at: String,
    /// Units ordered.
    pub units_ordered: u64,
    /// What one is called.
    pub unit: String,
    /// The service.
    pub service: String,
    /// The kind of service.
    pub service_kind: &'static str,
    /// The price.
    pub price: Money,
    /// Its payments.
    pub payments: Vec<PaymentOut>,
}

/// A payment as a case shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentOfCase)]
pub struct PaymentOut {
    /// Its name.
    pub id: String,
    /// When it was captured.
    pub at: String,
    /// How much.
    pub amount: Money,
    /// What can still be promised of it.
    pub left: Money,
    /// The provider that took it.
    pub provider: String,
}

/// Ask for help with an order
///
/// Opens a case, or joins the open one of the same order and claim. The investigation starts at once.
#[utoipa::path(post, path = "/v1/cases", tag = "Cases", operation_id = "create_case", request_body = NewCase,
    responses((status = 200, description = "The case, new or joined.", body = CaseOut)))]
pub async fn create(
    State(web): State<Arc<Web>>,
    uri: Uri,
    told: idempotency::Told<NewCase>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let idempotency::Told { body, context } = told;
    // Only where something is sealed under a person's key is there anything to do before the one transaction.
    if !is_plain(&body)
        && let Some(before) = peek(&web, &context).await?
    {
        return Ok(before);
    }
    take_in(&web, &context, &body).await
}

/// Takes a request in, by whichever way it came.
pub(in crate::web) async fn take_in(web: &Arc<Web>, context: &Context, body: &NewCase) -> Answer {
    let mut tries = 0;
    loop {
        match asked(web, context, body).await {
            // Somebody changed whose case it is in the same moment: the words have to be sealed under another key.
            Err(problem) if problem.kind() == MEANWHILE && tries < 3 => tries += 1,
            answer => {
                let done = answer
                    .as_ref()
                    .is_ok_and(|answer| !answer.headers().contains_key(REPLAYED));
                if done {
                    let door = body.channel.map_or(Door::Api, |door| door.0);
                    metrics::counter!(meters::CLAIMS, "channel" => door.word()).increment(1);
                }
                return answer;
            }
        }
    }
}

/// Whether a request names nobody and says nothing in the customer's own words.
const fn is_plain(body: &NewCase) -> bool {
    body.customer.is_none() && body.description.is_none() && body.attachments.0.is_empty()
}

/// Who asks, and under whose key the words lie.
#[derive(Clone, Copy)]
struct Persons {
    customer: Option<Id>,
    words: Id,
    case: Id,
}

impl Persons {
    /// For a request under nobody's key but that of the case that it may open.
    fn nobody() -> Self {
        let case = new_id();
        Self {
            customer: None,
            words: case,
            case,
        }
    }
}

async fn asked(web: &Arc<Web>, context: &Context, body: &NewCase) -> Answer {
    let now = web.clock.now();
    let by = context.actor();
    let request = Request {
        order: body.order.0.clone(),
        claim: body.claim.0,
        wants: body.wants.map_or(Wants::Refund, |wants| wants.0),
        account: body.account.as_ref().map(|account| account.0.clone()),
        payment: body.payment.as_ref().map(|payment| payment.0.clone()),
        door: body.channel.map_or(Door::Api, |door| door.0),
        language: body
            .language
            .map_or_else(|| own_language(web), |language| language.0),
        customer: None,
        message: None,
        attachments: body.attachments.0.iter().map(|file| file.0).collect(),
    };
    let reference = body
        .customer
        .as_ref()
        .and_then(|customer| customer.reference.as_ref())
        .map(|text| text.0.clone());
    let mail = body
        .customer
        .as_ref()
        .and_then(|customer| customer.email.as_ref())
        .map(|mail| mail.0.clone());
    let index = mail.as_ref().map(|mail| web.vault.email_index(mail));
    let persons = if is_plain(body) {
        Persons::nobody()
    } else {
        persons(web, &request, reference.clone(), index).await?
    };
    let words = body
        .description
        .as_ref()
        .map(|text| (persons.words, MESSAGE, text.0.clone()));
    let address = mail
        .clone()
        .zip(persons.customer)
        .map(|(mail, customer)| (customer, EMAIL, mail));
    let said = body.description.as_ref();
    let codes = said.map_or(Vec::new(), |text| search::codes(&web.vault, &text.0));
    let vault = Arc::clone(&web.vault);
    let words = sealed(web, words).await?;
    let address = sealed(web, address).await?;
    let desk = web.desk.clone();
    let limits = (
        web.config.attachments.files_per_case_max,
        web.config.attachments.case_bytes_max,
    );
    once(web, context, move |tx| {
        let (desk, mut request) = (desk.clone(), request.clone());
        let (words, address, reference) = (words.clone(), address.clone(), reference.clone());
        let (codes, vault) = (codes.clone(), Arc::clone(&vault));
        Box::pin(async move {
            if let Some(known) = persons.customer {
                let found = private::customer(tx, known, index, reference.as_deref(), now).await?;
                if found != known {
                    return Err(Trouble::refused(Problem::meanwhile()));
                }
                complete(tx, known, index, reference.as_deref()).await?;
                request.customer = Some(known);
            }
            if let Some((sealed, (customer, address))) =
                address.as_ref().zip(persons.customer.zip(index))
            {
                let _ = address;
                private::keep(tx, customer, EMAIL, sealed, now).await?;
            }
            if let Some(sealed) = &words {
                private::keep(tx, persons.words, MESSAGE, sealed, now).await?;
                request.message = Some(Digest(sealed.hash));
            }
            handed_in(tx, &request.attachments, persons.words).await?;
            let acted = desk.request_in(tx, persons.case, by, now, request).await?;
            within(tx, &acted.case, limits).await?;
            let whose = [acted.case.customer, Some(acted.case.id), persons.customer];
            if words.is_some() && !whose.contains(&Some(persons.words)) {
                return Err(Trouble::refused(Problem::meanwhile()));
            }
            if words.is_some() {
                let (case, person) = (&acted.case, persons.words);
                search::index(tx, &codes, case.id, person)?;
                let links = links_of(tx, &vault, &case.order).await?;
                search::index(tx, &links, case.id, person)?;
            }
            Ok(Done {
                body: written(&CaseOut::of(&acted.case)),
                case: Some(acted.case),
            })
        })
    })
    .await
}

/// The codes of the words in an order's links.
async fn links_of(tx: &mut Tx<'_>, vault: &Vault, order: &str) -> Result<Vec<[u8; 32]>, Trouble> {
    let row = tx.one(&LINKS, &[Value::from(order)]).await?;
    row.map_or(Ok(Vec::new()), |row| Ok(search::codes(vault, row.text(0)?)))
}

/// The field under which a mail address is sealed.
pub const EMAIL: &str = "email";

fn own_language(web: &Web) -> Language {
    crate::post::language_of(web.config.desk.language).unwrap_or_default()
}

/// Fills in what is newly known of a customer.
async fn complete(
    tx: &mut Tx<'_>,
    customer: Id,
    index: Option<[u8; 32]>,
    reference: Option<&str>,
) -> Result<(), Trouble> {
    let values = [
        Value::from(customer.0),
        Value::from(index),
        Value::from(reference),
    ];
    tx.run(&private::COMPLETE_CUSTOMER, &values).await.map(drop)
}

/// Looks up who asks: the customer that is named, else the one of the order, else nobody but the case.
async fn persons(
    web: &Web,
    request: &Request,
    reference: Option<String>,
    index: Option<[u8; 32]>,
) -> Result<Persons, Problem> {
    let named = reference.is_some() || index.is_some();
    let claim = ClaimHeld {
        kind: request.claim,
        at: web.clock.now(),
        wants: request.wants,
        account: request.account.clone(),
        payment: request.payment.clone(),
    };
    let (order, key) = (
        request.order.clone(),
        cases::open_key(&request.order, &claim),
    );
    let (new_case, new_customer) = (new_id(), new_id());
    let found = web.desk.store.read(move |tx| {
        let (order, key, reference) = (order.clone(), key.clone(), reference.clone());
        Box::pin(async move {
            let mut known = None;
            if let Some(reference) = &reference {
                known = tx
                    .one(&private::BY_REFERENCE, &[Value::from(reference.as_str())])
                    .await?;
            }
            if let (None, Some(index)) = (&known, index) {
                known = tx.one(&private::BY_MAIL, &[Value::from(index)]).await?;
            }
            let known = known.map(|row| row.id(0).map(Id)).transpose()?;
            let open = tx.one(&cases::OPEN, &[Value::from(key)]).await?;
            let open = open.map(|row| row.id(0).map(Id)).transpose()?;
            let owner = records(tx, &order, false, Depth::Money)
                .await?
                .order
                .and_then(|order| order.customer);
            Ok((known, open, owner))
        })
    });
    let (known, open, owner) = found.await?;
    let customer = if named {
        Some(known.unwrap_or(new_customer))
    } else {
        None
    };
    let words = customer.or(owner).or(open).unwrap_or(new_case);
    Ok(Persons {
        customer,
        words,
        case: new_case,
    })
}

/// Seals a text under a person's key.
pub(super) async fn sealed(
    web: &Web,
    text: Option<(Id, &'static str, String)>,
) -> Result<Option<Sealed>, Problem> {
    let Some((person, field, text)) = text else {
        return Ok(None);
    };
    let name = crate::books::seal::hex(&person.0);
    let sealed = web.vault.seal(&name, field, text.as_bytes()).await?;
    Ok(Some(sealed))
}

/// Looks whether the files that a request names were handed in, and says whose they are.
pub(super) async fn handed_in(
    tx: &mut Tx<'_>,
    digests: &[Digest],
    person: Id,
) -> Result<(), Trouble> {
    for digest in digests {
        if files::read(tx, *digest).await?.is_none() {
            return Err(Trouble::refused(Problem::no_file()));
        }
        files::own(tx, *digest, person).await?;
    }
    Ok(())
}

/// Looks whether a case has as many files as it may have.
pub(super) async fn within(
    tx: &mut Tx<'_>,
    case: &Case,
    (files_max, bytes_max): (u32, u64),
) -> Result<(), Trouble> {
    let mut all: Vec<Digest> = case
        .messages
        .iter()
        .flat_map(|(_, _, files)| files.iter().copied())
        .collect();
    all.extend(case.proofs().iter().map(|proof| proof.attachment));
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Ok(());
    }
    if u32::try_from(all.len()).unwrap_or(u32::MAX) > files_max {
        return Err(Trouble::refused(Problem::from(
            crate::blob::Rejected::TooManyFiles { files_max },
        )));
    }
    let mut bytes = 0_u64;
    for digest in all {
        bytes = bytes.saturating_add(files::read(tx, digest).await?.map_or(0, |file| file.bytes));
    }
    if bytes > bytes_max {
        return Err(Trouble::refused(Problem::from(
            crate::blob::Rejected::CaseFull { bytes_max },
        )));
    }
    Ok(())
}

/// List cases
///
/// Newest first. Filters go together.
#[utoipa::path(get, path = "/v1/cases", tag = "Cases", operation_id = "list_cases", params(
    ("stage" = Option<StageWord>, Query, description = "Those at a stage."),
    ("order" = Option<Line<200>>, Query, description = "Those of an order."),
    ("customer" = Option<String>, Query, description = "Those of a customer, by id."),
    ("team" = Option<String>, Query, description = "Those in which a team has something to do: `support`, `technical_team`, `finance`."),
    ("number" = Option<u64>, Query, description = "The one that people call by a number."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of cases.", body = CaseSummaries)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["stage", "order", "customer", "team", "number"]
        .into_iter()
        .chain(PAGING)
        .collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let filter = CaseFilter {
        stage: parameters.word("stage", &stages())?,
        order: parameters.line("order", 200)?,
        customer: parameters.read("customer", "the `id` of a customer", |text| {
            read_name("cus", text).ok()
        })?,
        team: parameters.word("team", &["support", "technical_team", "finance"])?,
        number: parameters
            .number("number", 1, i64::MAX)?
            .and_then(|number| u64::try_from(number).ok()),
    };
    let from = from(&paging, "the `id` of a case", |text| {
        read_name("case", text).ok()
    })?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let (filter, from) = (filter.clone(), from.clone());
        Box::pin(async move { lists::cases(tx, &filter, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data: Vec<CaseSummary> = rows.into_iter().map(Into::into).collect();
    Ok(json(&List::new("/v1/cases", data, more)))
}

/// From where a list is read.
pub(super) fn from<T>(
    paging: &Paging,
    shape: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<From<T>, Problem> {
    let place = |name: &str, text: &str| {
        read(text).ok_or_else(|| {
            Problem::parameter(
                name,
                format!("`{name}` is not {shape}; take it from a page of this list"),
            )
        })
    };
    match (&paging.after, &paging.before) {
        (Some(text), _) => place("starting_after", text).map(From::After),
        (_, Some(text)) => place("ending_before", text).map(From::Before),
        _ => Ok(From::Start),
    }
}

/// The place from which a list is to be read is none.
pub(super) fn no_place() -> Problem {
    Problem::parameter(
        "starting_after",
        "there is no such place in this list; take an `id` from a page of it",
    )
}

/// Read a case
///
/// With the order, what happened so far, the questions in the words of the policy, and the reasons of the last decision.
#[utoipa::path(get, path = "/v1/cases/{id}", tag = "Cases", operation_id = "read_case", params(
    ("id" = String, Path, description = "The id of the case."),
    ("language" = Option<String>, Query, description = "The language of questions and reasons, `da` or `en`; the customer's where nothing is said."),
), responses((status = 200, description = "The case.", body = CaseRead)))]
pub async fn read(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    let parameters = Parameters::of(&uri, &["language"])?;
    let language = parameters.word("language", Language::ALL)?;
    let id = read_name("case", &id)?;
    let audience = audience(&caller);
    let found = looked_up(&web, id, language, audience)
        .await?
        .ok_or_else(|| Problem::no_such("case"))?;
    let whole = if found.told.is_some() {
        shown(&web, &found, language, audience)
    } else {
        spawn_shown(web, found, language, audience).await?
    };
    Ok(json(&whole))
}

/// The shop's programs speak for the customer, and hear what a customer may hear.
fn audience(caller: &Caller) -> Disclose {
    match caller.actor() {
        makegood_desk::input::Actor::Shop => Disclose::Customer,
        _ => Disclose::Agent,
    }
}

/// What a look into the books finds of a case.
struct Found {
    case: Arc<Case>,
    records: Records,
    /// What was told of it before, as it is now.
    told: Option<Told>,
    events: Vec<EventRow>,
    paper: Option<Vec<u8>>,
}

crate::statements! {
    /// A case file that was judged.
    PAPER = "select bytes from paper where digest = ?1";
    /// The links of an order.
    LINKS = "select links from shop_order where number = ?1";
}

async fn looked_up(
    web: &Arc<Web>,
    id: Id,
    language: Option<&'static str>,
    audience: Disclose,
) -> Result<Option<Found>, Problem> {
    let inside = Arc::clone(web);
    let found = web.desk.store.read(move |tx| {
        let web = Arc::clone(&inside);
        Box::pin(async move {
            let Some(case) = cases::load(tx, &web.desk.shelf, id, false).await? else {
                return Ok(None);
            };
            let mut records = records(tx, &case.order, false, Depth::Money).await?;
            records.refunds = refunds(tx, &case.order).await?;
            let told = web.told.of(&case, language, audience);
            let (mut events, mut paper) = (Vec::new(), None);
            if told.is_none() {
                events = lists::events_of(tx, id).await?;
                if let Some(held) = case.decision() {
                    let digest = Value::from(held.proposal.paper.digest.0);
                    let row = tx.one(&PAPER, &[digest]).await?;
                    paper = row
                        .map(|row| row.bytes(0).map(<[u8]>::to_vec))
                        .transpose()?;
                }
            }
            Ok(Some(Found {
                case,
                records,
                told,
                events,
                paper,
            }))
        })
    });
    Ok(found.await?)
}

/// Works out how the case is shown, away from the threads that answer.
async fn spawn_shown(
    web: Arc<Web>,
    found: Found,
    language: Option<&'static str>,
    audience: Disclose,
) -> Result<CaseRead, Problem> {
    let shown = tokio::task::spawn_blocking(move || shown(&web, &found, language, audience));
    shown
        .await
        .map_err(|panic| Problem::fault(format!("showing a case failed: {panic}")))
}

fn shown(web: &Web, found: &Found, language: Option<&'static str>, audience: Disclose) -> CaseRead {
    let mut out = CaseOut::of(&found.case);
    let order = found.records.order.as_ref();
    let policies = web.desk.policies.now();
    let rulebook = order.and_then(|record| policies.judging(record.order.placed_at).ok());
    if let Some((_, rulebook)) = rulebook {
        let language = language.unwrap_or_else(|| found.case.language.code());
        let edition = edition(rulebook.policy(), Some(language));
        in_words(&mut out, rulebook, edition);
    }
    let told = found
        .told
        .clone()
        .unwrap_or_else(|| told(web, found, language, audience));
    if let Some(last) = out.decisions.last_mut() {
        last.reasons = told.reasons;
    }
    CaseRead {
        case: out,
        order_record: order.map(|record| order_out(record, &found.records)),
        left: found.records.left().map(Money::from),
        timeline: told.timeline,
    }
}

/// What is told of a case beside the case itself, and stays so until something happens to it.
fn told(web: &Web, found: &Found, language: Option<&'static str>, audience: Disclose) -> Told {
    let version = found
        .case
        .decision()
        .map(|held| held.proposal.version.as_str());
    let policies = web.desk.policies.now();
    let judged = policies
        .iter()
        .find(|book| Some(book.policy().version.as_str()) == version);
    let words = language.unwrap_or_else(|| found.case.language.code());
    let reasons = judged
        .zip(found.paper.as_deref())
        .and_then(|(book, paper)| reasons(book, paper, words, audience));
    let timeline: Vec<EventOut> = found
        .events
        .iter()
        .map(|row| EventOut::of(row.case, row.position, row.leaf, &row.event))
        .collect();
    let told = Told {
        reasons: reasons.as_ref().and_then(Raw::of),
        timeline: Raw::of(&timeline).unwrap_or_default(),
    };
    // A place in the audit log is still to come on a database that is sealed a moment later.
    if found.events.iter().all(|row| row.leaf.is_some()) {
        web.told.keep(&found.case, language, audience, told.clone());
    }
    told
}

/// Puts the policy's words beside what is asked.
fn in_words(out: &mut CaseOut, rulebook: &Rulebook, edition: &Edition) {
    for question in &mut out.questions {
        let names: Vec<String> = question
            .facts
            .iter()
            .map(|fact| fact.fact.clone())
            .collect();
        let asked = rulebook.policy().questions(&names, edition);
        for fact in &mut question.facts {
            if let Some(words) = asked.iter().find(|words| words.name == fact.fact) {
                fact.question = Some(words.ask.clone());
                fact.why.clone_from(&words.why);
            }
        }
    }
}

/// The decision of a case file that was judged, made again with its reasons, as the contract writes it.
fn reasons(book: &Rulebook, paper: &[u8], language: &str, audience: Disclose) -> Option<Json> {
    let parts = record::read_case_file(paper).ok()?;
    let case = CaseFile::new(parts).ok()?;
    let mut room = Workspace::default();
    let decision = book.decide(&mut room, &case);
    let edition = edition(book.policy(), Some(language));
    let reasons = Reasons::of(book, &case, &decision, edition, audience);
    serde_json::to_value(Decided::new(book, &case, &decision, Some(&reasons))).ok()
}

fn order_out(record: &makegood_desk::records::OrderRecord, records: &Records) -> OrderOut {
    let order = &record.order;
    OrderOut {
        number: order.number.to_string(),
        placed_at: moment(order.placed_at),
        units_ordered: order.quantity,
        unit: order.service.unit.to_string(),
        service: order.service.name.to_string(),
        service_kind: order.service.kind.word(),
        price: order.price.into(),
        payments: records
            .payments
            .iter()
            .map(|record| PaymentOut {
                id: record.payment.id.to_string(),
                at: moment(record.payment.at),
                amount: record.payment.amount.into(),
                left: crate::books::orders::left(record).into(),
                provider: record.provider.clone(),
            })
            .collect(),
    }
}
