# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads CloudEvents as the SDK for Python does: a JSON object with headers and body a line in, the event a line out."""
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event

for line in sys.stdin:
    asked = json.loads(line)
    event = from_http_event(HTTPMessage(asked["headers"], asked["body"].encode()))
    said = {name: str(value) for name, value in event.get_attributes().items()}
    said["data"] = event.get_data()
    print(json.dumps(said), flush=True)
