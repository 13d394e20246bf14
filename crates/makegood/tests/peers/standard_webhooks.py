# SPDX-License-Identifier: MIT OR Apache-2.0
"""Signs and verifies as the Standard Webhooks library for Python does: a JSON object a line in, one a line out."""
import datetime
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    asked = json.loads(line)
    webhook = Webhook(asked["secret"])
    if asked["do"] == "sign":
        at = datetime.datetime.fromtimestamp(asked["at"], datetime.timezone.utc)
        said = webhook.sign(asked["id"], at, asked["body"])
    else:
        try:
            webhook.verify(asked["body"], asked["headers"])
            said = "fits"
        except WebhookVerificationError as fault:
            said = "refused: " + str(fault)
    print(json.dumps(said), flush=True)
