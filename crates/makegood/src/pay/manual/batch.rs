// SPDX-License-Identifier: MIT OR Apache-2.0
//! Payment files: transfers of one currency, as CSV for people and banks, and in euro as SEPA's `pain.001.001.09`.
//!
//! A file is a function of what stands in the batch, so the same batch gives the same bytes for ever.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::civil::Date;
use makegood_desk::amount::{Amount, Currency};
use ring::digest;

use super::account::{Account, Bic, Iban};
use super::letters::{basic, cell, decimal, escaped};
use super::named_by;

/// The most that one SEPA transfer may carry: 999,999,999.99 EUR.
const SEPA_MOST_MINOR: u64 = 99_999_999_999;

/// Who pays: the merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The name of the account's owner.
    pub name: String,
    /// The account.
    pub iban: Iban,
    /// Its bank, where the bank wants to read it.
    pub bic: Option<Bic>,
}

/// One transfer to one customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its name, which goes through all banks as the end-to-end reference ([`super::transfer_id`]).
    pub id: String,
    /// How much.
    pub amount: Amount,
    /// The name of the account's owner.
    pub payee: String,
    /// The account.
    pub account: Account,
    /// Its bank, where it is known.
    pub bic: Option<Bic>,
    /// What the customer reads on the statement: the order, and our reference.
    pub remittance: String,
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("id", &self.id)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// Transfers of one currency that go to the bank together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    id: String,
    payer: Payer,
    currency: Currency,
    drawn_up_at: Timestamp,
    execute_on: Date,
    transfers: Vec<Transfer>,
}

/// Why a transfer cannot go into a payment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpayable {
    /// The transfer.
    pub transfer: String,
    /// Why, and what to do.
    pub why: String,
}

/// A file, to be kept as it is: what was handed to a bank is never written anew.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {})", self.name, self.digest)
    }
}

/// Puts transfers into batches, one for each currency, in an order that does not depend on how they came.
///
/// A batch is named by what is in it: drawn up twice by mistake it has the same name, which the bank refuses the second time.
///
/// # Errors
/// Some transfers cannot be paid so; all of these are named, and no batch is made.
pub fn draw_up(
    payer: &Payer,
    transfers: &[Transfer],
    drawn_up_at: Timestamp,
    execute_on: Date,
) -> Result<Vec<Batch>, Vec<Unpayable>> {
    let mut by_currency: BTreeMap<String, Vec<&Transfer>> = BTreeMap::new();
    for transfer in transfers {
        let code = transfer.amount.currency().code().to_owned();
        by_currency.entry(code).or_default().push(transfer);
    }
    let mut problems: Vec<Unpayable> = transfers.iter().filter_map(unpayable).collect();
    let mut batches = Vec::new();
    for (code, mut members) in by_currency {
        members.sort_by(|one, other| one.id.cmp(&other.id));
        problems.extend(members.windows(2).filter_map(twice));
        let Some(first) = members.first() else {
            continue;
        };
        let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let named = format!("{code}\n{execute_on}\n{}", ids.join("\n"));
        batches.push(Batch {
            id: named_by("MGB", &named),
            payer: payer.clone(),
            currency: first.amount.currency(),
            drawn_up_at,
            execute_on,
            transfers: members.into_iter().cloned().collect(),
        });
    }
    if problems.is_empty() {
        Ok(batches)
    } else {
        Err(problems)
    }
}

fn twice(pair: &[&Transfer]) -> Option<Unpayable> {
    match pair {
        [one, other] if one.id == other.id => Some(Unpayable {
            transfer: one.id.clone(),
            why: "it stands in the batch twice; take one out".to_owned(),
        }),
        _ => None,
    }
}

fn unpayable(transfer: &Transfer) -> Option<Unpayable> {
    let euro = transfer.amount.currency().code() == "EUR";
    let id_is_plain = (1..=35).contains(&transfer.id.len())
        && transfer.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let why = match &transfer.account {
        _ if !id_is_plain => "its name is not one that goes through every bank",
        _ if transfer.amount.is_zero() => "it is for nothing",
        _ if cell(&transfer.payee).is_empty() || basic(&transfer.payee, 70).is_empty() => {
            "the account's owner is not named; ask the customer"
        }
        _ if euro && !is_latin(&transfer.payee) => {
            "the owner's name has no Latin letters; ask the customer how the bank writes it"
        }
        Account::Iban(iban) if euro && !iban.is_in_area() => {
            "the account's country takes no part in SEPA; pay it by hand"
        }
        Account::Other { .. } if euro => "euros are paid to an IBAN; ask the customer for it",
        Account::Other { number, bank } if cell(number).is_empty() || cell(bank).is_empty() => {
            "the account or its bank is not given; ask the customer"
        }
        Account::Iban(_) | Account::Other { .. } => {
            if euro && transfer.amount.minor() > SEPA_MOST_MINOR {
                "it is more than SEPA carries in one transfer"
            } else {
                return None;
            }
        }
    };
    Some(Unpayable {
        transfer: transfer.id.clone(),
        why: why.to_owned(),
    })
}

/// Is there enough left of a name in the letters that every bank takes?
fn is_latin(name: &str) -> bool {
    let letters = basic(name, 70)
        .chars()
        .filter(char::is_ascii_alphabetic)
        .count();
    letters >= 2
}

impl Batch {
    /// Its name, which is the message's and the payment's in the file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The transfers in it, by their names.
    #[must_use]
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    /// The sum of it, in minor units.
    #[must_use]
    pub fn sum_minor(&self) -> u128 {
        let minors = self
            .transfers
            .iter()
            .map(|one| u128::from(one.amount.minor()));
        minors.sum()
    }

