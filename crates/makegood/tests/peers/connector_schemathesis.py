# SPDX-License-Identifier: MIT OR Apache-2.0
"""Lets schemathesis sign what it invents. Its secret stands in MAKEGOOD_SECRET."""
import datetime
import os

import requests
import schemathesis
from standardwebhooks.webhooks import Webhook


class Signs(requests.auth.AuthBase):
    def __call__(self, request):
        body = request.body or b""
        text = body if isinstance(body, str) else body.decode("utf-8", "surrogateescape")
        now = datetime.datetime.now(datetime.timezone.utc)
        request.headers["webhook-id"] = "msg_1"
        request.headers["webhook-timestamp"] = str(int(now.timestamp()))
        request.headers["webhook-signature"] = Webhook(os.environ["MAKEGOOD_SECRET"]).sign("msg_1", now, text)
        request.headers["makegood-connector"] = "1"
        return request


schemathesis.auth.set_from_requests(Signs())


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # Headers are signed above; what happens to wrong ones is tested elsewhere.
    raw_schema["paths"]["/"]["post"]["parameters"] = []
