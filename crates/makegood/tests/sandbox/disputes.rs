// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disputes: what stops a refund, how evidence is given, how they end, and where the money is.

use makegood::pay::sandbox::call::{Call, Method};
use serde_json::json;

use super::desk::{Desk, desk, ids, post, text};

fn disputed(desk: &Desk, inquiry: bool) -> (String, String) {
    let charge = desk.payment("1000", "pm_card_visa");
    let new = json!({ "charge": charge, "reason": "product_not_received", "inquiry": inquiry });
    let dispute = text(&desk.control("disputes", &new)["id"]);
    (charge, dispute)
}

fn settle(desk: &Desk, dispute: &str, status: &str) {
    desk.control(&format!("disputes/{dispute}"), &json!({ "status": status }));
}

fn balance(desk: &Desk) -> i64 {
    desk.get("/v1/balance")["available"][0]["amount"]
        .as_i64()
        .expect("a number")
}

/// For each status: may the payment be refunded, and is the money with the bank?
#[test]
fn an_inquiry_can_be_refunded_and_a_chargeback_cannot() {
    let rows = [
        ("warning_needs_response", true, false),
        ("warning_under_review", true, false),
        ("warning_closed", true, false),
        ("needs_response", false, true),
        ("under_review", false, true),
        ("appeal_needs_response", false, true),
        ("appeal_under_review", false, true),
        ("won", true, false),
        ("lost", false, true),
        ("prevented", false, true),
    ];
    for (status, refundable, withdrawn) in rows {
        let desk = desk();
        let (charge, dispute) = disputed(&desk, status.starts_with("warning"));
        let with_it = balance(&desk);
        settle(&desk, &dispute, status);
        let shown = desk.get(&format!("/v1/disputes/{dispute}"));
        assert_eq!(shown["status"], status);
        assert_eq!(shown["is_charge_refundable"], refundable, "{status}");
        let dump = desk.get("/_sandbox/dump");
        assert_eq!(
            dump["charges"][0]["disputes"][0]["withdrawn"], withdrawn,
            "{status}"
        );
        let came_back = if status == "won" { 1000 } else { 0 };
        assert_eq!(balance(&desk), with_it + came_back, "{status}");
        let answer = desk.call(&post(
            "/v1/refunds",
            &[("charge", &charge), ("amount", "10")],
        ));
        if refundable {
            assert_eq!(answer.status, 200, "{status}");
        } else {
            let error = &answer.value()["error"];
            assert_eq!(error["code"], "charge_disputed");
            assert_eq!(
                error["message"],
                format!("Charge {charge} has been charged back; cannot issue a refund.")
            );
        }
    }
}

