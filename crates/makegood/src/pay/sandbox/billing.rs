// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subscriptions: prices, renewals, invoices, and the payments of an invoice.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::money::currency;
use super::payments::{Metadata, Sale};
use super::problem::Problem;
use super::table::{Page, Row, joined, list};
use super::world::{Due, World, unknown};

/// What a period costs.
#[derive(Clone, Debug)]
pub struct Price {
    id: String,
    created: i64,
    product: String,
    currency: String,
    unit_amount: i64,
    interval: String,
    interval_count: i64,
    metadata: Metadata,
}

/// A part of a subscription.
#[derive(Clone, Debug)]
struct Item {
    id: String,
    price: Price,
    quantity: i64,
}

/// A subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    id: String,
    created: i64,
    customer: String,
    currency: String,
    items: Vec<Item>,
    status: &'static str,
    method: String,
    description: Option<String>,
    metadata: Metadata,
    period: (i64, i64),
    latest_invoice: Option<String>,
    ends_with_period: bool,
    canceled_at: Option<i64>,
    ended_at: Option<i64>,
    cancellation: (Option<String>, Option<String>),
}

/// A bill.
#[derive(Clone, Debug)]
pub struct Invoice {
    id: String,
    created: i64,
    customer: String,
    currency: String,
    subscription: String,
    item: String,
    reason: &'static str,
    period: (i64, i64),
    total: i64,
    paid: i64,
    payments: Vec<usize>,
}

/// What pays a bill.
#[derive(Clone, Debug)]
pub struct InvoicePayment {
    id: String,
    created: i64,
    invoice: String,
    currency: String,
    amount: i64,
    is_default: bool,
    means: Means,
}

