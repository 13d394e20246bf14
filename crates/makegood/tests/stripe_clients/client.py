# SPDX-License-Identifier: MIT OR Apache-2.0
"""Stripe's own Python client, as it is, against the sandbox: only its base addresses are set.

Each check is a function and prints its name; the first that does not hold ends the run.
"""
import http.server
import io
import json
import queue
import sys
import threading
import urllib.request

import stripe

BASE = sys.argv[1]
client = stripe.StripeClient(
    "sk_test_python",
    base_addresses={"api": BASE, "files": BASE},
    max_network_retries=0,
)
patient = stripe.StripeClient(
    "sk_test_python",
    base_addresses={"api": BASE, "files": BASE},
    max_network_retries=3,
)


def control(path, body, method="POST"):
    request = urllib.request.Request(
        f"{BASE}/_sandbox/{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def refused(kind, code, call):
    try:
        call()
    except stripe.StripeError as error:
        assert type(error) is kind, (type(error), error)
        assert error.code == code, (error.code, code)
        assert error.http_status >= 400
        assert error.request_id.startswith("req_")
        return error
    raise AssertionError("it was not refused")


def pay(amount=10000):
    intent = client.v1.payment_intents.create(
        {"amount": amount, "currency": "dkk", "payment_method": "pm_card_visa", "confirm": True}
    )
    assert intent.status == "succeeded"
    return intent.latest_charge


def a_refund_with_its_key_is_made_once():
    charge = pay()
    ask = {"charge": charge, "amount": 2500, "metadata": {"makegood_refund": "r-1"}}
    first = client.v1.refunds.create(ask, {"idempotency_key": "py-1"})
    second = client.v1.refunds.create(ask, {"idempotency_key": "py-1"})
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert client.v1.refunds.retrieve(first.id).metadata["makegood_refund"] == "r-1"
    listed = client.v1.refunds.list({"charge": charge})
    assert [refund.id for refund in listed.data] == [first.id]
    error = refused(
        stripe.IdempotencyError,
        None,
        lambda: client.v1.refunds.create({**ask, "amount": 1}, {"idempotency_key": "py-1"}),
    )
    assert error.http_status == 400


def a_lost_answer_is_tried_again_by_the_client_and_pays_once():
    charge = pay()
    for fault in ["lost_answer", "error_500_then_success", "conflict_409"]:
        control("faults", {"method": "POST", "path": "/v1/refunds", "fault": fault})
        patient.v1.refunds.create({"charge": charge, "amount": 100})
    listed = client.v1.refunds.list({"charge": charge})
    assert len(listed.data) == 3, listed


def all_pages_are_walked():
    charge = pay()
    for _ in range(7):
        client.v1.refunds.create({"charge": charge, "amount": 10})
    listed = client.v1.refunds.list({"charge": charge, "limit": 3})
    assert len(list(listed.auto_paging_iter())) == 7
    expanded = client.v1.charges.retrieve(charge, {"expand": ["refunds", "payment_intent"]})
    assert len(expanded.refunds.data) == 7
    assert expanded.payment_intent.latest_charge == charge


def refusals_are_errors_of_their_classes():
    charge = pay(500)
    client.v1.refunds.create({"charge": charge})
    wrong = stripe.InvalidRequestError
    refunds = client.v1.refunds
    refused(wrong, "charge_already_refunded", lambda: refunds.create({"charge": charge}))
    refused(wrong, "resource_missing", lambda: refunds.retrieve("re_none"))
    refused(wrong, "parameter_unknown", lambda: refunds.create({"charge": charge, "moon": 1}))
    error = refused(wrong, None, lambda: refunds.create({"charge": pay(10), "amount": 11}))
    assert error.param == "amount" and "greater than unrefunded amount" in error.user_message
    control("faults", {"path": "/v1/refunds", "fault": "rate_limit_429"})
    refused(stripe.RateLimitError, None, lambda: refunds.create({"charge": charge}))
    control("faults", {"path": "/v1/refunds", "fault": "error_500_then_success"})
    refused(stripe.APIError, None, lambda: refunds.create({"charge": charge}))
    try:
        control("faults", {"path": "/v1/refunds", "fault": "lost_answer"})
        refunds.create({"charge": charge})
        raise AssertionError("there was an answer")
    except stripe.APIConnectionError:
        pass
    stranger = stripe.StripeClient("sk_live_1", base_addresses={"api": BASE})
    try:
        stranger.v1.balance.retrieve()
        raise AssertionError("a live key was let in")
    except stripe.AuthenticationError as error:
        assert error.http_status == 401
    card = {"amount": 1, "currency": "dkk", "payment_method": "pm_card_chargeDeclined"}
    declined = lambda: client.v1.payment_intents.create({**card, "confirm": True})
    refused(stripe.CardError, "card_declined", declined)


def a_refund_can_be_canceled_while_it_waits_for_the_customer():
    charge = pay()
    control("refund_lives", {"status": "requires_action"})
    refund = client.v1.refunds.create({"charge": charge, "amount": 100})
    assert refund.status == "requires_action"
    assert client.v1.refunds.cancel(refund.id).status == "canceled"
    assert client.v1.charges.retrieve(charge).amount_refunded == 0
    updated = client.v1.refunds.update(refund.id, {"metadata": {"note": "æøå"}})
    assert updated.metadata["note"] == "æøå"


def evidence_is_staged_and_then_submitted_once():
    charge = pay()
    dispute = control("disputes", {"charge": charge, "reason": "product_not_received"})["id"]
    refused(
        stripe.InvalidRequestError,
        "charge_disputed",
        lambda: client.v1.refunds.create({"charge": charge}),
    )
    file = client.v1.files.create(
        {"purpose": "dispute_evidence", "file": io.BytesIO(b"%PDF-1.7 /Type /Page")}
    )
    assert (file.type, file.size) == ("pdf", 20)
    evidence = {"uncategorized_text": "Delivered on day 2.", "uncategorized_file": file.id}
    staged = client.v1.disputes.update(dispute, {"evidence": evidence, "submit": False})
    assert staged.status == "needs_response"
    assert staged.evidence.uncategorized_file == file.id
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (True, 0)
    sent = client.v1.disputes.update(dispute, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    again = lambda: client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "x"}})
    refused(stripe.InvalidRequestError, None, again)
    listed = client.v1.disputes.list({"charge": charge})
    assert [found.id for found in listed.data] == [dispute]


