// SPDX-License-Identifier: MIT OR Apache-2.0
//! Money in: customers, payment intents and charges.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::money::{card_fee, currency, shown};
use super::problem::Problem;
use super::table::{Page, Row, joined, list};
use super::world::{Due, World, unknown};

/// Names and values of ours, kept by the provider.
pub type Metadata = BTreeMap<String, String>;

/// The largest amount of a payment.
const LARGEST: i64 = 99_999_999;

/// Who pays.
#[derive(Clone, Debug)]
pub struct Customer {
    id: String,
    created: i64,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    description: Option<String>,
    metadata: Metadata,
    pub(super) balance: i64,
}

/// A payment on its way.
#[derive(Clone, Debug)]
pub struct Intent {
    id: String,
    created: i64,
    secret: String,
    amount: i64,
    currency: String,
    customer: Option<String>,
    description: Option<String>,
    receipt_email: Option<String>,
    metadata: Metadata,
    by_hand: bool,
    method: Option<String>,
    status: &'static str,
    canceled_at: Option<i64>,
    error: Option<Value>,
    charge: Option<String>,
}

/// A payment.
#[derive(Clone, Debug)]
pub struct Charge {
    pub(super) id: String,
    created: i64,
    pub(super) intent: Option<String>,
    pub(super) amount: i64,
    pub(super) captured: i64,
    // INVARIANT (refunded is at most captured): kept where refunds are made.
    pub(super) refunded: i64,
    pub(super) currency: String,
    pub(super) customer: Option<String>,
    description: Option<String>,
    receipt_email: Option<String>,
    metadata: Metadata,
    pub(super) card: Card,
    method: String,
    transaction: Option<String>,
    failure: Option<(String, String)>,
    pub(super) disputed: bool,
    pub(super) refunds: Vec<usize>,
}

macro_rules! row {
    ($type:ty, $noun:literal) => {
        impl Row for $type {
            const NOUN: &'static str = $noun;
            fn id(&self) -> &str {
                &self.id
            }
            fn created(&self) -> i64 {
                self.created
            }
        }
    };
}
row!(Customer, "customer");
row!(Intent, "payment_intent");
row!(Charge, "charge");

/// What Stripe's test cards do, by the names of their payment methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// It pays.
    Plain,
    /// Its refunds are pending first.
    PendingRefund,
    /// Its refunds succeed and fail later.
    FailingRefund,
    /// Its refunds need the customer.
    RefundNeedsCustomer,
    /// Its payments are disputed at once.
    Disputed {
        /// Why.
        reason: &'static str,
        /// Whether the bank only asks.
        inquiry: bool,
    },
    /// It does not pay.
    Declined {
        /// `decline_code`.
        why: &'static str,
    },
}

impl Card {
    fn of(method: &str) -> Self {
        let name = method
            .trim_start_matches("pm_card_")
            .trim_start_matches("tok_");
        match name {
            "pendingRefund" => Self::PendingRefund,
            "refundFail" => Self::FailingRefund,
            "refundNeedsCustomer" => Self::RefundNeedsCustomer,
            "createDispute" => Self::Disputed {
                reason: "fraudulent",
                inquiry: false,
            },
            "createDisputeProductNotReceived" => Self::Disputed {
                reason: "product_not_received",
                inquiry: false,
            },
            "createDisputeInquiry" => Self::Disputed {
                reason: "fraudulent",
                inquiry: true,
            },
            "chargeDeclined" | "visa_chargeDeclined" => Self::Declined {
                why: "generic_decline",
            },
            "chargeDeclinedInsufficientFunds" | "visa_chargeDeclinedInsufficientFunds" => {
                Self::Declined {
                    why: "insufficient_funds",
                }
            }
            _ => Self::Plain,
        }
    }
}

/// What a payment is made of, wherever it comes from.
#[derive(Clone, Debug, Default)]
pub struct Sale {
    /// The name of the charge, where the caller wants a certain one.
    pub charge: Option<String>,
    /// The payment intent.
    pub intent: Option<String>,
    /// When; now where nothing is said.
    pub created: Option<i64>,
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// Who.
    pub customer: Option<String>,
    /// For what.
    pub description: Option<String>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// Names and values of ours.
    pub metadata: Metadata,
    /// The name of a test card.
    pub method: String,
    /// Whether the money is only held.
    pub held: bool,
}