#[derive(Clone, Debug)]
enum Means {
    Intent(String),
    Charge(String),
    Record(String),
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
row!(Price, "price");
row!(Subscription, "subscription");
row!(Invoice, "invoice");
row!(InvoicePayment, "invoice payment");

impl World {
    pub(super) fn billing_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Post, ["products"]) => self.create_product(params),
            (Method::Post, ["prices"]) => {
                let price = self.read_price(params)?;
                let value = price.value();
                self.prices.add(price);
                Ok(value)
            }
            (Method::Get, ["prices", id]) => {
                params.finish()?;
                Ok(self.prices.named(id)?.value())
            }
            (Method::Post, ["subscriptions"]) => self.create_subscription(params),
            (Method::Get, ["subscriptions"]) => self.list_subscriptions(params),
            (Method::Get, ["subscriptions", id]) => {
                params.finish()?;
                Ok(self.subscriptions.named(id)?.value())
            }
            (Method::Post, ["subscriptions", id]) => self.update_subscription(id, params),
            (Method::Delete, ["subscriptions", id]) => self.cancel_subscription(id, params),
            (Method::Get, ["invoices"]) => self.list_invoices(params),
            (Method::Get, ["invoices", id]) => {
                params.finish()?;
                Ok(self.invoices.named(id)?.value())
            }
            (Method::Get, ["invoice_payments"]) => self.list_invoice_payments(params),
            (Method::Get, ["invoice_payments", id]) => {
                params.finish()?;
                Ok(self.invoice_payments.named(id)?.value())
            }
            _ => Err(unknown(method, segments)),
        }
    }

    /// A product is but a name here.
    fn create_product(&mut self, mut params: Params) -> Result<Value, Problem> {
        let name = params.required("name")?;
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        let description = params.text("description")?;
        params.finish()?;
        Ok(json!({
            "id": self.random.id("prod"),
            "object": "product",
            "active": true,
            "created": self.now,
            "description": description,
            "images": [],
            "livemode": false,
            "metadata": metadata,
            "name": name,
            "type": "service",
            "updated": self.now,
        }))
    }

    /// A price: of `/v1/prices`, or of `price_data` in a subscription.
    fn read_price(&mut self, mut params: Params) -> Result<Price, Problem> {
        let currency = currency(&params.required("currency")?)?;
        let unit_amount = params.positive("unit_amount")?.ok_or_else(|| {
            let message = "Missing required param: unit_amount.".to_owned();
            Problem::unclear("parameter_missing", "unit_amount", message)
        })?;
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        let named = params.text("product")?;
        params.ignore(&["product_data", "nickname", "tax_behavior", "lookup_key"]);
        let mut recurring = params.inner("recurring")?.unwrap_or_default();
        let intervals = ["day", "week", "month", "year"];
        let interval = recurring.word("interval", &intervals)?;
        let interval_count = recurring.positive("interval_count")?.unwrap_or(1);
        recurring.ignore(&["usage_type"]);
        recurring.finish()?;
        params.finish()?;
        Ok(Price {
            id: self.random.id("price"),
            created: self.now,
            product: named.unwrap_or_else(|| self.random.id("prod")),
            currency,
            unit_amount,
            interval: interval.unwrap_or_else(|| "month".to_owned()),
            interval_count,
            metadata,
        })
    }

    fn read_items(&mut self, params: &mut Params) -> Result<Vec<Item>, Problem> {
        let mut items = Vec::new();
        for mut given in params.items("items")? {
            let quantity = given.positive("quantity")?.unwrap_or(1);
            let price = match given.text("price")? {
                Some(id) => {
                    let missing = || Problem::missing_param("price", &id, "items[0][price]");
                    self.prices.get(&id).cloned().ok_or_else(missing)?
                }
                None => {
                    let data = given.inner("price_data")?.unwrap_or_default();
                    self.read_price(data)?
                }
            };
            given.ignore(&["metadata"]);
            given.finish()?;
            let id = self.random.id("si");
            items.push(Item {
                id,
                price,
                quantity,
            });
        }
        Ok(items)
    }

    fn create_subscription(&mut self, mut params: Params) -> Result<Value, Problem> {
        let customer = params.required("customer")?;
        if self.customers.get(&customer).is_none() {
            return Err(Problem::missing_param("customer", &customer, "customer"));
        }
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        let method = params.text("default_payment_method")?.unwrap_or_default();
        let description = params.text("description")?;
        let ends_with_period = params.flag("cancel_at_period_end")?.unwrap_or(false);
        params.ignore(&["payment_behavior", "off_session", "collection_method"]);
        params.ignore(&["payment_settings", "proration_behavior"]);
        let items = self.read_items(&mut params)?;
        params.finish()?;
        let first = items.first().ok_or_else(|| {
            let message = "Missing required param: items.".to_owned();
            Problem::unclear("parameter_missing", "items", message)
        })?;
        let subscription = Subscription {
            id: self.random.id("sub"),
            created: self.now,
            customer,
            currency: first.price.currency.clone(),
            period: (self.now, self.now),
            items,
            status: "active",
            method,
            description,
            metadata,
            latest_invoice: None,
            ends_with_period,
            canceled_at: ends_with_period.then_some(self.now),
            ended_at: None,
            cancellation: (None, None),
        };
        let id = subscription.id.clone();
        self.subscriptions.add(subscription);
        self.tell_of_subscription("customer.subscription.created", &id);
        self.bill(&id, "subscription_create", &[], None)?;
        Ok(self.subscriptions.named(&id)?.value())
    }

    /// The next period begins now and is billed; in parts, where several amounts are given, the rest in one.
    ///
    /// # Errors
    /// When the subscription has ended, or the card does not pay.
    pub fn renew(
        &mut self,
        id: &str,
        parts: &[i64],
        means: Option<&str>,
    ) -> Result<String, Problem> {
        let subscription = self.subscriptions.named(id)?;
        if subscription.status != "active" {
            let message = format!("subscription {id} is {}", subscription.status);
            return Err(Problem::refused("", "", message));
        }
        if subscription.ends_with_period && subscription.period.1 <= self.now {
            self.end_subscription(id);
            return Err(Problem::refused(
                "",
                "",
                format!("subscription {id} has ended"),
            ));
        }
        self.bill(id, "subscription_cycle", parts, means)
    }

    fn bill(
        &mut self,
        id: &str,
        reason: &'static str,
        parts: &[i64],
        means: Option<&str>,
    ) -> Result<String, Problem> {
        let now = self.now;
        let subscription = self.subscriptions.named_mut(id)?;
        let end = subscription.period_end(now);
        subscription.period = (now, end);
        let total = subscription.total();
        let invoice = Invoice {
            id: self.random.id("in"),
            created: now,
            customer: subscription.customer.clone(),
            currency: subscription.currency.clone(),
            subscription: id.to_owned(),
            item: subscription
                .items
                .first()
                .map(|item| item.id.clone())
                .unwrap_or_default(),
            reason,
            period: (now, end),
            total,
            paid: 0,
            payments: Vec::new(),
        };
        let name = invoice.id.clone();
        subscription.latest_invoice = Some(name.clone());
        self.invoices.add(invoice);
        let subscription = id.to_owned();
        self.later(end, Due::Renews { subscription });
        let given: i64 = parts.iter().sum();
        let rest = (total - given > 0).then_some(total - given);
        for (place, amount) in parts.iter().copied().chain(rest).enumerate() {
            self.pay_invoice(&name, amount, place == 0, means)?;
        }
        self.tell_of_invoice("invoice.paid", &name);
        Ok(name)
    }

    fn pay_invoice(
        &mut self,
        id: &str,
        amount: i64,
        is_default: bool,
        means: Option<&str>,
    ) -> Result<(), Problem> {
        let invoice = self.invoices.named(id)?;
        let subscription = self.subscriptions.named(&invoice.subscription)?;
        let sale = Sale {
            amount,
            currency: invoice.currency.clone(),
            customer: Some(invoice.customer.clone()),
            description: Some("Subscription update".to_owned()),
            method: subscription.method.clone(),
            ..Sale::default()
        };
        let currency = invoice.currency.clone();
        let means = match means {
            Some("charge") => Means::Charge(self.sell(sale)?),
            Some("payment_record") => Means::Record(self.random.id("pr")),
            _ => Means::Intent(self.paid_intent(sale)?),
        };
        let payment = InvoicePayment {
            id: self.random.id("inpay"),
            created: self.now,
            invoice: id.to_owned(),
            currency,
            amount,
            is_default,
            means,
        };
        let place = self.invoice_payments.add(payment);
        let invoice = self.invoices.named_mut(id)?;
        invoice.paid += amount;
        invoice.payments.push(place);
        Ok(())
    }

    fn end_subscription(&mut self, id: &str) {
        let now = self.now;
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.status = "canceled";
            subscription.ended_at = Some(now);
            subscription.canceled_at = subscription.canceled_at.or(Some(now));
        }
        self.tell_of_subscription("customer.subscription.deleted", id);
    }

    /// Ends it now. With `prorate=true` the customer is credited what is left of the period.
    fn cancel_subscription(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let prorate = params.flag("prorate")?.unwrap_or(false);
        params.flag("invoice_now")?;
        let mut details = params.inner("cancellation_details")?.unwrap_or_default();
        let cancellation = (details.text("comment")?, details.text("feedback")?);
        details.finish()?;
        params.finish()?;
        let subscription = self.subscriptions.named(id)?;
        if subscription.status == "canceled" {
            return Err(Problem::missing("subscription", id, "id"));
        }
        let credit = if prorate {
            subscription.unused(self.now)
        } else {
            0
        };
        let customer = subscription.customer.clone();
        self.subscriptions.named_mut(id)?.cancellation = cancellation;
        if let Some(customer) = self.customers.get_mut(&customer) {
            customer.balance -= credit;
        }
        self.end_subscription(id);
        Ok(self.subscriptions.named(id)?.value())
    }

    fn update_subscription(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut next = self.subscriptions.named(id)?.clone();
        params.metadata(&mut next.metadata)?;
        if let Some(text) = params.text("description")? {
            next.description = Some(text);
        }
        if let Some(ends) = params.flag("cancel_at_period_end")? {
            next.ends_with_period = ends;
            next.canceled_at = ends.then_some(self.now);
        }
        params.ignore(&["proration_behavior"]);
        params.finish()?;
        if next.status == "canceled" {
            let message =
                "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(Problem::refused("", "", message.to_owned()));
        }
        *self.subscriptions.named_mut(id)? = next;
        self.tell_of_subscription("customer.subscription.updated", id);
        Ok(self.subscriptions.named(id)?.value())
    }

    fn list_subscriptions(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let customer = params.text("customer")?;
        let status = params.text("status")?;
        params.finish()?;
        let fits = |row: &Subscription| {
            let status_fits = match status.as_deref() {
                None => row.status != "canceled",
                Some("all") => true,
                Some("ended") => row.status == "canceled",
                Some(word) => word == row.status,
            };
            status_fits && customer.as_ref().is_none_or(|id| *id == row.customer)
        };
        let (rows, more) = self.subscriptions.page(&page, None, fits)?;
        let rows = rows.into_iter().map(Subscription::value).collect();
        Ok(list("/v1/subscriptions", rows, more))
    }

    fn list_invoices(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let customer = params.text("customer")?;
        let subscription = params.text("subscription")?;
        params.finish()?;
        let fits = |row: &Invoice| {
            customer.as_ref().is_none_or(|id| *id == row.customer)
                && subscription
                    .as_ref()
                    .is_none_or(|id| *id == row.subscription)
        };
        let (rows, more) = self.invoices.page(&page, None, fits)?;
        let rows = rows.into_iter().map(Invoice::value).collect();
        Ok(list("/v1/invoices", rows, more))
    }

    fn list_invoice_payments(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let invoice = params.text("invoice")?;
        let status = params.word("status", &["open", "paid", "canceled"])?;
        let mut payment = params.inner("payment")?.unwrap_or_default();
        payment.text("type")?;
        let intent = payment.text("payment_intent")?;
        payment.finish()?;
        params.finish()?;
        if let Some(id) = &invoice
            && self.invoices.get(id).is_none()
        {
            return Err(Problem::missing_param("invoice", id, "invoice"));
        }
        let fits = |row: &InvoicePayment| {
            let pays = match (&row.means, &intent) {
                (_, None) => true,
                (Means::Intent(id), Some(intent)) => id == intent,
                _ => false,
            };
            pays && status.as_deref().is_none_or(|word| word == "paid")
                && invoice.as_ref().is_none_or(|id| *id == row.invoice)
        };
        let (rows, more) = self.invoice_payments.page(&page, None, fits)?;
        let rows = rows.into_iter().map(InvoicePayment::value).collect();
        Ok(list("/v1/invoice_payments", rows, more))
    }

    /// The payments of an invoice, for `expand[]=payments`.
    pub(super) fn payments_of_invoice(&self, id: &str) -> Option<Value> {
        let invoice = self.invoices.get(id)?;
        let payments = invoice
            .payments
            .iter()
            .filter_map(|place| self.invoice_payments.at(*place))
            .map(InvoicePayment::value)
            .collect();
        Some(list("/v1/invoice_payments", payments, false))
    }

    fn tell_of_invoice(&mut self, kind: &'static str, id: &str) {
        if self.is_watched()
            && let Some(invoice) = self.invoices.get(id)
        {
            let value = invoice.value();
            self.emit(kind, value, None);
        }
    }

    fn tell_of_subscription(&mut self, kind: &'static str, id: &str) {
        if self.is_watched()
            && let Some(subscription) = self.subscriptions.get(id)
        {
            let value = subscription.value();
            self.emit(kind, value, None);
        }
    }
}

