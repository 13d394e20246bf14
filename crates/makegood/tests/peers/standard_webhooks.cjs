// SPDX-License-Identifier: MIT OR Apache-2.0
// Signs and verifies as the Standard Webhooks library for JavaScript does, and checks Ed25519 with Node's own
// cryptography: a JSON object a line in, one a line out.
const { createPublicKey, verify } = require("node:crypto");
const { createRequire } = require("node:module");
const readline = require("node:readline");
const { Webhook } = createRequire(process.env.MAKEGOOD_PEERS + "/")("standardwebhooks");

// What stands before the 32 bytes of a raw Ed25519 key in DER (RFC 8410).
const DER = Buffer.from("302a300506032b6570032100", "hex");

function answer(asked) {
  if (asked.do === "sign") {
    return new Webhook(asked.secret).sign(asked.id, new Date(asked.at * 1000), asked.body);
  }
  if (asked.do === "ed25519") {
    const raw = Buffer.from(asked.public.slice("whpk_".length), "base64");
    const key = createPublicKey({ key: Buffer.concat([DER, raw]), format: "der", type: "spki" });
    const [version, tag] = asked.headers["webhook-signature"].split(",");
    const content = `${asked.headers["webhook-id"]}.${asked.headers["webhook-timestamp"]}.${asked.body}`;
    const fits = version === "v1a" && verify(null, Buffer.from(content), key, Buffer.from(tag, "base64"));
    return fits ? "fits" : "refused";
  }
  try {
    new Webhook(asked.secret).verify(asked.body, asked.headers);
    return "fits";
  } catch (fault) {
    return "refused: " + fault.message;
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
});
