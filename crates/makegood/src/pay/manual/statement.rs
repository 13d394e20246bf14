// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the bank says became of transfers: statements (`camt.053`), notices (`camt.054`), rejections (`pain.002`), and CSV.
//!
//! Only what concerns us is read: our references, amounts, booked or not, and why something came back. Documents with a DTD are not read at all.

use jiff::civil::Date;
use makegood_desk::amount::Amount;
use makegood_desk::execution::{ProviderRefund, RefundStatus};
use roxmltree::{Document, Node, ParsingOptions};

use super::letters;

/// The largest file that is read.
pub const BYTES: usize = 64 << 20;
/// The most elements of one.
const ELEMENTS: u32 = 4_000_000;

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// One transfer, by its end-to-end reference.
    Transfer(String),
    /// All transfers of a batch.
    Batch(String),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The money has left.
    Paid,
    /// It came back: the account is closed, the number is nobody's.
    Returned {
        /// Why, in the bank's code or words.
        why: String,
    },
    /// It never left.
    Rejected {
        /// Why, in the bank's code or words.
        why: String,
    },
}

/// A line that concerns a transfer, maybe one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What it is about.
    pub about: About,
    /// What became of it.
    pub fate: Fate,
    /// How much, where the file says.
    pub amount: Option<Amount>,
    /// The day of the booking, where the file says.
    pub on: Option<Date>,
}

/// Reads what the bank sent, whichever of the forms it is.
///
/// # Errors
/// It is none of them, or a line of it cannot be read; then none of it counts.
pub fn read(bytes: &[u8]) -> Result<Vec<Movement>, String> {
    if bytes.len() > BYTES {
        return Err(format!(
            "the file is larger than {} MiB; ask the bank for a shorter period",
            BYTES >> 20
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| {
        "the file is not in UTF-8; ask the bank for UTF-8, or convert it".to_owned()
    })?;
    if text.trim_start().starts_with('<') {
        xml(text)
    } else {
        csv(text)
    }
}

fn xml(text: &str) -> Result<Vec<Movement>, String> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: ELEMENTS,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| format!("the file is not XML that can be read: {error}"))?;
    let root = document.root_element();
    let message = root.first_element_child();
    match message.map(|message| (message, message.tag_name().name())) {
        Some((message, "BkToCstmrStmt")) => entries(message, "Stmt"),
        Some((message, "BkToCstmrDbtCdtNtfctn")) => entries(message, "Ntfctn"),
        Some((message, "CstmrPmtStsRpt")) => rejections(message),
        _ => Err(
            "the file is neither a statement (camt.053), a notice (camt.054) nor a status report (pain.002)"
                .to_owned(),
        ),
    }
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    children(node, name).next()
}

fn children<'a>(node: Node<'a, 'a>, name: &str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children()
        .filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text at the end of a path.
fn at<'a>(node: Node<'a, 'a>, path: &[&str]) -> Option<&'a str> {
    let mut node = node;
    for name in path {
        node = child(node, name)?;
    }
    node.text().map(str::trim).filter(|text| !text.is_empty())
}

fn entries(message: Node<'_, '_>, name: &str) -> Result<Vec<Movement>, String> {
    let mut movements = Vec::new();
    for (place, entry) in message
        .children()
        .filter(|part| part.tag_name().name() == name)
        .flat_map(|part| {
            part.children()
                .filter(|part| part.tag_name().name() == "Ntry")
        })
        .enumerate()
    {
        entry_movements(entry, &mut movements)
            .map_err(|why| format!("entry {} of the file: {why}", place + 1))?;
    }
    Ok(movements)
}

fn entry_movements(entry: Node<'_, '_>, movements: &mut Vec<Movement>) -> Result<(), String> {
    // Older versions give the status as a text, newer ones as a code in it.
    let status = at(entry, &["Sts", "Cd"]).or_else(|| at(entry, &["Sts"]));
    if status != Some("BOOK") {
        return Ok(());
    }
    let on = at(entry, &["BookgDt", "Dt"])
        .or_else(|| at(entry, &["BookgDt", "DtTm"]).and_then(|text| text.get(..10)))
        .map(|text| text.parse().map_err(|_| "a day that is none".to_owned()))
        .transpose()?;
    let details: Vec<Node<'_, '_>> = entry
        .children()
        .filter(|part| part.tag_name().name() == "NtryDtls")
        .flat_map(|part| {
            part.children()
                .filter(|part| part.tag_name().name() == "TxDtls")
        })
        .collect();
    let alone = details.len() == 1;
    for detail in details {
        let Some(id) = at(detail, &["Refs", "EndToEndId"]) else {
            continue;
        };
        let Some(fate) = fate(entry, detail) else {
            continue;
        };
        movements.push(Movement {
            about: About::Transfer(id.to_owned()),
            fate,
            amount: amount(entry, detail, alone)?,
            on,
        });
    }
    Ok(())
}

