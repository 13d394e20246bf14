// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disputes: inquiries and chargebacks, their evidence, their end, and the money that goes with them.

use serde_json::{Map, Value, json};

use super::call::Method;
use super::form::Params;
use super::money::Transaction;
use super::payments::Metadata;
use super::problem::Problem;
use super::table::{Page, Row, list};
use super::world::{Due, World, unknown};

/// What a chargeback costs, in minor units.
pub const FEE: i64 = 1500;
/// How long one may answer.
const DAYS_TO_ANSWER: i64 = 14;
/// The most characters of one text, and of all.
const LONGEST_TEXT: usize = 20_000;
const LONGEST_TEXTS: usize = 150_000;
/// The most bytes of all files together, and the most pages.
const LARGEST_FILES: usize = 4_500_000;
const MOST_PAGES: usize = 49;

const TEXTS: [&str; 18] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
];

const FILES: [&str; 9] = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
];

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    id: String,
    created: i64,
    pub(super) charge: String,
    intent: Option<String>,
    pub(super) amount: i64,
    currency: String,
    reason: String,
    pub(super) status: &'static str,
    evidence: Map<String, Value>,
    due_by: i64,
    submissions: u64,
    metadata: Metadata,
    transactions: Vec<Transaction>,
    /// Whether the money is with the bank now.
    pub(super) withdrawn: bool,
}

impl Row for Dispute {
    const NOUN: &'static str = "dispute";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

/// The words for where a dispute stands.
pub const STATUSES: [&str; 10] = [
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
    "lost",
    "prevented",
];

impl Dispute {
    /// May the payment still be refunded, as far as this dispute goes?
    fn is_refundable(&self) -> bool {
        self.status.starts_with("warning_") || self.status == "won"
    }

