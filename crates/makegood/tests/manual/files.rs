// SPDX-License-Identifier: MIT OR Apache-2.0
//! Payment files: valid by the official schema, right in their sums, and the same whenever they are written.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use makegood::pay::manual::account::{Account, Bic, Iban};
use makegood::pay::manual::batch::{Batch, Payer, Sealed, Transfer, draw_up};
use makegood::pay::manual::{Manual, transfer_id};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::execution::{ProviderSaid, RefundOrder, RefundStatus};

use crate::peers;

fn currency(code: &str) -> Currency {
    let digits = if code == "JPY" { 0 } else { 2 };
    Currency::new(code, digits).expect("a code")
}

fn iban(text: &str) -> Iban {
    Iban::new(text).expect("an IBAN")
}

fn payer() -> Payer {
    Payer {
        name: "VipLikes & Søn ApS".to_owned(),
        iban: iban("DK50 0040 0440 1162 43"),
        bic: Some(Bic::new("DABADKKK").expect("a BIC")),
    }
}

fn transfer(key: &str, minor: u64, code: &str) -> Transfer {
    Transfer {
        id: transfer_id(key),
        amount: Amount::new(minor, currency(code)),
        payee: "Jørgen <Ærø> & \"Co\"".to_owned(),
        account: Account::Iban(iban("DE89 3704 0044 0532 0130 00")),
        bic: None,
        remittance: format!("Refund of order VL-100234, our reference {key} – tak!"),
    }
}

fn day() -> Date {
    date(2026, 11, 27)
}

fn drawn_up_at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time")
}

fn batches(transfers: &[Transfer]) -> Vec<Batch> {
    draw_up(&payer(), transfers, drawn_up_at(), day()).expect("batches")
}

fn file(batch: &Batch, ending: &str) -> Sealed {
    let files = batch.seal().expect("files");
    let found = files.into_iter().find(|file| file.name.ends_with(ending));
    found.expect("such a file")
}

