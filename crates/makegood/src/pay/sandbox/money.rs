// SPDX-License-Identifier: MIT OR Apache-2.0
//! The provider's own account of us: what came in, what went out, what is left.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::problem::Problem;
use super::table::{Page, Row, list};
use super::world::{World, unknown};

/// One movement of the balance.
#[derive(Clone, Debug)]
pub struct Transaction {
    id: String,
    created: i64,
    amount: i64,
    fee: i64,
    currency: String,
    kind: &'static str,
    category: &'static str,
    source: String,
    description: String,
}

impl Row for Transaction {
    const NOUN: &'static str = "balance transaction";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

/// What happens to a refund for which the balance does not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenShort {
    /// It is refused with `balance_insufficient`.
    Refuse,
    /// It is pending until there is money.
    Wait,
}

impl World {
    /// Books a movement and gives its name.
    pub(super) fn book(
        &mut self,
        (amount, fee, currency): (i64, i64, &str),
        (kind, category): (&'static str, &'static str),
        source: &str,
        description: &str,
    ) -> String {
        let id = self.random.id("txn");
        *self.balance.entry(currency.to_owned()).or_default() += amount - fee;
        self.transactions.add(Transaction {
            id: id.clone(),
            created: self.now,
            amount,
            fee,
            currency: currency.to_owned(),
            kind,
            category,
            source: source.to_owned(),
            description: description.to_owned(),
        });
        id
    }

    /// What the rule says about a refund of this amount; nothing where there is enough, or no rule.
    pub(super) fn short_of(&self, amount: i64, currency: &str) -> Option<WhenShort> {
        let rule = self.balance_rule?;
        let there = self.balance.get(currency).copied().unwrap_or_default();
        (there < amount).then_some(rule)
    }

    pub(super) fn money_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        mut params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Get, ["balance"]) => {
                params.finish()?;
                Ok(self.balance_value())
            }
            (Method::Get, ["balance_transactions"]) => {
                let page = Page::take(&mut params)?;
                let source = params.text("source")?;
                let kind = params.text("type")?;
                let currency = params.text("currency")?;
                params.finish()?;
                let fits = |row: &Transaction| {
                    source.as_ref().is_none_or(|source| *source == row.source)
                        && kind.as_ref().is_none_or(|kind| kind == row.kind)
                        && currency.as_ref().is_none_or(|code| *code == row.currency)
                };
                let (rows, more) = self.transactions.page(&page, None, fits)?;
                let rows = rows.into_iter().map(Transaction::value).collect();
                Ok(list("/v1/balance_transactions", rows, more))
            }
            (Method::Get, ["balance_transactions", id]) => {
                params.finish()?;
                Ok(self.transactions.named(id)?.value())
            }
            _ => Err(unknown(method, segments)),
        }
    }

    fn balance_value(&self) -> Value {
        let available: Vec<Value> = self
            .balance
            .iter()
            .map(|(currency, amount)| {
                json!({ "amount": amount, "currency": currency, "source_types": { "card": amount } })
            })
            .collect();
        let nothing: Vec<Value> = self
            .balance
            .keys()
            .map(|currency| json!({ "amount": 0, "currency": currency, "source_types": { "card": 0 } }))
            .collect();
        json!({ "object": "balance", "available": available, "livemode": false, "pending": nothing })
    }
}

impl Transaction {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let fees = if self.fee == 0 {
            json!([])
        } else {
            json!([{
                "amount": self.fee,
                "application": null,
                "currency": self.currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }])
        };
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "exchange_rate": null,
            "fee": self.fee,
            "fee_details": fees,
            "net": self.amount - self.fee,
            "reporting_category": self.category,
            "source": self.source,
            "status": "available",
            "type": self.kind,
        })
    }
}

/// What a card payment costs: 1.5 % and 25 minor units, rounded down.
#[must_use]
pub fn card_fee(amount: i64) -> i64 {
    (amount * 15).div_euclid(1000) + 25
}

/// A currency that exists, in small letters.
///
/// # Errors
/// When there is none of this code.
pub fn currency(text: &str) -> Result<String, Problem> {
    if text.len() == 3 && iso_currency::Currency::from_code(&text.to_uppercase()).is_some() {
        return Ok(text.to_lowercase());
    }
    Err(Problem::unclear(
        "",
        "currency",
        format!("Invalid currency: {text}. It must be a three-letter ISO 4217 code"),
    ))
}

/// Money for a message: `$25.00`, `25.00 DKK`.
#[must_use]
pub fn shown(minor: i64, code: &str) -> String {
    let upper = code.to_uppercase();
    let digits = iso_currency::Currency::from_code(&upper)
        .and_then(iso_currency::Currency::exponent)
        .unwrap_or(2);
    let unit = 10_i64.pow(digits.into());
    let whole = minor.div_euclid(unit);
    let number = if digits == 0 {
        whole.to_string()
    } else {
        let width = usize::from(digits);
        format!("{whole}.{:0width$}", minor.rem_euclid(unit))
    };
    match upper.as_str() {
        "USD" => format!("${number}"),
        "EUR" => format!("€{number}"),
        "GBP" => format!("£{number}"),
        _ => format!("{number} {upper}"),
    }
}
