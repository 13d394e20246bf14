// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stripe over plain HTTP: the calls that the desk needs, typed, with outcomes that are never guessed.
//!
//! One method is one exchange, or one reading of a list to its end; nothing is sent twice here.
//! Source: docs.stripe.com/api in the version of [`VERSION`].

use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use makegood_desk::execution::{
    ProviderListed, ProviderRefund, ProviderRefusal, ProviderSaid, RefundOrder,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::meters;
use crate::pay::{
    Cancelled, Dispute, Heard, Page, Payment, PeriodPayment, ProviderEvent, Reading, SeenRefund,
    Standing, Unread,
};

mod answering;
pub mod key;
mod money;
mod object;
mod said;
pub mod transport;
pub mod webhook;

pub use key::{SecretKey, WebhookSecret};
pub use object::REFERENCE;
pub use transport::Transport;

use object::{
    BalanceIn, ChargeIn, DisputeIn, EventIn, IntentIn, InvoicePaymentIn, LatestCharge, List, Named,
    RefundIn, SubscriptionIn,
};
use said::Trouble;
use transport::{Answer, Bounds, Broken};

/// The version of Stripe's interface that every call names, so that an upgrade in the dashboard changes nothing here.
pub const VERSION: &str = "2026-10-28.endive";

/// Where Stripe is.
pub const ADDRESS: &str = "https://api.stripe.com";

/// The longest answer about one thing: a dispute with all its evidence has 150,000 characters.
const ONE_BYTES: usize = 2 << 20;
/// The longest page of a list.
const PAGE_BYTES: usize = 16 << 20;
/// How many things a page has.
const PAGE: u32 = 100;
/// The most pages of one payment's refunds that are read: Stripe itself does not allow that many.
const PAGES: u32 = 100;

/// The events that a desk looks at, as its webhook endpoint should be set to send them.
pub const EVENTS: [&str; 14] = [
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refunded",
    "charge.succeeded",
    "customer.subscription.deleted",
    "customer.subscription.updated",
    "invoice.paid",
    "refund.created",
    "refund.failed",
    "refund.updated",
];

/// How a Stripe account is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key.
    pub key: SecretKey,
    /// The connected account to act for (`acct_…`), where it is not the key's own.
    pub account: Option<String>,
    /// How long a whole answer may take. Stripe's own clients wait 80 seconds.
    pub patience: Duration,
}

impl Settings {
    /// A key, with everything else as is usual.
    #[must_use]
    pub const fn new(key: SecretKey) -> Self {
        Self {
            key,
            account: None,
            patience: Duration::from_secs(30),
        }
    }
}

/// A Stripe account.
#[derive(Clone, Debug)]
pub struct Stripe {
    transport: Transport,
    /// The address without a slash at its end.
    address: String,
    host: HeaderValue,
    key: SecretKey,
    account: Option<HeaderValue>,
    patience: Duration,
}