/// What an entry says of a transfer that we sent; nothing for one that somebody else sent us.
fn fate(entry: Node<'_, '_>, detail: Node<'_, '_>) -> Option<Fate> {
    let side = at(detail, &["CdtDbtInd"]).or_else(|| at(entry, &["CdtDbtInd"]));
    let reversal = at(entry, &["RvslInd"]) == Some("true") || at(entry, &["RvslInd"]) == Some("1");
    let reason = at(detail, &["RtrInf", "Rsn", "Cd"])
        .or_else(|| at(detail, &["RtrInf", "Rsn", "Prtry"]))
        .or_else(|| at(detail, &["RtrInf", "AddtlInf"]));
    match side {
        Some("DBIT") if !reversal && reason.is_none() => Some(Fate::Paid),
        // Money that comes in under our own reference is our own money coming back.
        Some("CRDT") => Some(Fate::Returned {
            why: reason.unwrap_or("no reason given").to_owned(),
        }),
        _ => None,
    }
}

fn amount(
    entry: Node<'_, '_>,
    detail: Node<'_, '_>,
    alone: bool,
) -> Result<Option<Amount>, String> {
    let of_detail = child(detail, "Amt").or_else(|| {
        let details = child(detail, "AmtDtls")?;
        child(
            child(details, "TxAmt").or_else(|| child(details, "InstdAmt"))?,
            "Amt",
        )
    });
    let found = match of_detail {
        None if alone => child(entry, "Amt"),
        found => found,
    };
    let Some(found) = found else {
        return Ok(None);
    };
    let code = found.attribute("Ccy").unwrap_or_default();
    letters::amount(found.text().unwrap_or_default().trim(), code).map(Some)
}

fn rejections(message: Node<'_, '_>) -> Result<Vec<Movement>, String> {
    let mut movements = Vec::new();
    let mut rejected = |about: About, part: Node<'_, '_>, status: &[&str]| {
        if at(part, status) == Some("RJCT") {
            let why = at(part, &["StsRsnInf", "Rsn", "Cd"])
                .or_else(|| at(part, &["StsRsnInf", "Rsn", "Prtry"]))
                .or_else(|| at(part, &["StsRsnInf", "AddtlInf"]));
            movements.push(Movement {
                about,
                fate: Fate::Rejected {
                    why: why.unwrap_or("no reason given").to_owned(),
                },
                amount: None,
                on: None,
            });
        }
    };
    for part in message.children().filter(Node::is_element) {
        match part.tag_name().name() {
            "OrgnlGrpInfAndSts" => {
                if let Some(id) = at(part, &["OrgnlMsgId"]) {
                    rejected(About::Batch(id.to_owned()), part, &["GrpSts"]);
                }
            }
            "OrgnlPmtInfAndSts" => {
                if let Some(id) = at(part, &["OrgnlPmtInfId"]) {
                    rejected(About::Batch(id.to_owned()), part, &["PmtInfSts"]);
                }
                for one in part
                    .children()
                    .filter(|one| one.tag_name().name() == "TxInfAndSts")
                {
                    if let Some(id) = at(one, &["OrgnlEndToEndId"]) {
                        rejected(About::Transfer(id.to_owned()), one, &["TxSts"]);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(movements)
}

/// The columns of a CSV; the last three may be missing.
const COLUMNS: [&str; 6] = ["transfer", "state", "amount", "currency", "on", "reason"];

fn csv(text: &str) -> Result<Vec<Movement>, String> {
    // Spreadsheets of some countries separate by semicolons.
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| format!("the file is not CSV that can be read: {error}"))?
        .clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    if let Some(missing) = COLUMNS[..4].iter().find(|name| column(name).is_none()) {
        return Err(format!(
            "the column `{missing}` is missing; the first line names the columns {}",
            COLUMNS.join(", ")
        ));
    }
    let mut movements = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let movement = record
            .map_err(|error| error.to_string())
            .and_then(|record| {
                line(&|name| column(name).and_then(|at| record.get(at)).unwrap_or(""))
            });
        movements.push(movement.map_err(|why| format!("line {}: {why}", at + 2))?);
    }
    Ok(movements)
}

fn line<'a>(cell: &dyn Fn(&str) -> &'a str) -> Result<Movement, String> {
    let why = match cell("reason") {
        "" => "no reason given".to_owned(),
        reason => reason.to_owned(),
    };
    let fate = match cell("state") {
        "paid" => Fate::Paid,
        "returned" => Fate::Returned { why },
        "rejected" => Fate::Rejected { why },
        _ => return Err("the state is paid, returned or rejected".to_owned()),
    };
    let id = cell("transfer");
    if id.is_empty() {
        return Err("the transfer is not named".to_owned());
    }
    let on = match cell("on") {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| "a day is written as 2026-11-25".to_owned())?,
        ),
    };
    Ok(Movement {
        about: About::Transfer(id.to_owned()),
        fate,
        amount: Some(letters::amount(cell("amount"), cell("currency"))?),
        on,
    })
}

