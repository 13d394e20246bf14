"""Signs requests as AWS's own library does: a line of JSON in, the signed address out."""

import datetime
import json
import sys
from urllib.parse import parse_qs, urlsplit, urlunsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    asked = json.loads(line)
    parts = urlsplit(asked["url"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    now = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: now
    signed_headers = query["X-Amz-SignedHeaders"].split(";")
    headers = {name: asked["headers"][name] for name in signed_headers if name != "host"}
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    request = AWSRequest(method=asked["method"], url=bare, headers=headers)
    auth = botocore.auth.S3SigV4QueryAuth(
        Credentials(asked["key"], asked["secret"], asked["token"]), "s3", asked["region"], expires=int(query["X-Amz-Expires"])
    )
    auth.add_auth(request)
    signed = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
    print(json.dumps({"theirs": signed, "ours": query}), flush=True)