#[test]
fn the_money_leaves_with_a_fee_and_comes_back_without_it() {
    let desk = desk();
    let charge = desk.payment("1000", "pm_card_visa");
    let paid_in = balance(&desk);
    let new = json!({ "charge": charge, "reason": "fraudulent" });
    let dispute = text(&desk.control("disputes", &new)["id"]);
    assert_eq!(balance(&desk), paid_in - 1000 - 1500);
    settle(&desk, &dispute, "won");
    assert_eq!(balance(&desk), paid_in - 1500);
    let shown = desk.get(&format!(
        "/v1/disputes/{dispute}?expand[]=balance_transaction"
    ));
    assert_eq!(
        shown["balance_transactions"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        desk.events()[1..],
        [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
            "charge.dispute.closed",
        ]
    );
}

#[test]
fn a_lost_dispute_can_be_won_after_all() {
    let desk = desk();
    let (charge, dispute) = disputed(&desk, false);
    for status in ["lost", "appeal_needs_response"] {
        settle(&desk, &dispute, status);
    }
    let target = format!("/v1/disputes/{dispute}");
    let sent = desk.post(&target, &[("evidence[uncategorized_text]", "It arrived.")]);
    assert_eq!(sent["status"], "appeal_under_review");
    settle(&desk, &dispute, "won");
    assert_eq!(desk.refund(&charge, "1000")["status"], "succeeded");
}

#[test]
fn an_inquiry_can_become_a_chargeback() {
    let desk = desk();
    let (charge, dispute) = disputed(&desk, true);
    desk.refund(&charge, "10");
    settle(&desk, &dispute, "needs_response");
    let (_, error) = desk.refused(&post("/v1/refunds", &[("charge", &charge)]));
    assert_eq!(error["code"], "charge_disputed");
    let shown = desk.get(&format!("/v1/disputes/{dispute}"));
    assert_eq!(
        shown["payment_method_details"]["card"]["case_type"],
        "chargeback"
    );
}

#[test]
fn one_open_chargeback_of_several_stops_refunds() {
    let desk = desk();
    let (charge, first) = disputed(&desk, false);
    let new = json!({ "charge": charge, "amount": 300, "reason": "duplicate" });
    let second = text(&desk.control("disputes", &new)["id"]);
    assert_eq!(
        ids(&desk.get(&format!("/v1/disputes?charge={charge}"))),
        [second.clone(), first.clone()]
    );
    settle(&desk, &first, "won");
    assert_eq!(
        desk.call(&post("/v1/refunds", &[("charge", &charge)]))
            .status,
        400
    );
    settle(&desk, &second, "won");
    assert_eq!(
        desk.call(&post("/v1/refunds", &[("charge", &charge)]))
            .status,
        200
    );
}

#[test]
fn evidence_is_staged_as_often_as_one_likes_and_submitted_once() {
    let desk = desk();
    let (_, dispute) = disputed(&desk, false);
    let target = format!("/v1/disputes/{dispute}");
    for words in ["first", "second"] {
        let staged = desk.post(
            &target,
            &[("evidence[uncategorized_text]", words), ("submit", "false")],
        );
        assert_eq!(staged["evidence"]["uncategorized_text"], words);
        assert_eq!(staged["evidence_details"]["submission_count"], 0);
        assert_eq!(staged["status"], "needs_response");
    }
    let noted = desk.post(&target, &[("metadata[a]", "b"), ("submit", "false")]);
    assert_eq!(noted["status"], "needs_response");
    // Stripe submits unless it is told not to, even where only a note changes.
    let sent = desk.post(&target, &[("metadata[a]", "c")]);
    assert_eq!(sent["status"], "under_review");
    assert_eq!(sent["evidence"]["uncategorized_text"], "second");
    let (status, _) = desk.refused(&post(&target, &[("evidence[uncategorized_text]", "third")]));
    assert_eq!(status, 400);
    let still = desk.post(&target, &[("metadata[a]", "d")]);
    assert_eq!(still["evidence_details"]["submission_count"], 1);
}

#[test]
fn too_much_evidence_is_refused_and_the_submission_is_unspent() {
    let desk = desk();
    let (_, dispute) = disputed(&desk, false);
    let target = format!("/v1/disputes/{dispute}");
    let pages = |count: usize| format!("%PDF-1.7\n{}", "<< /Type /Page >>\n".repeat(count));
    let thirty = upload(&desk, pages(30).as_bytes());
    let twenty = upload(&desk, pages(20).as_bytes());
    let big = upload(
        &desk,
        &[b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 3_000_000]].concat(),
    );
    let long = "x".repeat(20_000);
    let too_long = "x".repeat(20_001);
    let names = [
        "access_activity_log",
        "cancellation_policy_disclosure",
        "cancellation_rebuttal",
        "duplicate_charge_explanation",
        "product_description",
        "refund_policy_disclosure",
        "refund_refusal_explanation",
        "uncategorized_text",
    ];
    let all: Vec<String> = names
        .iter()
        .map(|name| format!("evidence[{name}]"))
        .collect();
    let everything: Vec<(&str, &str)> = all
        .iter()
        .map(|name| (name.as_str(), long.as_str()))
        .collect();
    let rows: [(&str, &[(&str, &str)]); 6] = [
        (
            "a long text",
            &[("evidence[uncategorized_text]", &too_long)],
        ),
        ("long texts together", &everything),
        ("no such file", &[("evidence[receipt]", "file_none")]),
        (
            "too many pages",
            &[
                ("evidence[receipt]", &thirty),
                ("evidence[refund_policy]", &twenty),
            ],
        ),
        (
            "too many bytes",
            &[
                ("evidence[receipt]", &big),
                ("evidence[refund_policy]", &big),
            ],
        ),
        ("an unknown name", &[("evidence[opinion]", "we are right")]),
    ];
    for (what, form) in rows {
        assert_eq!(desk.refused(&post(&target, form)).0, 400, "{what}");
        let shown = desk.get(&target);
        assert_eq!(shown["evidence_details"]["submission_count"], 0, "{what}");
        assert_eq!(shown["evidence_details"]["has_evidence"], false, "{what}");
    }
    let sent = desk.post(
        &target,
        &[
            ("evidence[receipt]", &thirty),
            ("evidence[uncategorized_text]", &long),
        ],
    );
    assert_eq!(sent["status"], "under_review");
}