/// A transfer that waits for the bank's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The refund, as it was accepted.
    pub refund: ProviderRefund,
    /// The batch it went to the bank in.
    pub batch: String,
}

/// What a line means for our transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// The refund as it stands now. A paid one may still come back.
    Refund(ProviderRefund),
    /// A line under our reference that does not fit: for a person.
    Odd {
        /// The transfer.
        transfer: String,
        /// What does not fit.
        why: String,
    },
    /// Nothing of ours.
    Foreign,
}

/// Holds the bank's lines against the transfers that wait, in the order of the lines.
#[must_use]
pub fn matched(expected: &[Expected], movements: &[Movement]) -> Vec<Matched> {
    movements
        .iter()
        .flat_map(|movement| {
            let concerned: Vec<Matched> = expected
                .iter()
                .filter(|one| match &movement.about {
                    About::Transfer(id) => *id == one.refund.id,
                    About::Batch(id) => *id == one.batch,
                })
                .map(|one| held_against(one, movement))
                .collect();
            if concerned.is_empty() {
                vec![Matched::Foreign]
            } else {
                concerned
            }
        })
        .collect()
}

fn held_against(expected: &Expected, movement: &Movement) -> Matched {
    let odd = |why: &str| Matched::Odd {
        transfer: expected.refund.id.clone(),
        why: why.to_owned(),
    };
    let mut refund = expected.refund.clone();
    match (&movement.fate, movement.amount) {
        (Fate::Paid | Fate::Returned { .. }, None) => {
            return odd("the bank names our reference without an amount");
        }
        (_, Some(amount)) if amount != refund.amount => {
            return odd("the bank names our reference with another amount");
        }
        (Fate::Paid, Some(_)) => {
            refund.status = RefundStatus::Succeeded;
            refund.failure = None;
        }
        (Fate::Returned { why } | Fate::Rejected { why }, _) => {
            refund.status = RefundStatus::Failed;
            refund.failure = Some(reason(why));
        }
    }
    Matched::Refund(refund)
}

/// The bank's code with what it means.
///
/// Source: the external code sets of ISO 20022, the codes that SEPA uses for returns and rejections.
fn reason(code: &str) -> String {
    let meaning = match code {
        "AC01" => "the account number is wrong",
        "AC03" => "the account number is wrong",
        "AC04" => "the account is closed",
        "AC06" => "the account is blocked",
        "AG01" => "the account does not take transfers",
        "AG02" => "the bank's operation code is wrong",
        "AM05" => "a duplicate",
        "BE04" => "the account owner's address is missing",
        "CNOR" => "the receiving bank is not known",
        "CUST" => "the customer did not want it",
        "FOCR" => "recalled",
        "MD07" => "the account's owner has died",
        "MS02" => "the customer gave no reason",
        "MS03" => "the bank gave no reason",
        "RC01" => "the bank's code is wrong",
        "RR04" => "a regulation forbids it",
        "TM01" => "it came after the bank's closing time",
        _ => return letters::cell(code).chars().take(140).collect(),
    };
    format!("{meaning} ({code})")
}