    fn needs_response(&self) -> bool {
        self.status.ends_with("needs_response")
    }
}

impl World {
    pub(super) fn dispute_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Get, ["disputes"]) => self.list_disputes(params),
            (Method::Get, ["disputes", id]) => {
                params.finish()?;
                Ok(self.disputes.named(id)?.value(self.now))
            }
            (Method::Post, ["disputes", id]) => self.update_dispute(id, params),
            (Method::Post, ["disputes", id, "close"]) => {
                params.finish()?;
                self.close_dispute(id)
            }
            _ => Err(unknown(method, segments)),
        }
    }

    /// Is the payment charged back, so that it cannot be refunded?
    pub(super) fn is_charged_back(&self, charge: &str) -> bool {
        let disputed = self
            .charges
            .get(charge)
            .is_some_and(|charge| charge.disputed);
        disputed
            && self
                .disputes
                .iter()
                .any(|dispute| dispute.charge == charge && !dispute.is_refundable())
    }

    /// The bank disputes a payment.
    ///
    /// # Errors
    /// When the payment does not exist or less was captured.
    pub fn open_dispute(
        &mut self,
        charge: &str,
        amount: Option<i64>,
        reason: &str,
        inquiry: bool,
    ) -> Result<String, Problem> {
        let found = self.charges.named(charge)?;
        let amount = amount.unwrap_or(found.captured);
        if amount < 1 || amount > found.captured {
            let message = format!(
                "a dispute of {charge} can be about 1 to {} minor units",
                found.captured
            );
            return Err(Problem::refused("", "amount", message));
        }
        let (intent, currency) = (found.intent.clone(), found.currency.clone());
        let id = self.random.id("dp");
        let due_by = self.now + DAYS_TO_ANSWER * 86_400;
        self.disputes.add(Dispute {
            id: id.clone(),
            created: self.now,
            charge: charge.to_owned(),
            intent,
            amount,
            currency,
            reason: reason.to_owned(),
            status: if inquiry {
                "warning_needs_response"
            } else {
                "needs_response"
            },
            evidence: Map::new(),
            due_by,
            submissions: 0,
            metadata: Metadata::new(),
            transactions: Vec::new(),
            withdrawn: false,
        });
        if let Some(charge) = self.charges.get_mut(charge) {
            charge.disputed = true;
        }
        self.tell_of_dispute("charge.dispute.created", &id, None);
        if !inquiry {
            self.withdraw(&id);
        }
        let dispute = id.clone();
        self.later(due_by + 1, Due::EvidenceOver { dispute });
        Ok(id)
    }

    /// The bank takes the money, and a fee.
    fn withdraw(&mut self, id: &str) {
        let Some(dispute) = self.disputes.get(id).filter(|dispute| !dispute.withdrawn) else {
            return;
        };
        let (charge, currency) = (dispute.charge.clone(), dispute.currency.clone());
        let movement = (-dispute.amount, FEE, currency.as_str());
        let words = format!("Chargeback withdrawal for {charge}");
        let transaction = self.book(movement, ("adjustment", "dispute"), id, &words);
        let transaction = self.transactions.get(&transaction).cloned();
        if let Some(dispute) = self.disputes.get_mut(id) {
            dispute.transactions.extend(transaction);
            dispute.withdrawn = true;
        }
        self.tell_of_dispute("charge.dispute.funds_withdrawn", id, None);
    }

    /// The bank gives the money back.
    fn reinstate(&mut self, id: &str) {
        let Some(dispute) = self.disputes.get(id).filter(|dispute| dispute.withdrawn) else {
            return;
        };
        let (charge, currency) = (dispute.charge.clone(), dispute.currency.clone());
        let movement = (dispute.amount, 0, currency.as_str());
        let words = format!("Chargeback reversal for {charge}");
        let transaction = self.book(movement, ("adjustment", "dispute_reversal"), id, &words);
        let transaction = self.transactions.get(&transaction).cloned();
        if let Some(dispute) = self.disputes.get_mut(id) {
            dispute.transactions.extend(transaction);
            dispute.withdrawn = false;
        }
        self.tell_of_dispute("charge.dispute.funds_reinstated", id, None);
    }

    /// The bank moves a dispute on: any of Stripe's statuses, with the money that belongs to it.
    ///
    /// A lost dispute can be appealed and won later, and an inquiry can become a chargeback.
    ///
    /// # Errors
    /// When there is no such dispute or status.
    pub fn settle_dispute(&mut self, id: &str, status: &str) -> Result<(), Problem> {
        let next = STATUSES
            .into_iter()
            .find(|known| *known == status)
            .ok_or_else(|| {
                let message = format!("a dispute is one of {}", STATUSES.join(", "));
                Problem::unclear("", "status", message)
            })?;
        let before = self.disputes.named(id)?.status;
        if before == next {
            return Ok(());
        }
        let due_by = self.now + DAYS_TO_ANSWER * 86_400;
        let dispute = self.disputes.named_mut(id)?;
        dispute.status = next;
        let asks_again = dispute.needs_response();
        if asks_again {
            dispute.due_by = due_by;
        }
        match next {
            "won" | "warning_closed" => self.reinstate(id),
            "needs_response" | "under_review" | "lost" | "prevented" => self.withdraw(id),
            _ => {}
        }
        if asks_again {
            let dispute = id.to_owned();
            self.later(due_by + 1, Due::EvidenceOver { dispute });
        }
        let ended = ["won", "lost", "warning_closed", "prevented"].contains(&next);
        let previous = json!({ "status": before });
        if ended {
            self.tell_of_dispute("charge.dispute.closed", id, Some(previous));
        } else {
            self.tell_of_dispute("charge.dispute.updated", id, Some(previous));
        }
        Ok(())
    }

    /// Who does not answer loses; an inquiry without an answer is closed.
    pub(super) fn evidence_over(&mut self, id: &str) {
        let Some(dispute) = self.disputes.get(id) else {
            return;
        };
        if dispute.due_by >= self.now {
            return;
        }
        let end = match dispute.status {
            "warning_needs_response" => "warning_closed",
            "needs_response" | "appeal_needs_response" => "lost",
            _ => return,
        };
        self.settle_dispute(id, end).ok();
    }

    fn close_dispute(&mut self, id: &str) -> Result<Value, Problem> {
        let dispute = self.disputes.named(id)?;
        if dispute.status != "needs_response" {
            let message = format!(
                "This dispute cannot be closed because its status is {}.",
                dispute.status
            );
            return Err(Problem::refused("", "", message));
        }
        self.settle_dispute(id, "lost")?;
        Ok(self.disputes.named(id)?.value(self.now))
    }

    /// Evidence is staged with `submit=false`. Without it, it is submitted, once and for all.
    fn update_dispute(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut next = self.disputes.named(id)?.clone();
        params.metadata(&mut next.metadata)?;
        let submit = params.flag("submit")?.unwrap_or(true);
        let given = params.inner("evidence")?;
        params.finish()?;
        if let Some(given) = given {
            if !next.needs_response() || next.due_by < self.now {
                let message = format!(
                    "Evidence for this dispute can no longer be changed: its status is {}.",
                    next.status
                );
                return Err(Problem::refused("", "evidence", message));
            }
            self.take_evidence(&mut next.evidence, given)?;
        }
        let before = next.status;
        if submit && next.needs_response() && !next.evidence.is_empty() {
            next.submissions += 1;
            next.status = match before {
                "warning_needs_response" => "warning_under_review",
                "appeal_needs_response" => "appeal_under_review",
                _ => "under_review",
            };
        }
        let previous = (next.status != before).then(|| json!({ "status": before }));
        *self.disputes.named_mut(id)? = next;
        self.tell_of_dispute("charge.dispute.updated", id, previous);
        Ok(self.disputes.named(id)?.value(self.now))
    }

    fn take_evidence(
        &self,
        kept: &mut Map<String, Value>,
        mut given: Params,
    ) -> Result<(), Problem> {
        for name in TEXTS.into_iter().chain(FILES) {
            let Some(text) = given.text(name)? else {
                continue;
            };
            let param = format!("evidence[{name}]");
            if FILES.contains(&name) && !text.is_empty() {
                self.evidence_file(&text, &param)?;
            } else if text.chars().count() > LONGEST_TEXT {
                let message = format!("{param} can have up to {LONGEST_TEXT} characters.");
                return Err(Problem::unclear("", &param, message));
            }
            if text.is_empty() {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), text.into());
            }
        }
        if let Some(enhanced) = given.inner("enhanced_evidence")? {
            kept.insert("enhanced_evidence".to_owned(), enhanced.into_json());
        }
        given.finish()?;
        self.whole_evidence_fits(kept)
    }

    fn evidence_file(&self, id: &str, param: &str) -> Result<(), Problem> {
        let file = self
            .files
            .get(id)
            .ok_or_else(|| Problem::missing_param("file upload", id, param))?;
        if file.purpose == "dispute_evidence" {
            return Ok(());
        }
        let message = format!("{id} was not uploaded with the purpose dispute_evidence.");
        Err(Problem::unclear("", param, message))
    }

    fn whole_evidence_fits(&self, kept: &Map<String, Value>) -> Result<(), Problem> {
        let texts = kept
            .iter()
            .filter(|(name, _)| TEXTS.contains(&name.as_str()));
        let characters: usize = texts
            .filter_map(|(_, text)| Some(text.as_str()?.chars().count()))
            .sum();
        let files = || {
            let named = kept
                .iter()
                .filter(|(name, _)| FILES.contains(&name.as_str()));
            named.filter_map(|(_, id)| self.files.get(id.as_str()?))
        };
        let bytes: usize = files().map(|file| file.bytes.len()).sum();
        let pages: usize = files().map(super::files::File::pages).sum();
        let over = [
            (
                characters > LONGEST_TEXTS,
                format!("{LONGEST_TEXTS} characters of text"),
            ),
            (
                bytes > LARGEST_FILES,
                format!("{LARGEST_FILES} bytes of files"),
            ),
            (pages > MOST_PAGES, format!("{MOST_PAGES} pages of files")),
        ];
        match over.into_iter().find(|(is_over, _)| *is_over) {
            None => Ok(()),
            Some((_, limit)) => {
                let message = format!("The evidence of a dispute can have up to {limit}.");
                Err(Problem::unclear("", "evidence", message))
            }
        }
    }

    fn list_disputes(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let charge = params.text("charge")?;
        let intent = params.text("payment_intent")?;
        params.finish()?;
        let until = self.seen_until();
        let fits = |row: &Dispute| {
            row.created <= until
                && charge.as_ref().is_none_or(|charge| *charge == row.charge)
                && (intent.is_none() || intent == row.intent)
        };
        let (rows, more) = self.disputes.page(&page, None, fits)?;
        let rows = rows.into_iter().map(|row| row.value(self.now)).collect();
        Ok(list("/v1/disputes", rows, more))
    }

    fn tell_of_dispute(&mut self, kind: &'static str, id: &str, previous: Option<Value>) {
        if self.is_watched()
            && let Some(dispute) = self.disputes.get(id)
        {
            let value = dispute.value(self.now);
            self.emit(kind, value, previous);
        }
    }
}