fn form_in_parts(purpose: &str, bytes: &[u8]) -> Call {
    let mut call = Call::new(Method::Post, "/v1/files");
    call.content_type = "multipart/form-data; boundary=----b".to_owned();
    let head = format!(
        "------b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n------b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
    );
    call.body = [head.as_bytes(), bytes, b"\r\n------b--\r\n"].concat();
    call
}

fn upload(desk: &Desk, bytes: &[u8]) -> String {
    let answer = desk.call(&form_in_parts("dispute_evidence", bytes));
    assert_eq!(answer.status, 200, "{}", answer.value());
    text(&answer.value()["id"])
}

#[test]
fn a_file_is_evidence_by_its_bytes_its_size_and_its_purpose() {
    let desk = desk();
    let largest = [b"%PDF-".as_slice(), &vec![b' '; 5 * 1024 * 1024 - 5]].concat();
    let larger = [largest.as_slice(), b" "].concat();
    let rows: [(&str, &[u8], u16); 7] = [
        ("dispute_evidence", b"%PDF-1.7", 200),
        ("dispute_evidence", b"\xff\xd8\xff\xe0", 200),
        ("dispute_evidence", b"MZ\x90", 400),
        ("dispute_evidence", b"", 400),
        ("dispute_evidence", &largest, 200),
        ("dispute_evidence", &larger, 400),
        ("holiday", b"%PDF-1.7", 400),
    ];
    for (purpose, bytes, status) in rows {
        let answer = desk.call(&form_in_parts(purpose, bytes));
        assert_eq!(
            answer.status,
            status,
            "{purpose}, {} bytes: {}",
            bytes.len(),
            answer.value()
        );
        if status == 200 {
            assert_eq!(answer.value()["size"], bytes.len());
        }
    }
    let (_, dispute) = disputed(&desk, false);
    let other = desk
        .call(&form_in_parts("business_icon", b"\xff\xd8\xff\xe0"))
        .value();
    let form = [("evidence[receipt]", other["id"].as_str().expect("a name"))];
    let (_, error) = desk.refused(&post(&format!("/v1/disputes/{dispute}"), &form));
    assert_eq!(error["param"], "evidence[receipt]");
}

#[test]
fn who_does_not_answer_in_time_loses_and_an_inquiry_is_closed() {
    for (inquiry, end) in [(false, "lost"), (true, "warning_closed")] {
        let desk = desk();
        let (_, dispute) = disputed(&desk, inquiry);
        let target = format!("/v1/disputes/{dispute}");
        desk.post(
            &target,
            &[
                ("evidence[uncategorized_text]", "staged"),
                ("submit", "false"),
            ],
        );
        let due = desk.get(&target)["evidence_details"]["due_by"]
            .as_i64()
            .expect("a moment");
        desk.wait(due - super::desk::START);
        assert_eq!(desk.get(&target)["evidence_details"]["past_due"], false);
        desk.wait(1);
        let over = desk.get(&target);
        assert_eq!(over["status"], end);
        assert_eq!(over["evidence_details"]["past_due"], true);
    }
}

#[test]
fn closing_concedes_a_chargeback_and_nothing_else() {
    for (inquiry, status) in [(false, 200), (true, 400)] {
        let desk = desk();
        let (_, dispute) = disputed(&desk, inquiry);
        let close = post(&format!("/v1/disputes/{dispute}/close"), &[]);
        assert_eq!(desk.call(&close).status, status);
        if status == 200 {
            assert_eq!(
                desk.get(&format!("/v1/disputes/{dispute}"))["status"],
                "lost"
            );
            assert_eq!(desk.call(&close).status, 400);
        }
    }
}

#[test]
fn a_test_card_disputes_by_itself() {
    let rows = [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        (
            "pm_card_createDisputeProductNotReceived",
            "product_not_received",
            "needs_response",
        ),
        (
            "pm_card_createDisputeInquiry",
            "fraudulent",
            "warning_needs_response",
        ),
    ];
    for (card, reason, status) in rows {
        let desk = desk();
        let charge = desk.payment("1000", card);
        desk.wait(1);
        let list = desk.get(&format!("/v1/disputes?charge={charge}"));
        assert_eq!(
            (&list["data"][0]["reason"], &list["data"][0]["status"]),
            (&json!(reason), &json!(status))
        );
    }
}