def a_subscription_is_canceled_and_its_latest_payment_found():
    customer = client.v1.customers.create({"email": "ida@example.test"})
    price = {"currency": "dkk", "unit_amount": 9900, "product": "prod_1", "recurring": {"interval": "month"}}
    subscription = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price_data": price}], "expand": ["latest_invoice.payments"]}
    )
    invoice = subscription.latest_invoice
    payments = client.v1.invoice_payments.list({"invoice": invoice.id, "status": "paid"})
    intent = payments.data[0].payment.payment_intent
    assert invoice.payments.data[0].payment.payment_intent == intent
    refund = client.v1.refunds.create({"payment_intent": intent})
    assert refund.amount == 9900
    ended = client.v1.subscriptions.cancel(subscription.id, {"prorate": False, "invoice_now": False})
    assert ended.status == "canceled"
    cancel = lambda: client.v1.subscriptions.cancel(subscription.id)
    refused(stripe.InvalidRequestError, "resource_missing", cancel)


def webhooks_carry_a_signature_that_the_client_accepts():
    came = queue.Queue()

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.put((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    shop = http.server.HTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    endpoint = client.v1.webhook_endpoints.create(
        {"url": f"http://127.0.0.1:{shop.server_port}/hook", "enabled_events": ["refund.created"]}
    )
    refund = client.v1.refunds.create({"charge": pay()})
    body, signature = came.get(timeout=20)
    event = client.construct_event(body, signature, endpoint.secret)
    assert (event.type, event.data.object.id) == ("refund.created", refund.id)
    assert client.v1.events.retrieve(event.id).data.object.id == refund.id
    try:
        client.construct_event(body, signature, "whsec_other")
        raise AssertionError("any secret is taken")
    except stripe.SignatureVerificationError:
        pass
    client.v1.webhook_endpoints.delete(endpoint.id)
    assert client.v1.webhook_endpoints.list().data == []
    shop.shutdown()


CHECKS = [
    a_refund_with_its_key_is_made_once,
    a_lost_answer_is_tried_again_by_the_client_and_pays_once,
    all_pages_are_walked,
    refusals_are_errors_of_their_classes,
    a_refund_can_be_canceled_while_it_waits_for_the_customer,
    evidence_is_staged_and_then_submitted_once,
    a_subscription_is_canceled_and_its_latest_payment_found,
    webhooks_carry_a_signature_that_the_client_accepts,
]
for check in CHECKS:
    check()
    print(check.__name__, flush=True)