/// So many intervals later, by the calendar.
fn later_by(moment: i64, interval: &str, count: i64) -> Option<i64> {
    let count = count.clamp(1, 1000);
    let span = match interval {
        "day" => count.days(),
        "week" => count.weeks(),
        "year" => count.years(),
        _ => count.months(),
    };
    let start = Timestamp::from_second(moment).ok()?.to_zoned(TimeZone::UTC);
    Some(start.checked_add(span).ok()?.timestamp().as_second())
}

impl Price {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({
            "id": self.id,
            "object": "price",
            "active": true,
            "billing_scheme": "per_unit",
            "created": self.created,
            "currency": self.currency,
            "custom_unit_amount": null,
            "livemode": false,
            "lookup_key": null,
            "metadata": self.metadata,
            "nickname": null,
            "product": self.product,
            "recurring": {
                "interval": self.interval,
                "interval_count": self.interval_count,
                "meter": null,
                "trial_period_days": null,
                "usage_type": "licensed",
            },
            "tax_behavior": "unspecified",
            "tiers_mode": null,
            "transform_quantity": null,
            "type": "recurring",
            "unit_amount": self.unit_amount,
            "unit_amount_decimal": self.unit_amount.to_string(),
        })
    }
}

impl Subscription {
    /// What a look at everything tells of it.
    #[must_use]
    pub fn dump(&self) -> Value {
        json!({ "id": self.id, "status": self.status, "ended_at": self.ended_at })
    }
}