impl World {
    pub(super) fn payment_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Post, ["customers"]) => self.create_customer(params),
            (Method::Get, ["customers"]) => self.list_customers(params),
            (Method::Get, ["customers", id]) => {
                params.finish()?;
                Ok(self.customers.named(id)?.value())
            }
            (Method::Post, ["customers", id]) => self.update_customer(id, params),
            (_, ["payment_intents", ..]) => self.intent_calls(method, segments, params),
            (Method::Post, ["charges"]) => self.create_charge(params),
            (Method::Get, ["charges"]) => self.list_charges(params),
            (Method::Get, ["charges", "search"]) => self.search_charges(params),
            (Method::Get, ["charges", id]) => {
                params.finish()?;
                Ok(self.charges.named(id)?.value())
            }
            (Method::Post, ["charges", id]) => self.update_charge(id, params),
            (Method::Post, ["charges", id, "capture"]) => self.capture_charge(id, params),
            (_, ["charges", id, "refunds", rest @ ..]) => {
                self.refunds_below(method, id, rest, segments, params)
            }
            _ => Err(unknown(method, segments)),
        }
    }

    fn intent_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Post, ["payment_intents"]) => self.create_intent(params),
            (Method::Get, ["payment_intents"]) => self.list_intents(params),
            (Method::Get, ["payment_intents", id]) => {
                params.finish()?;
                Ok(self.intents.named(id)?.value(self))
            }
            (Method::Post, ["payment_intents", id]) => self.update_intent(id, params),
            (Method::Post, ["payment_intents", id, "confirm"]) => self.confirm_intent(id, params),
            (Method::Post, ["payment_intents", id, "capture"]) => self.capture_intent(id, params),
            (Method::Post, ["payment_intents", id, "cancel"]) => self.cancel_intent(id, params),
            _ => Err(unknown(method, segments)),
        }
    }

    fn create_customer(&mut self, mut params: Params) -> Result<Value, Problem> {
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        params.ignore(&[
            "payment_method",
            "source",
            "address",
            "shipping",
            "invoice_settings",
        ]);
        params.ignore(&["preferred_locales", "tax_exempt"]);
        let mut customer = Customer {
            id: String::new(),
            created: self.now,
            name: params.text("name")?,
            email: params.text("email")?,
            phone: params.text("phone")?,
            description: params.text("description")?,
            metadata,
            balance: params.integer("balance")?.unwrap_or(0),
        };
        params.finish()?;
        customer.id = self.random.id("cus");
        let value = customer.value();
        self.customers.add(customer);
        Ok(value)
    }

    fn update_customer(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut customer = self.customers.named(id)?.clone();
        params.metadata(&mut customer.metadata)?;
        for (name, place) in [
            ("name", &mut customer.name),
            ("email", &mut customer.email),
            ("phone", &mut customer.phone),
            ("description", &mut customer.description),
        ] {
            if let Some(text) = params.text(name)? {
                *place = (!text.is_empty()).then_some(text);
            }
        }
        params.finish()?;
        let value = customer.value();
        *self.customers.named_mut(id)? = customer;
        Ok(value)
    }

    fn list_customers(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let email = params.text("email")?;
        params.finish()?;
        let fits = |row: &Customer| email.is_none() || email == row.email;
        let (rows, more) = self.customers.page(&page, None, fits)?;
        let rows = rows.into_iter().map(Customer::value).collect();
        Ok(list("/v1/customers", rows, more))
    }

    fn known_customer(&self, params: &mut Params) -> Result<Option<String>, Problem> {
        let id = params.text("customer")?.filter(|id| !id.is_empty());
        match id {
            Some(id) if self.customers.get(&id).is_none() => {
                Err(Problem::missing_param("customer", &id, "customer"))
            }
            other => Ok(other),
        }
    }

    fn create_intent(&mut self, mut params: Params) -> Result<Value, Problem> {
        let amount = asked_amount(&mut params)?;
        let currency = currency(&params.required("currency")?)?;
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        let customer = self.known_customer(&mut params)?;
        let confirm = params.flag("confirm")?.unwrap_or(false);
        let capture = params.word(
            "capture_method",
            &["automatic", "automatic_async", "manual"],
        )?;
        params.ignore(&[
            "automatic_payment_methods",
            "payment_method_types",
            "off_session",
        ]);
        params.ignore(&["return_url", "setup_future_usage", "payment_method_options"]);
        params.ignore(&[
            "statement_descriptor",
            "statement_descriptor_suffix",
            "shipping",
        ]);
        params.ignore(&["confirmation_method", "error_on_requires_action"]);
        let method = params.text("payment_method")?;
        let description = params.text("description")?;
        let receipt_email = params.text("receipt_email")?;
        params.finish()?;
        let id = self.random.id("pi");
        let secret = self.random.id(&format!("{id}_secret"));
        let intent = Intent {
            created: self.now,
            secret,
            amount,
            currency,
            customer,
            description,
            receipt_email,
            metadata,
            by_hand: capture.as_deref() == Some("manual"),
            status: if method.is_some() {
                "requires_confirmation"
            } else {
                "requires_payment_method"
            },
            method,
            canceled_at: None,
            error: None,
            charge: None,
            id: id.clone(),
        };
        self.intents.add(intent);
        if confirm {
            self.pay_intent(&id)?;
        }
        Ok(self.intents.named(&id)?.value(self))
    }

    fn confirm_intent(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let method = params.text("payment_method")?;
        params.ignore(&["return_url", "off_session", "setup_future_usage"]);
        params.ignore(&["payment_method_options", "payment_method_types"]);
        params.finish()?;
        if method.is_some() {
            self.intents.named_mut(id)?.method = method;
        }
        self.pay_intent(id)?;
        Ok(self.intents.named(id)?.value(self))
    }

    fn pay_intent(&mut self, id: &str) -> Result<(), Problem> {
        let intent = self.intents.named(id)?.clone();
        if !["requires_payment_method", "requires_confirmation"].contains(&intent.status) {
            return Err(wrong_state(
                &intent,
                "You cannot confirm this PaymentIntent",
            ));
        }
        let Some(method) = intent.method.clone() else {
            return Err(wrong_state(
                &intent,
                "You cannot confirm this PaymentIntent without a payment method",
            ));
        };
        let sale = Sale {
            intent: Some(id.to_owned()),
            amount: intent.amount,
            currency: intent.currency,
            customer: intent.customer,
            description: intent.description,
            receipt_email: intent.receipt_email,
            metadata: intent.metadata,
            method,
            held: intent.by_hand,
            ..Sale::default()
        };
        let outcome = self.sell(sale);
        let intent = self.intents.named_mut(id)?;
        match outcome {
            Ok(charge) => {
                intent.status = if intent.by_hand {
                    "requires_capture"
                } else {
                    "succeeded"
                };
                intent.charge = Some(charge);
                Ok(())
            }
            Err(mut problem) => {
                intent.status = "requires_payment_method";
                intent.method = None;
                let error = problem.body("")["error"].clone();
                intent.error = Some(error);
                let value = self.intents.named(id)?.value(self);
                problem.more.insert("payment_intent".to_owned(), value);
                Err(problem)
            }
        }
    }

    fn capture_intent(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let amount = params.positive("amount_to_capture")?;
        params.ignore(&["final_capture", "metadata"]);
        params.finish()?;
        let intent = self.intents.named(id)?;
        let charge = intent
            .charge
            .clone()
            .filter(|_| intent.status == "requires_capture")
            .ok_or_else(|| wrong_state(intent, "This PaymentIntent could not be captured"))?;
        self.capture(&charge, amount)?;
        self.intents.named_mut(id)?.status = "succeeded";
        Ok(self.intents.named(id)?.value(self))
    }

    fn cancel_intent(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        params.ignore(&["cancellation_reason"]);
        params.finish()?;
        let now = self.now;
        let intent = self.intents.named_mut(id)?;
        if ["succeeded", "canceled"].contains(&intent.status) {
            return Err(wrong_state(intent, "You cannot cancel this PaymentIntent"));
        }
        intent.status = "canceled";
        intent.canceled_at = Some(now);
        Ok(self.intents.named(id)?.value(self))
    }

    fn update_intent(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut metadata = self.intents.named(id)?.metadata.clone();
        params.metadata(&mut metadata)?;
        let description = params.text("description")?;
        params.finish()?;
        let intent = self.intents.named_mut(id)?;
        intent.metadata = metadata;
        intent.description = description.or(intent.description.take());
        Ok(self.intents.named(id)?.value(self))
    }

    fn list_intents(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let customer = params.text("customer")?;
        params.finish()?;
        let fits = |row: &Intent| customer.is_none() || customer == row.customer;
        let (rows, more) = self.intents.page(&page, None, fits)?;
        let rows = rows.into_iter().map(|row| row.value(self)).collect();
        Ok(list("/v1/payment_intents", rows, more))
    }

    fn create_charge(&mut self, mut params: Params) -> Result<Value, Problem> {
        let amount = asked_amount(&mut params)?;
        let currency = currency(&params.required("currency")?)?;
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        let sale = Sale {
            amount,
            currency,
            metadata,
            customer: self.known_customer(&mut params)?,
            description: params.text("description")?,
            receipt_email: params.text("receipt_email")?,
            method: params.text("source")?.unwrap_or_default(),
            held: params.flag("capture")? == Some(false),
            ..Sale::default()
        };
        params.ignore(&[
            "statement_descriptor",
            "statement_descriptor_suffix",
            "shipping",
        ]);
        params.finish()?;
        if sale.method.is_empty() && sale.customer.is_none() {
            let message = "Must provide source or customer.".to_owned();
            return Err(Problem::unclear("parameter_missing", "source", message));
        }
        let id = self.sell(sale)?;
        Ok(self.charges.named(&id)?.value())
    }

    /// Takes a payment and gives the name of the charge.
    ///
    /// # Errors
    /// When the card does not pay.
    pub fn sell(&mut self, sale: Sale) -> Result<String, Problem> {
        let id = sale.charge.clone().unwrap_or_else(|| self.random.id("ch"));
        let method = self.random.id("pm");
        let card = Card::of(&sale.method);
        let failure = match card {
            Card::Declined { why } => Some(("card_declined".to_owned(), why.to_owned())),
            _ => None,
        };
        let declined = failure.is_some();
        self.charges.add(Charge {
            id: id.clone(),
            created: sale.created.unwrap_or(self.now),
            intent: sale.intent,
            amount: sale.amount,
            captured: 0,
            refunded: 0,
            currency: sale.currency,
            customer: sale.customer,
            description: sale.description,
            receipt_email: sale.receipt_email,
            metadata: sale.metadata,
            card,
            method,
            transaction: None,
            failure,
            disputed: false,
            refunds: Vec::new(),
        });
        if let (true, Card::Declined { why }) = (declined, card) {
            self.tell_of_charge("charge.failed", &id);
            let mut problem = Problem::declined(why, "Your card was declined.");
            problem.more.insert("charge".to_owned(), id.into());
            return Err(problem);
        }
        if !sale.held {
            self.take_money(&id, sale.amount)?;
        }
        self.tell_of_charge("charge.succeeded", &id);
        if let Card::Disputed { reason, inquiry } = card {
            let charge = id.clone();
            self.later(
                self.now.saturating_add(1),
                Due::Disputed {
                    charge,
                    reason,
                    inquiry,
                },
            );
        }
        Ok(id)
    }

    /// Takes a payment by way of an intent, and gives the name of the intent.
    ///
    /// # Errors
    /// When the card does not pay.
    pub fn paid_intent(&mut self, mut sale: Sale) -> Result<String, Problem> {
        let id = sale.intent.clone().unwrap_or_else(|| self.random.id("pi"));
        sale.intent = Some(id.clone());
        let secret = self.random.id(&format!("{id}_secret"));
        let charge = self.sell(sale.clone())?;
        self.intents.add(Intent {
            id: id.clone(),
            created: sale.created.unwrap_or(self.now),
            secret,
            amount: sale.amount,
            currency: sale.currency,
            customer: sale.customer,
            description: sale.description,
            receipt_email: sale.receipt_email,
            metadata: sale.metadata,
            by_hand: false,
            method: Some(sale.method),
            status: "succeeded",
            canceled_at: None,
            error: None,
            charge: Some(charge),
        });
        Ok(id)
    }

    fn take_money(&mut self, id: &str, amount: i64) -> Result<(), Problem> {
        let charge = self.charges.named(id)?;
        let currency = charge.currency.clone();
        let description = charge.description.clone().unwrap_or_default();
        let movement = (amount, card_fee(amount), currency.as_str());
        let transaction = self.book(movement, ("charge", "charge"), id, &description);
        let charge = self.charges.named_mut(id)?;
        charge.captured = amount;
        charge.transaction = Some(transaction);
        Ok(())
    }

    fn capture(&mut self, id: &str, amount: Option<i64>) -> Result<(), Problem> {
        let charge = self.charges.named(id)?;
        if charge.captured > 0 {
            let message = format!("Charge {id} has already been captured.");
            return Err(Problem::refused("charge_already_captured", "", message));
        }
        let amount = amount.unwrap_or(charge.amount);
        if amount > charge.amount {
            let message = format!(
                "The amount to capture ({}) is greater than the authorized amount ({}).",
                shown(amount, &charge.currency),
                shown(charge.amount, &charge.currency)
            );
            let param = "amount_to_capture";
            return Err(Problem::refused("amount_too_large", param, message));
        }
        self.take_money(id, amount)?;
        self.tell_of_charge("charge.captured", id);
        Ok(())
    }

    fn capture_charge(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let amount = params.positive("amount")?;
        params.finish()?;
        self.capture(id, amount)?;
        Ok(self.charges.named(id)?.value())
    }

    fn update_charge(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut metadata = self.charges.named(id)?.metadata.clone();
        params.metadata(&mut metadata)?;
        let description = params.text("description")?;
        params.finish()?;
        let charge = self.charges.named_mut(id)?;
        charge.metadata = metadata;
        charge.description = description.or(charge.description.take());
        Ok(charge.value())
    }

    fn list_charges(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let customer = params.text("customer")?;
        let intent = params.text("payment_intent")?;
        params.finish()?;
        let until = self.seen_until();
        let fits = |row: &Charge| {
            row.created <= until
                && (customer.is_none() || customer == row.customer)
                && (intent.is_none() || intent == row.intent)
        };
        let (rows, more) = self.charges.page(&page, None, fits)?;
        let rows = rows.into_iter().map(Charge::value).collect();
        Ok(list("/v1/charges", rows, more))
    }

    /// Up to when a reader sees the world.
    pub(super) fn seen_until(&self) -> i64 {
        if self.stale_by > 0 {
            self.now.saturating_sub(self.stale_by)
        } else {
            i64::MAX
        }
    }

    /// A small part of Stripe's search: `metadata["name"]:"value"`, joined with `AND`.
    fn search_charges(&mut self, mut params: Params) -> Result<Value, Problem> {
        let query = params.required("query")?;
        let limit = params.integer("limit")?.unwrap_or(10);
        params.ignore(&["page"]);
        params.finish()?;
        let terms = terms(&query)?;
        let until = self.seen_until();
        let fits = |row: &&Charge| {
            row.created <= until
                && terms
                    .iter()
                    .all(|(name, value)| row.metadata.get(name) == Some(value))
        };
        let limit = usize::try_from(limit).unwrap_or(10);
        let data: Vec<Value> = self
            .charges
            .iter()
            .filter(fits)
            .map(Charge::value)
            .take(limit)
            .collect();
        Ok(json!({
            "object": "search_result",
            "url": "/v1/charges/search",
            "data": data,
            "has_more": false,
            "next_page": null,
        }))
    }

    pub(super) fn tell_of_charge(&mut self, kind: &'static str, id: &str) {
        if self.is_watched()
            && let Some(charge) = self.charges.get(id)
        {
            let value = charge.value();
            self.emit(kind, value, None);
        }
    }
}

