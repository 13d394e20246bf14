# SPDX-License-Identifier: MIT OR Apache-2.0
"""Whether Python takes an address for a public one: an address a line in, true or false a line out."""
import ipaddress
import json
import sys

for line in sys.stdin:
    address = ipaddress.ip_address(json.loads(line))
    print(json.dumps(address.is_global and not address.is_multicast), flush=True)