impl Subscription {
    fn total(&self) -> i64 {
        self.items
            .iter()
            .map(|item| item.price.unit_amount.saturating_mul(item.quantity))
            .sum()
    }

    fn period_end(&self, start: i64) -> i64 {
        let first = self.items.first();
        first
            .and_then(|item| later_by(start, &item.price.interval, item.price.interval_count))
            .unwrap_or(start + 30 * 86_400)
    }

    /// What is left of the period, rounded down.
    fn unused(&self, now: i64) -> i64 {
        let whole = (self.period.1 - self.period.0).max(1);
        let left = (self.period.1 - now).clamp(0, whole);
        let share = i128::from(self.total()) * i128::from(left) / i128::from(whole);
        i64::try_from(share).unwrap_or(0)
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let items: Vec<Value> = self
            .items
            .iter()
            .map(|item| self.item_value(item))
            .collect();
        let because = self.canceled_at.map(|_| "cancellation_requested");
        let (comment, feedback) = &self.cancellation;
        let first = json!({
            "id": self.id,
            "object": "subscription",
            "application": null,
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": self.created,
            "billing_cycle_anchor_config": null,
            "billing_schedules": [],
            "billing_mode": { "type": "classic" },
            "billing_thresholds": null,
            "cancel_at": self.ends_with_period.then_some(self.period.1),
            "cancel_at_period_end": self.ends_with_period,
            "canceled_at": self.canceled_at,
            "cancellation_details": { "comment": comment, "feedback": feedback, "reason": because },
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "days_until_due": null,
            "default_payment_method": null,
            "default_source": null,
        });
        let second = json!({
            "default_tax_rates": [],
            "description": self.description,
            "discounts": [],
            "ended_at": self.ended_at,
            "invoice_settings": {
                "account_tax_ids": null,
                "custom_fields": null,
                "description": null,
                "footer": null,
                "issuer": { "type": "self" },
            },
            "items": list(&format!("/v1/subscription_items?subscription={}", self.id), items, false),
            "latest_invoice": self.latest_invoice,
            "livemode": false,
            "managed_payments": { "enabled": false },
            "metadata": self.metadata,
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": null,
            "payment_settings": {
                "payment_method_options": null,
                "payment_method_types": null,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": null,
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": self.created,
            "status": self.status,
            "test_clock": null,
            "transfer_data": null,
            "trial_end": null,
            "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
            "trial_start": null,
        });
        joined(first, second)
    }

    fn item_value(&self, item: &Item) -> Value {
        let price = &item.price;
        json!({
            "id": item.id,
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": self.created,
            "current_period_end": self.period.1,
            "current_period_start": self.period.0,
            "discounts": [],
            "metadata": {},
            "plan": {
                "id": price.id,
                "object": "plan",
                "active": true,
                "amount": price.unit_amount,
                "amount_decimal": price.unit_amount.to_string(),
                "billing_scheme": "per_unit",
                "created": price.created,
                "currency": price.currency,
                "interval": price.interval,
                "interval_count": price.interval_count,
                "livemode": false,
                "metadata": {},
                "meter": null,
                "nickname": null,
                "product": price.product,
                "tiers_mode": null,
                "transform_usage": null,
                "trial_period_days": null,
                "usage_type": "licensed",
            },
            "price": price.value(),
            "quantity": item.quantity,
            "subscription": self.id,
            "tax_rates": [],
        })
    }
}

impl Invoice {
    fn line(&self) -> Value {
        json!({
            "id": format!("il_{}", self.id.trim_start_matches("in_")),
            "object": "line_item",
            "amount": self.total,
            "currency": self.currency,
            "description": "Subscription",
            "discount_amounts": [],
            "discountable": true,
            "discounts": [],
            "invoice": self.id,
            "livemode": false,
            "metadata": {},
            "parent": {
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": false,
                    "proration_details": { "credited_items": null },
                    "subscription": self.subscription,
                    "subscription_item": self.item,
                },
                "type": "subscription_item_details",
            },
            "period": { "end": self.period.1, "start": self.period.0 },
            "pretax_credit_amounts": [],
            "pricing": null,
            "quantity": 1,
            "quantity_decimal": "1",
            "subscription": self.subscription,
            "subtotal": self.total,
            "taxes": [],
        })
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let is_paid = self.paid >= self.total;
        let paid_at = is_paid.then_some(self.created);
        let lines = list(
            &format!("/v1/invoices/{}/lines", self.id),
            vec![self.line()],
            false,
        );
        let mut value = self.plain_value();
        value["lines"] = lines;
        value["status"] = json!(if is_paid { "paid" } else { "open" });
        value["status_transitions"] = json!({
            "finalized_at": self.created,
            "marked_uncollectible_at": null,
            "paid_at": paid_at,
            "voided_at": null,
        });
        value["parent"] = json!({
            "quote_details": null,
            "subscription_details": { "metadata": {}, "subscription": self.subscription },
            "type": "subscription_details",
        });
        value
    }