fn terms(query: &str) -> Result<Vec<(String, String)>, Problem> {
    query
        .split(" AND ")
        .map(|term| {
            let (name, value) = term.trim().split_once(':')?;
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            let bare = |text: &str| text.trim_matches(['"', '\'']).to_owned();
            Some((bare(name), bare(value)))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| {
            let message = format!("We were unable to parse your search query: {query}");
            Problem::unclear("", "query", message)
        })
}

fn asked_amount(params: &mut Params) -> Result<i64, Problem> {
    let amount = params.positive("amount")?.ok_or_else(|| {
        let message = "Missing required param: amount.".to_owned();
        Problem::unclear("parameter_missing", "amount", message)
    })?;
    if amount > LARGEST {
        let message = "Amount must be no more than 999,999.99".to_owned();
        return Err(Problem::unclear("amount_too_large", "amount", message));
    }
    Ok(amount)
}

fn wrong_state(intent: &Intent, what: &str) -> Problem {
    Problem::refused(
        "payment_intent_unexpected_state",
        "",
        format!("{what} because it has a status of {}.", intent.status),
    )
}

fn no_address() -> Value {
    json!({
        "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null
    })
}

impl Customer {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({
            "id": self.id,
            "object": "customer",
            "address": null,
            "balance": self.balance,
            "created": self.created,
            "currency": null,
            "default_source": null,
            "delinquent": false,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_prefix": self.id.get(4..11).map(str::to_uppercase),
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": null,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": self.metadata,
            "name": self.name,
            "next_invoice_sequence": 1,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        })
    }
}

