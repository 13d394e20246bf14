// SPDX-License-Identifier: MIT OR Apache-2.0
// Stripe's own Node client, as it is, against the sandbox: only host, port and protocol are set.
//
// Each check is a function and prints its name; the first that does not hold ends the run.
const assert = require("node:assert/strict");
const http = require("node:http");
const Stripe = require("stripe");

const BASE = new URL(process.argv[2]);
const at = { host: BASE.hostname, port: BASE.port, protocol: "http" };
const stripe = new Stripe("sk_test_node", { ...at, maxNetworkRetries: 0 });
const patient = new Stripe("sk_test_node", { ...at, maxNetworkRetries: 3 });

async function control(path, body) {
  const answer = await fetch(new URL(`/_sandbox/${path}`, BASE), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const value = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(value));
  return value;
}

async function refused(kind, code, call) {
  const error = await call().then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  assert.equal(error.type, kind, error.message);
  assert.equal(error.code, code);
  return error;
}

async function pay(amount = 10000) {
  const intent = await stripe.paymentIntents.create({
    amount,
    currency: "dkk",
    payment_method: "pm_card_visa",
    confirm: true,
  });
  assert.equal(intent.status, "succeeded");
  return intent.latest_charge;
}

const checks = {
  async a_refund_with_its_key_is_made_once() {
    const charge = await pay();
    const ask = { charge, amount: 2500, metadata: { makegood_refund: "r-1" } };
    const first = await stripe.refunds.create(ask, { idempotencyKey: "node-1" });
    const second = await stripe.refunds.create(ask, { idempotencyKey: "node-1" });
    assert.equal(first.id, second.id);
    assert.equal(second.lastResponse.idempotencyKey, "node-1");
    assert.match(second.lastResponse.requestId, /^req_/);
    assert.equal((await stripe.refunds.retrieve(first.id)).metadata.makegood_refund, "r-1");
    const listed = await stripe.refunds.list({ charge });
    assert.deepEqual(listed.data.map((refund) => refund.id), [first.id]);
    await refused("StripeIdempotencyError", undefined, () =>
      stripe.refunds.create({ ...ask, amount: 1 }, { idempotencyKey: "node-1" }),
    );
  },

  async a_lost_answer_is_tried_again_by_the_client_and_pays_once() {
    const charge = await pay();
    for (const fault of ["lost_answer", "error_500_then_success", "conflict_409"]) {
      await control("faults", { method: "POST", path: "/v1/refunds", fault });
      await patient.refunds.create({ charge, amount: 100 });
    }
    assert.equal((await stripe.refunds.list({ charge })).data.length, 3);
  },

  async all_pages_are_walked() {
    const charge = await pay();
    for (let made = 0; made < 7; made += 1) await stripe.refunds.create({ charge, amount: 10 });
    let seen = 0;
    for await (const refund of stripe.refunds.list({ charge, limit: 3 })) {
      assert.equal(refund.charge, charge);
      seen += 1;
    }
    assert.equal(seen, 7);
  },

  async refusals_are_errors_of_their_classes() {
    const charge = await pay(500);
    await stripe.refunds.create({ charge });
    const wrong = "StripeInvalidRequestError";
    const again = () => stripe.refunds.create({ charge });
    await refused(wrong, "charge_already_refunded", again);
    await refused(wrong, "resource_missing", () => stripe.refunds.retrieve("re_none"));
    await refused(wrong, "parameter_unknown", () => stripe.refunds.create({ charge, moon: 1 }));
    await control("faults", { path: "/v1/refunds", fault: "rate_limit_429" });
    await refused("StripeRateLimitError", "rate_limit", again);
    await control("faults", { path: "/v1/refunds", fault: "error_500_then_success" });
    await refused("StripeAPIError", undefined, again);
    // Without retries this client still tries once more where a connection closes.
    await control("faults", { path: "/v1/refunds", fault: "lost_answer", times: 2 });
    await refused("StripeConnectionError", undefined, again);
    const stranger = new Stripe("sk_live_1", { ...at, maxNetworkRetries: 0 });
    await refused("StripeAuthenticationError", undefined, () => stranger.balance.retrieve());
    await refused("StripeCardError", "card_declined", () =>
      stripe.paymentIntents.create({
        amount: 1,
        currency: "dkk",
        payment_method: "pm_card_chargeDeclined",
        confirm: true,
      }),
    );
  },

  async a_refund_can_be_canceled_while_it_waits_for_the_customer() {
    const charge = await pay();
    await control("refund_lives", { status: "requires_action" });
    const refund = await stripe.refunds.create({ charge, amount: 100 });
    assert.equal(refund.status, "requires_action");
    assert.equal((await stripe.refunds.cancel(refund.id)).status, "canceled");
  },

  async evidence_is_staged_and_then_submitted_once() {
    const charge = await pay();
    const { id } = await control("disputes", { charge, reason: "product_not_received" });
    await refused("StripeInvalidRequestError", "charge_disputed", () => stripe.refunds.create({ charge }));
    const file = await stripe.files.create({
      purpose: "dispute_evidence",
      file: { data: Buffer.from("%PDF-1.7 /Type /Page"), name: "log.pdf", type: "application/pdf" },
    });
    assert.equal(file.filename, "log.pdf");
    assert.equal(file.size, 20);
    const staged = await stripe.disputes.update(id, {
      evidence: { uncategorized_text: "Delivered on day 2.", uncategorized_file: file.id },
      submit: false,
    });
    assert.equal(staged.status, "needs_response");
    assert.equal(staged.evidence.uncategorized_file, file.id);
    const sent = await stripe.disputes.update(id, { submit: true });
    assert.equal(sent.status, "under_review");
    assert.equal(sent.evidence_details.submission_count, 1);
    await refused("StripeInvalidRequestError", undefined, () =>
      stripe.disputes.update(id, { evidence: { uncategorized_text: "x" } }),
    );
    assert.equal((await stripe.disputes.list({ charge })).data[0].id, id);
    const conceded = await control("disputes", { charge: await pay(), reason: "duplicate" });
    assert.equal((await stripe.disputes.close(conceded.id)).status, "lost");
  },

  async a_subscription_is_canceled_and_its_latest_payment_found() {
    const customer = await stripe.customers.create({ email: "ida@example.test" });
    const product = await stripe.products.create({ name: "Followers" });
    const price = await stripe.prices.create({
      currency: "dkk",
      unit_amount: 9900,
      product: product.id,
      recurring: { interval: "month" },
    });
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id, quantity: 2 }],
    });
    const invoice = await stripe.invoices.retrieve(subscription.latest_invoice);
    assert.equal(invoice.amount_paid, 19800);
    const payments = await stripe.invoicePayments.list({ invoice: invoice.id });
    const refund = await stripe.refunds.create({ payment_intent: payments.data[0].payment.payment_intent });
    assert.equal(refund.amount, 19800);
    const ended = await stripe.subscriptions.cancel(subscription.id, { prorate: false });
    assert.equal(ended.status, "canceled");
  },

  async webhooks_carry_a_signature_that_the_client_accepts() {
    let tell;
    const came = new Promise((resolve) => (tell = resolve));
    const shop = http.createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        tell([Buffer.concat(parts), request.headers["stripe-signature"]]);
        response.end();
      });
    });
    await new Promise((resolve) => shop.listen(0, "127.0.0.1", resolve));
    const endpoint = await stripe.webhookEndpoints.create({
      url: `http://127.0.0.1:${shop.address().port}/hook`,
      enabled_events: ["refund.created"],
    });
    const refund = await stripe.refunds.create({ charge: await pay() });
    const [body, signature] = await came;
    const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
    assert.equal(event.type, "refund.created");
    assert.equal(event.data.object.id, refund.id);
    assert.throws(() => stripe.webhooks.constructEvent(body, signature, "whsec_other"));
    await stripe.webhookEndpoints.del(endpoint.id);
    shop.closeAllConnections();
    await new Promise((resolve) => shop.close(resolve));
  },
};

async function main() {
  for (const [name, check] of Object.entries(checks)) {
    await check();
    console.log(name);
  }
}

// The client's timers of broken connections would keep the program waiting.
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