    fn plain_value(&self) -> Value {
        let first = json!({
            "id": self.id,
            "object": "invoice",
            "account_country": "DK",
            "account_name": "Sandbox",
            "account_tax_ids": null,
            "amount_due": self.total,
            "amount_overpaid": 0,
            "amount_paid": self.paid,
            "amount_remaining": self.total - self.paid,
            "amount_shipping": 0,
            "application": null,
            "attempt_count": 1,
            "attempted": true,
            "auto_advance": false,
            "automatic_tax": {
                "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
            },
            "automatically_finalizes_at": null,
            "billing_reason": self.reason,
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "custom_fields": null,
            "customer": self.customer,
            "customer_account": null,
            "customer_address": null,
            "customer_email": null,
            "customer_name": null,
            "customer_phone": null,
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
        });
        let second = json!({
            "default_payment_method": null,
            "default_source": null,
            "default_tax_rates": [],
            "description": null,
            "discounts": [],
            "due_date": null,
            "effective_at": self.created,
            "ending_balance": 0,
            "footer": null,
            "from_invoice": null,
            "hosted_invoice_url": null,
            "invoice_pdf": null,
            "issuer": { "type": "self" },
            "last_finalization_error": null,
            "latest_revision": null,
            "livemode": false,
            "metadata": {},
            "next_payment_attempt": null,
            "number": null,
            "on_behalf_of": null,
            "payment_settings": {
                "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
            },
            "period_end": self.period.0,
            "period_start": self.period.0,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "receipt_number": null,
            "rendering": null,
            "shipping_cost": null,
            "shipping_details": null,
            "starting_balance": 0,
            "statement_descriptor": null,
            "subtotal": self.total,
            "subtotal_excluding_tax": self.total,
            "test_clock": null,
            "total": self.total,
            "total_discount_amounts": [],
            "total_excluding_tax": self.total,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            "webhooks_delivered_at": null,
        });
        joined(first, second)
    }
}

impl InvoicePayment {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let payment = match &self.means {
            Means::Intent(id) => json!({ "payment_intent": id, "type": "payment_intent" }),
            Means::Charge(id) => json!({ "charge": id, "type": "charge" }),
            Means::Record(id) => json!({ "payment_record": id, "type": "payment_record" }),
        };
        json!({
            "id": self.id,
            "object": "invoice_payment",
            "amount_paid": self.amount,
            "amount_requested": self.amount,
            "created": self.created,
            "currency": self.currency,
            "invoice": self.invoice,
            "is_default": self.is_default,
            "livemode": false,
            "payment": payment,
            "status": "paid",
            "status_transitions": { "canceled_at": null, "paid_at": self.created },
        })
    }
}