impl Dispute {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self, now: i64) -> Value {
        let inquiry = self.status.starts_with("warning_");
        let transactions: Vec<Value> = self.transactions.iter().map(Transaction::value).collect();
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": self.evidence_value(),
            "evidence_details": {
                "due_by": self.due_by,
                "enhanced_eligibility": {},
                "has_evidence": !self.evidence.is_empty(),
                "past_due": now > self.due_by,
                "submission_count": self.submissions,
            },
            "is_charge_refundable": self.is_refundable(),
            "livemode": false,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": "visa",
                    "case_type": if inquiry { "inquiry" } else { "chargeback" },
                    "network": "visa",
                    "network_reason_code": network_code(&self.reason),
                },
            },
            "reason": self.reason,
            "status": self.status,
        })
    }

    fn evidence_value(&self) -> Value {
        let mut evidence: Map<String, Value> = TEXTS
            .into_iter()
            .chain(FILES)
            .map(|name| (name.to_owned(), Value::Null))
            .collect();
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        evidence.extend(self.evidence.clone());
        Value::Object(evidence)
    }
}

/// Visa's number for a reason.
fn network_code(reason: &str) -> &'static str {
    match reason {
        "fraudulent" => "10.4",
        "product_not_received" => "13.1",
        "subscription_canceled" => "13.2",
        "product_unacceptable" => "13.3",
        "credit_not_processed" => "13.6",
        "duplicate" => "12.6.1",
        _ => "13.7",
    }
}