impl Intent {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self, world: &World) -> Value {
        let charge = self.charge.as_ref().and_then(|id| world.charges.get(id));
        let capturable = if self.status == "requires_capture" {
            self.amount
        } else {
            0
        };
        let first = json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": capturable,
            "amount_details": { "tip": {} },
            "amount_received": charge.map_or(0, |charge| charge.captured),
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": self.canceled_at,
            "cancellation_reason": null,
            "capture_method": if self.by_hand { "manual" } else { "automatic" },
            "client_secret": self.secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": self.error,
            "latest_charge": self.charge,
        });
        let second = json!({
            "livemode": false,
            "managed_payments": { "enabled": false },
            "metadata": self.metadata,
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": charge.map(|charge| &charge.method).or(self.method.as_ref()),
            "payment_method_configuration_details": null,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": null,
        });
        joined(first, second)
    }
}

impl Charge {
    /// How much can still go back.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.captured - self.refunded
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let failed = self.failure.is_some();
        let first = json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.captured,
            "amount_refunded": self.refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": self.transaction,
            "billing_details": {
                "address": no_address(), "email": null, "name": null, "phone": null, "tax_id": null,
            },
            "calculated_statement_descriptor": "SANDBOX",
            "captured": self.captured > 0,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": self.failure.as_ref().map(|(code, _)| code),
            "failure_message": failed.then_some("Your card was declined."),
            "fraud_details": {},
        });
        let second = json!({
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": self.outcome(),
            "paid": !failed,
            "payment_intent": self.intent,
            "payment_method": self.method,
            "payment_method_details": self.details(),
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": self.captured > 0 && self.refunded == self.captured,
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": if failed { "failed" } else { "succeeded" },
            "transfer_data": null,
            "transfer_group": null,
        });
        joined(first, second)
    }

    fn outcome(&self) -> Value {
        let declined = self.failure.as_ref().map(|(_, why)| why);
        json!({
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": if declined.is_some() { "declined_by_network" } else { "approved_by_network" },
            "reason": declined,
            "seller_message": if declined.is_some() { "The bank did not pay." } else { "Payment complete." },
            "type": if declined.is_some() { "issuer_declined" } else { "authorized" },
        })
    }

    fn details(&self) -> Value {
        json!({
            "type": "card",
            "card": {
                "amount_authorized": self.amount,
                "authorization_code": null,
                "brand": "visa",
                "checks": {
                    "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass",
                },
                "country": "US",
                "exp_month": 12,
                "exp_year": 2034,
                "extended_authorization": { "status": "disabled" },
                "fingerprint": "sandboxSandbox42",
                "funding": "credit",
                "incremental_authorization": { "status": "unavailable" },
                "installments": null,
                "last4": "4242",
                "mandate": null,
                "multicapture": { "status": "unavailable" },
                "network": "visa",
                "network_token": { "used": false },
                "network_transaction_id": null,
                "overcapture": { "maximum_amount_capturable": self.amount, "status": "unavailable" },
                "regulated_status": "unregulated",
                "three_d_secure": null,
                "transaction_link_id": null,
                "wallet": null,
            },
        })
    }
}