impl Stripe {
    /// An account that is reached over the network, at [`ADDRESS`] or at whoever speaks its dialect.
    ///
    /// # Errors
    /// The address is none, or would show the key to the network; the account is not a name.
    pub fn at(address: &str, settings: Settings) -> Result<Self, String> {
        let url = Url::parse(address)
            .ok()
            .filter(Url::has_host)
            .ok_or_else(|| format!("`{address}` is not an address; Stripe's is {ADDRESS}"))?;
        let local = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let carried = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if carried {
            return Err(format!(
                "the address of the provider is a scheme, a host and at most a path, such as {ADDRESS}"
            ));
        }
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            _ => {
                return Err(format!(
                    "`{address}` would show the key to the network; use https (http only on this machine)"
                ));
            }
        }
        Self::new(Transport::http(local)?, url.as_str(), settings)
    }

    /// An account behind a router in this process.
    ///
    /// # Errors
    /// The account is not a name.
    pub fn in_process(router: axum::Router, settings: Settings) -> Result<Self, String> {
        Self::new(Transport::InProcess(router), "http://localhost", settings)
    }

    fn new(transport: Transport, address: &str, settings: Settings) -> Result<Self, String> {
        let address = address.trim_end_matches('/').to_owned();
        let host = address
            .parse::<Uri>()
            .ok()
            .and_then(|uri| HeaderValue::from_str(uri.authority()?.as_str()).ok())
            .ok_or_else(|| format!("`{address}` is not an address; Stripe's is {ADDRESS}"))?;
        let account = settings
            .account
            .map(|account| {
                HeaderValue::from_str(&account)
                    .ok()
                    .filter(|_| account.starts_with("acct_") && is_name(&account))
                    .ok_or_else(|| "a connected account has a name such as acct_…".to_owned())
            })
            .transpose()?;
        Ok(Self {
            transport,
            address,
            host,
            key: settings.key,
            account,
            patience: settings.patience,
        })
    }

    /// Real money, or Stripe's test mode.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.key.is_live()
    }

    /// Pays back.
    pub async fn create_refund(&self, order: &RefundOrder) -> Heard<ProviderSaid> {
        let fields = match fields(order) {
            Ok(fields) => fields,
            Err((why, words)) => return Heard::plain(ProviderSaid::Refused { why, words }),
        };
        let answer = self
            .send(Call {
                method: Method::POST,
                path: "/v1/refunds",
                fields: &fields,
                key: Some(&order.key),
                bytes: ONE_BYTES,
            })
            .await;
        heard(answer, |answer| {
            let raw: RefundIn = said::object(answer)?;
            as_ordered(raw, order)
        })
        .map(into_said)
    }

    /// Looks at a refund.
    pub async fn refund(&self, id: &str) -> Heard<ProviderSaid> {
        let path = match path("/v1/refunds/", id, "") {
            Ok(path) => path,
            Err(seen) => return Heard::plain(ProviderSaid::Unknown { seen }),
        };
        let read = self.get(&path, &[], ONE_BYTES, |raw| one_refund(raw, id));
        read.await.map(known_or_not)
    }

    /// Looks at a refund of a payment, and calls the payment by this name if it is one of its names.
    pub async fn refund_of(&self, payment: &str, id: &str) -> Heard<ProviderSaid> {
        let path = match path("/v1/refunds/", id, "") {
            Ok(path) => path,
            Err(seen) => return Heard::plain(ProviderSaid::Unknown { seen }),
        };
        let read = self.get(&path, &[], ONE_BYTES, |raw: RefundIn| {
            if raw.id != id {
                return Err("another refund than the one asked for".to_owned());
            }
            let seen = raw.seen()?;
            let is_of_it = seen.payments.iter().any(|name| name == payment);
            let mut refund = seen.refund?;
            if is_of_it {
                payment.clone_into(&mut refund.payment);
            }
            Ok(refund)
        });
        read.await.map(known_or_not)
    }

    /// Looks at a refund and at all names of its payment: whoever made it, and whatever they called the payment.
    pub async fn seen_refund(&self, id: &str) -> Reading<SeenRefund> {
        let path = match path("/v1/refunds/", id, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        self.get(&path, &[], ONE_BYTES, |raw: RefundIn| {
            if raw.id == id {
                raw.seen()
            } else {
                Err("another refund than the one asked for".to_owned())
            }
        })
        .await
    }

    /// Calls a refund off: some ways of paying allow it while the customer has yet to do something.
    pub async fn cancel_refund(&self, id: &str) -> Heard<ProviderSaid> {
        let path = match path("/v1/refunds/", id, "/cancel") {
            Ok(path) => path,
            Err(seen) => return Heard::plain(ProviderSaid::Unknown { seen }),
        };
        let answer = self
            .send(Call {
                method: Method::POST,
                path: &path,
                fields: &[],
                // Calling off twice is calling off once.
                key: None,
                bytes: ONE_BYTES,
            })
            .await;
        heard(answer, |answer| {
            let raw: RefundIn = said::object(answer)?;
            one_refund(raw, id).map_err(Trouble::unknown)
        })
        .map(|said| known_or_not(said.map_err(Unread::from)))
    }

    /// All refunds of a payment, read to the end of the list. Never from the search, which lags behind.
    pub async fn refunds_of(&self, payment: &str) -> Heard<ProviderListed> {
        let mut all: Vec<ProviderRefund> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let heard = self.refunds_page(payment, after.as_deref()).await;
            let (said, around) = heard.apart();
            let unknown = |seen: String| ProviderListed::Unknown { seen };
            let page = match said {
                Ok(page) => page,
                Err(unread) => return around.map(|()| unknown(unread.to_string())),
            };
            let known = |item: &ProviderRefund| all.iter().any(|known| known.id == item.id);
            if page.items.iter().any(known) {
                let seen = "a list that tells the same refund twice".to_owned();
                return around.map(|()| unknown(seen));
            }
            all.extend(page.items);
            match page.next {
                None => return around.map(|()| ProviderListed::All(all)),
                next => after = next,
            }
        }
        Heard::plain(ProviderListed::Unknown {
            seen: format!("a list of more than {PAGES} pages"),
        })
    }

    async fn refunds_page(
        &self,
        payment: &str,
        after: Option<&str>,
    ) -> Reading<Page<ProviderRefund>> {
        let field = match payment_field(payment) {
            Ok(field) => field,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        let fields = [(field.to_owned(), payment.to_owned())];
        self.list("/v1/refunds", &fields, after, |raw: RefundIn| {
            let seen = raw.seen()?;
            let of_it = seen.payments.iter().any(|name| name == payment);
            // A refund may leave the one name out that we asked by; it must not have another in its place.
            let other = seen
                .payments
                .iter()
                .any(|name| payment_field(name) == Ok(field) && name != payment);
            if other && !of_it {
                return Err("a refund of another payment than the one asked for".to_owned());
            }
            let mut refund = seen.refund?;
            payment.clone_into(&mut refund.payment);
            Ok(refund)
        })
        .await
    }

    /// A page of all refunds made since then, by anybody, newest first.
    pub async fn refunds_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<SeenRefund>> {
        let fields = [created_from(since)];
        self.list("/v1/refunds", &fields, after, RefundIn::seen)
            .await
    }

    /// Looks at a payment.
    pub async fn payment(&self, id: &str) -> Reading<Payment> {
        match payment_field(id) {
            Ok("payment_intent") => self.intent(id).await,
            Ok(_) => self.charge(id, id).await,
            Err(words) => Heard::plain(Err(Unread::Refused { words })),
        }
    }

    async fn intent(&self, id: &str) -> Reading<Payment> {
        let path = match path("/v1/payment_intents/", id, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        let fields = [("expand[0]".to_owned(), "latest_charge".to_owned())];
        let heard = self
            .get(&path, &fields, ONE_BYTES, |raw: IntentIn| {
                if raw.id == id {
                    Ok(raw)
                } else {
                    Err("another payment than the one asked for".to_owned())
                }
            })
            .await;
        let (said, around) = heard.apart();
        let read = match said {
            Err(unread) => Err(unread),
            Ok(mut intent) => match intent.latest_charge.take() {
                Some(LatestCharge::Bare(charge)) => return self.charge(&charge, id).await,
                Some(LatestCharge::Whole(charge)) => charge.read(id).map_err(unread),
                None => intent.untaken().map_err(unread),
            },
        };
        around.map(|()| read)
    }

    async fn charge(&self, charge: &str, asked: &str) -> Reading<Payment> {
        let path = match path("/v1/charges/", charge, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        self.get(&path, &[], ONE_BYTES, |raw: ChargeIn| raw.read(asked))
            .await
    }

    /// Ends a subscription now, without a credit note for the rest of its period: what goes back is decided by the policy.
    pub async fn cancel_subscription(&self, id: &str) -> Heard<Cancelled> {
        let path = match path("/v1/subscriptions/", id, "") {
            Ok(path) => path,
            Err(words) => {
                let why = ProviderRefusal::Other;
                return Heard::plain(Cancelled::Refused { why, words });
            }
        };
        let fields = [
            ("invoice_now".to_owned(), "false".to_owned()),
            ("prorate".to_owned(), "false".to_owned()),
        ];
        let answer = self
            .send(Call {
                method: Method::DELETE,
                path: &path,
                fields: &fields,
                key: None,
                bytes: ONE_BYTES,
            })
            .await;
        let heard = heard(answer, |answer| {
            let raw: SubscriptionIn = said::object(answer)?;
            over(&raw, id).map_err(Trouble::unknown)
        });
        match &heard.said {
            // One that is over already answers as if it were not there, so we look.
            Err(Trouble::Refused { why, words, .. }) => {
                let (why, words) = (*why, words.clone());
                self.already_over(&path, id, why, words).await
            }
            Err(Trouble::Unknown { .. }) | Ok(_) => heard.map(|said| match said {
                Ok(Some(at)) => Cancelled::Done { at },
                Ok(None) => Cancelled::Unknown {
                    seen: "the subscription goes on although its end was confirmed".to_owned(),
                },
                Err(Trouble::Unknown { seen }) => Cancelled::Unknown { seen },
                Err(Trouble::Refused { why, words, .. }) => Cancelled::Refused { why, words },
            }),
        }
    }

    async fn already_over(
        &self,
        path: &str,
        id: &str,
        why: ProviderRefusal,
        words: String,
    ) -> Heard<Cancelled> {
        let looked = self
            .get(path, &[], ONE_BYTES, |raw: SubscriptionIn| over(&raw, id))
            .await;
        looked.map(|said| match said {
            Ok(Some(at)) => Cancelled::Done { at },
            Err(Unread::Unknown { seen }) => Cancelled::Unknown { seen },
            Ok(None) | Err(_) => Cancelled::Refused { why, words },
        })
    }

    /// Is a subscription over, so that it renews no more?
    pub async fn subscription_is_over(&self, id: &str) -> Reading<bool> {
        let path = match path("/v1/subscriptions/", id, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        self.get(&path, &[], ONE_BYTES, |raw: SubscriptionIn| {
            over(&raw, id).map(|over| over.is_some())
        })
        .await
    }

    /// What was paid for the last period of a subscription: several payments are possible, and none.
    pub async fn latest_payments_of(&self, subscription: &str) -> Reading<Vec<PeriodPayment>> {
        let path = match path("/v1/subscriptions/", subscription, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        let heard = self
            .get(&path, &[], ONE_BYTES, |raw: SubscriptionIn| {
                over(&raw, subscription)?;
                Ok(raw.latest_invoice.map(object::Name::into_string))
            })
            .await;
        let (said, around) = heard.apart();
        match said {
            Ok(Some(invoice)) => self.payments_of_invoice(&invoice).await,
            Ok(None) => around.map(|()| Ok(Vec::new())),
            Err(unread) => around.map(|()| Err(unread)),
        }
    }

    /// By what a bill was paid.
    pub async fn payments_of_invoice(&self, invoice: &str) -> Reading<Vec<PeriodPayment>> {
        let fields = [
            ("invoice".to_owned(), invoice.to_owned()),
            ("status".to_owned(), "paid".to_owned()),
        ];
        let heard = self
            .list(
                "/v1/invoice_payments",
                &fields,
                None,
                |raw: InvoicePaymentIn| {
                    if raw.status == "paid" {
                        raw.read(invoice)
                    } else {
                        Err("a payment that is not paid among the paid ones".to_owned())
                    }
                },
            )
            .await;
        heard.map(|said| match said {
            Ok(page) if page.next.is_some() => Err(Unread::Unknown {
                seen: format!("a bill with more than {PAGE} payments"),
            }),
            said => said.map(|page| page.items),
        })
    }

    /// Looks at a dispute.
    pub async fn dispute(&self, id: &str) -> Reading<Dispute> {
        let path = match path("/v1/disputes/", id, "") {
            Ok(path) => path,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        self.get(&path, &[], ONE_BYTES, |raw: DisputeIn| {
            let dispute = raw.read()?;
            if dispute.id == id {
                Ok(dispute)
            } else {
                Err("another dispute than the one asked for".to_owned())
            }
        })
        .await
    }

    /// The disputes of a payment; several happen.
    pub async fn disputes_of(&self, payment: &str) -> Reading<Vec<Dispute>> {
        let field = match payment_field(payment) {
            Ok(field) => field,
            Err(words) => return Heard::plain(Err(Unread::Refused { words })),
        };
        let fields = [(field.to_owned(), payment.to_owned())];
        let heard = self
            .list("/v1/disputes", &fields, None, DisputeIn::read)
            .await;
        heard.map(|said| match said {
            Ok(page) if page.next.is_some() => Err(Unread::Unknown {
                seen: format!("a payment with more than {PAGE} disputes"),
            }),
            said => said.map(|page| page.items),
        })
    }

    /// A page of all disputes opened since then, newest first.
    pub async fn disputes_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<Dispute>> {
        let fields = [created_from(since)];
        self.list("/v1/disputes", &fields, after, DisputeIn::read)
            .await
    }

    /// A page of what happened since then, newest first: for webhooks that never came. Stripe keeps 30 days.
    pub async fn events_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<ProviderEvent>> {
        let kinds = EVENTS
            .iter()
            .enumerate()
            .map(|(at, kind)| (format!("types[{at}]"), (*kind).to_owned()));
        let fields: Vec<(String, String)> =
            std::iter::once(created_from(since)).chain(kinds).collect();
        self.list("/v1/events", &fields, after, EventIn::read).await
    }

    /// The account itself: is the key good, and is there money to pay back from?
    pub async fn standing(&self) -> Reading<Standing> {
        self.get("/v1/balance", &[], ONE_BYTES, |raw: BalanceIn| {
            if raw.object != "balance" {
                return Err("another object than a balance".to_owned());
            }
            Ok(Standing {
                live: raw.livemode,
                available: raw
                    .available
                    .into_iter()
                    .map(|funds| (funds.currency.to_ascii_uppercase(), funds.amount))
                    .collect(),
            })
        })
        .await
    }

    /// One thing.
    async fn get<I: DeserializeOwned, T>(
        &self,
        path: &str,
        fields: &[(String, String)],
        bytes: usize,
        read: impl FnOnce(I) -> Result<T, String>,
    ) -> Reading<T> {
        let answer = self
            .send(Call {
                method: Method::GET,
                path,
                fields,
                key: None,
                bytes,
            })
            .await;
        heard(answer, |answer| {
            said::object(answer)
                .map_err(Unread::from)
                .and_then(|raw| read(raw).map_err(unread))
        })
    }

    /// A page of things.
    async fn list<I: DeserializeOwned + Named, T>(
        &self,
        path: &str,
        fields: &[(String, String)],
        after: Option<&str>,
        read: impl Fn(I) -> Result<T, String>,
    ) -> Reading<Page<T>> {
        let mut fields = fields.to_vec();
        fields.push(("limit".to_owned(), PAGE.to_string()));
        if let Some(after) = after {
            fields.push(("starting_after".to_owned(), after.to_owned()));
        }
        self.get(path, &fields, PAGE_BYTES, |raw: List<I>| {
            if raw.object != "list" {
                return Err("another object than a list".to_owned());
            }
            let last = raw.data.last().map(|item| item.name().to_owned());
            let next = match (raw.has_more, last) {
                (false, _) => None,
                (true, Some(last)) if Some(last.as_str()) != after => Some(last),
                (true, _) => return Err("a list that goes on but does not come further".to_owned()),
            };
            let items = raw.data.into_iter().map(read).collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
        .await
    }

    async fn send(&self, call: Call<'_>) -> Result<Answer, Broken> {
        let bounds = Bounds {
            patience: self.patience,
            body_bytes: call.bytes,
        };
        let operation = operation(&call);
        let request = self.request(call).ok_or(Broken::NotSent)?;
        let begun = std::time::Instant::now();
        let answer = self.transport.exchange(request, bounds).await;
        counted(operation, &answer, begun.elapsed());
        answer
    }

    fn request(&self, call: Call<'_>) -> Option<Request<Bytes>> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(call.fields)
            .finish();
        let post = call.method == Method::POST;
        let mut uri = format!("{}{}", self.address, call.path);
        if !post && !form.is_empty() {
            uri.push('?');
            uri.push_str(&form);
        }
        let mut request = Request::builder()
            .method(call.method)
            .uri(uri)
            .header(HOST, &self.host)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.key.header())
            .header("stripe-version", VERSION)
            .header(USER_AGENT, concat!("makegood/", env!("CARGO_PKG_VERSION")));
        if let Some(account) = &self.account {
            request = request.header("stripe-account", account);
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        if post {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = if post {
            Bytes::from(form)
        } else {
            Bytes::new()
        };
        request.body(body).ok()
    }
}

/// What a request is about, in a word of a closed list.
fn operation(call: &Call<'_>) -> &'static str {
    let thing = call.path.split('/').nth(2).unwrap_or_default();
    match (thing, call.method == Method::GET) {
        ("refunds", false) => "refund",
        ("refunds", true) => "read_refunds",
        ("charges" | "payment_intents", true) => "read_payments",
        ("disputes", true) => "read_disputes",
        ("disputes", false) => "answer_dispute",
        ("events", true) => "read_events",
        ("subscriptions", false) => "cancel_subscription",
        ("subscriptions" | "invoices" | "invoice_payments", true) => "read_subscriptions",
        _ => "other",
    }
}

fn counted(operation: &'static str, answer: &Result<Answer, Broken>, took: Duration) {
    let result = match answer {
        Ok(answer) if answer.status.is_success() => "done",
        Ok(answer) if answer.status.is_server_error() => "failed",
        Ok(_) => "refused",
        Err(_) => "no_answer",
    };
    metrics::counter!(meters::PROVIDER_REQUESTS, "operation" => operation, "result" => result)
        .increment(1);
    metrics::histogram!(meters::PROVIDER_REQUEST_SECONDS, "operation" => operation).record(took);
}

/// One request, before it has an address.
struct Call<'a> {
    method: Method,
    path: &'a str,
    fields: &'a [(String, String)],
    key: Option<&'a str>,
    bytes: usize,
}

const fn unread(seen: String) -> Unread {
    Unread::Unknown { seen }
}

/// Reads an answer, and what stands beside it.
fn heard<T>(
    answer: Result<Answer, Broken>,
    read: impl FnOnce(Result<&Answer, Broken>) -> T,
) -> Heard<T> {
    let header = |name: &str| {
        let value = answer.as_ref().ok()?.headers.get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let wait = header(RETRY_AFTER.as_str())
        .and_then(|seconds| seconds.parse::<u64>().ok())
        // Whoever names a longer time is not to be believed.
        .map(|seconds| Duration::from_secs(seconds.min(3_600)));
    let exchange = header("request-id").filter(|id| is_name(id));
    let replayed = header("idempotent-replayed").as_deref() == Some("true");
    Heard {
        said: read(answer.as_ref().map_err(|broken| *broken)),
        wait,
        exchange,
        replayed,
    }
}

/// Letters, digits, `_` and `-`: nothing that would mean something in an address or a header.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The path of a thing by its name.
fn path(before: &str, id: &str, after: &str) -> Result<String, String> {
    if is_name(id) {
        Ok(format!("{before}{id}{after}"))
    } else {
        Err("this is not a name that Stripe would give".to_owned())
    }
}

/// The field in which a payment of this name is given.
fn payment_field(payment: &str) -> Result<&'static str, String> {
    match payment.split_once('_') {
        Some(("pi", _)) if is_name(payment) => Ok("payment_intent"),
        // `py_` are charges by other means than cards.
        Some(("ch" | "py", _)) if is_name(payment) => Ok("charge"),
        _ => Err(
            "a payment at Stripe has a name such as pi_… or ch_…; correct it in the order's payments"
                .to_owned(),
        ),
    }
}

fn created_from(since: Timestamp) -> (String, String) {
    ("created[gte]".to_owned(), since.as_second().to_string())
}

/// The fields of an order, or why it is not sent at all. The amount always stands there: without one Stripe would pay back everything.
fn fields(order: &RefundOrder) -> Result<Vec<(String, String)>, (ProviderRefusal, String)> {
    let field =
        payment_field(&order.payment).map_err(|words| (ProviderRefusal::NoSuchPayment, words))?;
    let other = |words: &str| (ProviderRefusal::Other, format!("not sent: {words}"));
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible(&order.key) || order.key.len() > 255 {
        return Err(other("a key has 1 to 255 visible characters"));
    }
    if !visible(&order.reference) || order.reference.len() > 500 {
        return Err(other("a reference has 1 to 500 visible characters"));
    }
    if order.amount.is_zero() {
        return Err(other("a refund of nothing"));
    }
    let (minor, _) = money::outward(order.amount).map_err(|words| other(&words))?;
    // Never `fraudulent`: it would put the customer's card and e-mail on Stripe's block lists.
    let reason = if order.duplicate {
        "duplicate"
    } else {
        "requested_by_customer"
    };
    Ok(vec![
        (field.to_owned(), order.payment.clone()),
        ("amount".to_owned(), minor.to_string()),
        ("reason".to_owned(), reason.to_owned()),
        (format!("metadata[{REFERENCE}]"), order.reference.clone()),
    ])
}

/// The refund that was ordered, if it is that.
fn as_ordered(raw: RefundIn, order: &RefundOrder) -> Result<ProviderRefund, Trouble> {
    let id = raw.id.clone();
    let seen = raw.seen().map_err(Trouble::unknown)?;
    let of_it = seen.payments.contains(&order.payment);
    let mut refund = seen
        .refund
        .map_err(|why| Trouble::unknown(format!("{why} ({id})")))?;
    let differs = if !of_it {
        "payment"
    } else if refund.amount.currency() != order.amount.currency() {
        "currency"
    } else if refund.amount != order.amount {
        "amount"
    } else if refund.reference.as_deref() != Some(order.reference.as_str()) {
        "reference"
    } else {
        refund.payment.clone_from(&order.payment);
        return Ok(refund);
    };
    tracing::error!(
        refund = id,
        reference = order.reference,
        differs,
        "the provider confirms another refund than the one ordered; a person must look"
    );
    Err(Trouble::unknown(format!(
        "{id} was confirmed, but its {differs} is not the one ordered"
    )))
}

fn one_refund(raw: RefundIn, id: &str) -> Result<ProviderRefund, String> {
    if raw.id == id {
        raw.seen()?.refund
    } else {
        Err("another refund than the one asked for".to_owned())
    }
}

/// Is this subscription over, and since when?
fn over(raw: &SubscriptionIn, id: &str) -> Result<Option<Option<Timestamp>>, String> {
    if raw.object != "subscription" || raw.id != id {
        return Err("another thing than the subscription asked for".to_owned());
    }
    if raw.status != "canceled" {
        return Ok(None);
    }
    let at = raw.ended_at.or(raw.canceled_at).map(object::instant);
    at.transpose().map(Some)
}

fn into_said(said: Result<ProviderRefund, Trouble>) -> ProviderSaid {
    match said {
        Ok(refund) => ProviderSaid::Refund(refund),
        Err(Trouble::Refused { why, words, .. }) => ProviderSaid::Refused { why, words },
        Err(Trouble::Unknown { seen }) => ProviderSaid::Unknown { seen },
    }
}

/// For looks at a refund that exists: whatever the provider would not say, it does not say that no money moved.
fn known_or_not(said: Result<ProviderRefund, Unread>) -> ProviderSaid {
    match said {
        Ok(refund) => ProviderSaid::Refund(refund),
        Err(unread) => ProviderSaid::Unknown {
            seen: unread.to_string(),
        },
    }
}
