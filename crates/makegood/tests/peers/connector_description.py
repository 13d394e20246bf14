# SPDX-License-Identifier: MIT OR Apache-2.0
"""Holds messages to docs/connector.openapi.yaml: an exchange or a callback a line in, "fits" or what is wrong a line out."""
import json
import os
import sys

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers

HERE = os.path.dirname(os.path.abspath(__file__))
DESCRIPTION = os.path.join(HERE, "../../../../docs/connector.openapi.yaml")
SERVER = "http://127.0.0.1:8090"


class Request:
    def __init__(self, headers, body):
        self.host_url = SERVER
        self.path = "/"
        self.full_url_pattern = SERVER + "/"
        self.method = "post"
        self.parameters = RequestParameters(header=Headers(headers))
        self.content_type = headers.get("content-type", "")
        self.body = body.encode()


class Callback(Request):
    name = "callback"


class Response:
    def __init__(self, status, headers, body):
        self.status_code = status
        self.headers = Headers(headers)
        self.content_type = headers.get("content-type", "")
        self.data = body.encode()


def root(fault):
    while fault.__cause__ is not None:
        fault = fault.__cause__
    errors = getattr(fault, "schema_errors", None)
    return "; ".join(error.message for error in errors) if errors else str(fault)


config = Config(extra_media_type_deserializers={"application/problem+json": json.loads})
openapi = OpenAPI.from_file_path(DESCRIPTION, config=config)
for line in sys.stdin:
    asked = json.loads(line)
    said = "fits"
    try:
        if asked["what"] == "callback":
            openapi.validate_webhook_request(Callback(asked["headers"], asked["body"]))
        else:
            request = Request(asked["headers"], asked["body"])
            openapi.validate_request(request)
            if asked["answer"] is not None:
                answer = asked["answer"]
                response = Response(answer["status"], answer["headers"], answer["body"])
                openapi.validate_response(request, response)
    except Exception as fault:  # Whatever it is, it is told.
        said = type(fault).__name__ + ": " + root(fault)
    print(json.dumps(said), flush=True)