/// What a strict and independent reader says of a file: valid by the schema, and these are its figures.
const READ_BY_THE_SCHEMA: &str = r#"
import sys, os, sepaxml
from decimal import Decimal
from lxml import etree
folder = os.path.join(os.path.dirname(sepaxml.__file__), 'schemas')
schema = etree.XMLSchema(etree.parse(os.path.join(folder, 'pain.001.001.09.xsd')))
document = etree.fromstring(sys.stdin.buffer.read())
schema.assertValid(document)
ns = {'p': 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'}
def texts(path): return [node.text for node in document.findall(path, ns)]
amounts = [Decimal(text) for text in texts('.//p:InstdAmt')]
assert texts('.//p:NbOfTxs') == [str(len(amounts))] * 2, texts('.//p:NbOfTxs')
assert [Decimal(text) for text in texts('.//p:CtrlSum')] == [sum(amounts)] * 2
ids = texts('.//p:EndToEndId')
assert len(set(ids)) == len(ids)
print(len(amounts), sum(amounts), texts('.//p:Cdtr/p:Nm')[0], '|', texts('.//p:Ustrd')[0])
"#;

#[test]
fn the_official_schema_takes_the_file() {
    let few = [transfer("a", 1_248, "EUR"), transfer("b", 5, "EUR")];
    let mut one = transfer("c", 99_999_999_999, "EUR");
    one.bic = Some(Bic::new("COBADEFFXXX").expect("a BIC"));
    one.remittance = "ø".repeat(500);
    one.payee = "Ł".repeat(500);
    let many: Vec<Transfer> = (0..2_000)
        .map(|at| transfer(&format!("k{at}"), 1 + at, "EUR"))
        .collect();
    let table: [(&[Transfer], String); 3] = [
        (
            &few,
            "2 12.53 Jorgen .Aero. + .Co. | Refund of order VL-100234, our reference".to_owned(),
        ),
        (
            &[one],
            format!("1 999999999.99 {} | {}", "L".repeat(70), "o".repeat(140)),
        ),
        (
            &many,
            "2000 20010.00 Jorgen .Aero. + .Co. | Refund of order VL-100234, our reference"
                .to_owned(),
        ),
    ];
    for (transfers, expected) in table {
        let batches = batches(transfers);
        let sealed = file(&batches[0], ".xml");
        let text = String::from_utf8(sealed.bytes).expect("UTF-8");
        let told = peers::output(peers::python(READ_BY_THE_SCHEMA), &text);
        assert!(told.trim_end().starts_with(&expected), "{told}");
    }
}

#[test]
fn a_payer_without_a_bic_is_valid_too() {
    let mut payer = payer();
    payer.bic = None;
    let transfers = [transfer("a", 100, "EUR")];
    let batches = draw_up(&payer, &transfers, drawn_up_at(), day()).expect("batches");
    let sealed = file(&batches[0], ".xml");
    let text = String::from_utf8(sealed.bytes).expect("UTF-8");
    assert!(peers::output(peers::python(READ_BY_THE_SCHEMA), &text).starts_with("1 1.00 "));
}

#[test]
fn the_same_batch_is_the_same_bytes_in_whatever_order_it_came() {
    let forth = [
        transfer("a", 1, "EUR"),
        transfer("b", 2, "EUR"),
        transfer("c", 3, "EUR"),
    ];
    let mut back = forth.clone();
    back.reverse();
    let (one, other) = (batches(&forth), batches(&back));
    assert_eq!(one, other);
    assert_eq!(one[0].seal(), other[0].seal());
    // This is what was handed to a bank: it must never come out otherwise.
    assert_eq!(one[0].id(), "MGB5CPHKY2CDDQKXQE51NEBFFHY29");
    let text = |ending| String::from_utf8(file(&one[0], ending).bytes).expect("UTF-8");
    assert_eq!(text(".xml"), include_str!("batch.xml"));
    assert_eq!(text(".csv"), include_str!("batch.csv"));
    let fewer = batches(&forth[..2]);
    assert_ne!(fewer[0].id(), one[0].id());
}

#[test]
fn each_currency_has_its_batch() {
    let mut abroad = transfer("d", 700, "USD");
    abroad.account = Account::Other {
        number: "000123456789".to_owned(),
        bank: "021000021".to_owned(),
    };
    let all = [
        transfer("a", 100, "EUR"),
        transfer("b", 200, "DKK"),
        transfer("c", 300, "EUR"),
        abroad,
        transfer("e", 500, "JPY"),
    ];
    let told: Vec<(String, usize, u128, usize)> = batches(&all)
        .iter()
        .map(|batch| {
            let files = batch.seal().expect("files");
            (
                batch.currency().code().to_owned(),
                batch.transfers().len(),
                batch.sum_minor(),
                files.len(),
            )
        })
        .collect();
    let row = |code: &str, transfers, sum, files| (code.to_owned(), transfers, sum, files);
    assert_eq!(
        told,
        [
            row("DKK", 1, 200, 1),
            row("EUR", 2, 400, 2),
            row("JPY", 1, 500, 1),
            row("USD", 1, 700, 1)
        ]
    );
}

#[test]
fn a_csv_for_people_and_banks() {
    let mut one = transfer("a", 1_248, "DKK");
    one.payee = "=cmd|' /C calc'!A0, Jørgen".to_owned();
    one.bic = Some(Bic::new("COBADEFF").expect("a BIC"));
    let batches = batches(&[one, transfer("b", 500, "DKK")]);
    let text = String::from_utf8(file(&batches[0], ".csv").bytes).expect("UTF-8");
    let batch = batches[0].id();
    let mut rows: Vec<String> = vec![
        format!(
            "{batch},{},\"cmd|' /C calc'!A0, Jørgen\",DE89370400440532013000,COBADEFF,DKK,12.48,\"Refund of order VL-100234, our reference a – tak!\",2026-11-27",
            transfer_id("a")
        ),
        format!(
            "{batch},{},\"Jørgen <Ærø> & \"\"Co\"\"\",DE89370400440532013000,,DKK,5.00,\"Refund of order VL-100234, our reference b – tak!\",2026-11-27",
            transfer_id("b")
        ),
    ];
    rows.sort();
    let head = "batch,transfer,payee,account,bank,currency,amount,remittance,execute_on";
    assert_eq!(text, format!("{head}\r\n{}\r\n{}\r\n", rows[0], rows[1]));
}

#[test]
fn what_cannot_be_paid_is_named_and_nothing_is_drawn_up() {
    let change = |change: fn(&mut Transfer)| {
        let mut transfer = transfer("z", 100, "EUR");
        change(&mut transfer);
        vec![transfer]
    };
    let table = [
        (
            "nothing",
            change(|one| one.amount = Amount::new(0, one.amount.currency())),
            "it is for nothing",
        ),
        (
            "no name",
            change(|one| one.payee = " / ".to_owned()),
            "the account's owner is not named; ask the customer",
        ),
        (
            "a long id",
            change(|one| one.id = "X".repeat(36)),
            "its name is not one that goes through every bank",
        ),
        (
            "a tag in the id",
            change(|one| one.id = "<x>".to_owned()),
            "its name is not one that goes through every bank",
        ),
        (
            "no IBAN",
            change(|one| {
                one.account = Account::Other {
                    number: "1".to_owned(),
                    bank: "2".to_owned(),
                }
            }),
            "euros are paid to an IBAN; ask the customer for it",
        ),
        (
            "elsewhere",
            change(|one| one.account = Account::Iban(iban("BR15 0000 0000 0000 1093 2840 814P 2"))),
            "the account's country takes no part in SEPA; pay it by hand",
        ),
        (
            "a billion",
            change(|one| one.amount = Amount::new(100_000_000_000, one.amount.currency())),
            "it is more than SEPA carries in one transfer",
        ),
        (
            "no bank",
            change(|one| {
                one.amount = Amount::new(1, currency("USD"));
                one.account = Account::Other {
                    number: "1".to_owned(),
                    bank: "=".to_owned(),
                };
            }),
            "the account or its bank is not given; ask the customer",
        ),
        (
            "twice",
            vec![transfer("z", 100, "EUR"), transfer("z", 100, "EUR")],
            "it stands in the batch twice; take one out",
        ),
    ];
    for (name, mut transfers, expected) in table {
        transfers.push(transfer("good", 100, "EUR"));
        let problems = draw_up(&payer(), &transfers, drawn_up_at(), day()).expect_err(name);
        let whys: Vec<&str> = problems
            .iter()
            .map(|problem| problem.why.as_str())
            .collect();
        assert_eq!(whys, [expected], "{name}");
    }
}

#[test]
fn an_order_is_one_transfer_however_often_it_comes() {
    let order = RefundOrder {
        key: "key-1".to_owned(),
        reference: "rf_1".to_owned(),
        payment: "bank-7".to_owned(),
        amount: Amount::new(100, currency("EUR")),
        duplicate: false,
    };
    let said = Manual.create_refund(&order);
    assert_eq!(said, Manual.create_refund(&order));
    let ProviderSaid::Refund(refund) = said else {
        panic!("{said:?}")
    };
    assert_eq!(
        (refund.status, refund.amount),
        (RefundStatus::Pending, order.amount)
    );
    assert_eq!(refund.id, transfer_id("key-1"));
    assert_ne!(refund.id, transfer_id("key-2"));
    assert!(refund.id.len() <= 35 && refund.id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[test]
fn personal_data_is_not_shown() {
    let shown = format!(
        "{:?} {:?}",
        transfer("a", 100, "EUR"),
        batches(&[transfer("a", 100, "EUR")])
    );
    for secret in ["Jørgen", "3704", "0040"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