    /// The currency of all its transfers.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The files of it: SEPA's form for euros, and CSV for every currency.
    ///
    /// # Errors
    /// The CSV cannot be written, which its writer would have to explain.
    pub fn seal(&self) -> Result<Vec<Sealed>, String> {
        let mut files = Vec::new();
        if self.currency.code() == "EUR" {
            files.push(sealed(
                &self.id,
                "xml",
                "application/xml",
                self.sepa().into_bytes(),
            ));
        }
        files.push(sealed(
            &self.id,
            "csv",
            "text/csv; charset=utf-8",
            self.csv()?,
        ));
        Ok(files)
    }

    fn csv(&self) -> Result<Vec<u8>, String> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let failed =
            |error: &dyn fmt::Display| format!("the payment file cannot be written: {error}");
        writer
            .write_record([
                "batch",
                "transfer",
                "payee",
                "account",
                "bank",
                "currency",
                "amount",
                "remittance",
                "execute_on",
            ])
            .map_err(|error| failed(&error))?;
        let on = self.execute_on.to_string();
        for transfer in &self.transfers {
            let bic = transfer.bic.as_ref().map_or("", Bic::text);
            let (account, bank) = match &transfer.account {
                Account::Iban(iban) => (iban.text().to_owned(), bic.to_owned()),
                Account::Other { number, bank } => (cell(number), cell(bank)),
            };
            let amount = decimal(u128::from(transfer.amount.minor()), self.currency);
            writer
                .write_record([
                    self.id.as_str(),
                    &transfer.id,
                    &cell(&transfer.payee),
                    &account,
                    &bank,
                    self.currency.code(),
                    &amount,
                    &cell(&transfer.remittance),
                    &on,
                ])
                .map_err(|error| failed(&error))?;
        }
        writer.into_inner().map_err(|error| failed(&error))
    }

    /// The batch as `pain.001.001.09`, as the rulebook of SEPA credit transfers wants it filled in.
    fn sepa(&self) -> String {
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n  <CstmrCdtTrfInitn>\n",
        );
        self.head(&mut xml);
        for transfer in &self.transfers {
            transfer.sepa(&mut xml, self.currency);
        }
        xml.push_str("    </PmtInf>\n  </CstmrCdtTrfInitn>\n</Document>\n");
        xml
    }

    fn head(&self, xml: &mut String) {
        let count = self.transfers.len();
        let sum = decimal(self.sum_minor(), self.currency);
        let name = escaped(&basic(&self.payer.name, 70));
        let at = self.drawn_up_at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let id = &self.id;
        let on = self.execute_on;
        let iban = self.payer.iban.text();
        let bank = bank(self.payer.bic.as_ref())
            // The schema wants the payer's bank named; this is how one leaves it to the IBAN.
            .unwrap_or_else(|| "<Othr><Id>NOTPROVIDED</Id></Othr>".to_owned());
        // Booked one by one, so that the statement tells of each transfer.
        put(
            xml,
            format_args!(
                "    <GrpHdr>
      <MsgId>{id}</MsgId>
      <CreDtTm>{at}</CreDtTm>
      <NbOfTxs>{count}</NbOfTxs>
      <CtrlSum>{sum}</CtrlSum>
      <InitgPty><Nm>{name}</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>{id}</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <BtchBookg>false</BtchBookg>
      <NbOfTxs>{count}</NbOfTxs>
      <CtrlSum>{sum}</CtrlSum>
      <PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>
      <ReqdExctnDt><Dt>{on}</Dt></ReqdExctnDt>
      <Dbtr><Nm>{name}</Nm></Dbtr>
      <DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>
      <DbtrAgt><FinInstnId>{bank}</FinInstnId></DbtrAgt>
      <ChrgBr>SLEV</ChrgBr>
"
            ),
        );
    }
}

impl Transfer {
    fn sepa(&self, xml: &mut String, currency: Currency) {
        let Account::Iban(iban) = &self.account else {
            // INVARIANT (euros go to an IBAN): kept by `draw_up`, which makes no batch otherwise.
            return;
        };
        let id = &self.id;
        let amount = decimal(u128::from(self.amount.minor()), currency);
        let agent = bank(self.bic.as_ref())
            .map(|bank| format!("\n        <CdtrAgt><FinInstnId>{bank}</FinInstnId></CdtrAgt>"))
            .unwrap_or_default();
        let name = escaped(&basic(&self.payee, 70));
        let iban = iban.text();
        let words = basic(&self.remittance, 140);
        let remittance = if words.is_empty() {
            id.clone()
        } else {
            escaped(&words)
        };
        put(
            xml,
            format_args!(
                "      <CdtTrfTxInf>
        <PmtId><InstrId>{id}</InstrId><EndToEndId>{id}</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy=\"EUR\">{amount}</InstdAmt></Amt>{agent}
        <Cdtr><Nm>{name}</Nm></Cdtr>
        <CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>
        <RmtInf><Ustrd>{remittance}</Ustrd></RmtInf>
      </CdtTrfTxInf>
"
            ),
        );
    }
}

fn bank(bic: Option<&Bic>) -> Option<String> {
    bic.map(|bic| format!("<BICFI>{}</BICFI>", bic.text()))
}

fn put(xml: &mut String, words: fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    let _ = xml.write_fmt(words);
}

fn sealed(id: &str, ending: &str, media_type: &'static str, bytes: Vec<u8>) -> Sealed {
    let digest = digest::digest(&digest::SHA256, &bytes);
    let mut hex = String::new();
    for byte in digest.as_ref() {
        put(&mut hex, format_args!("{byte:02x}"));
    }
    Sealed {
        name: format!("{id}.{ending}"),
        media_type,
        bytes,
        digest: hex,
    }
}
