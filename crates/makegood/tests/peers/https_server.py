# SPDX-License-Identifier: MIT OR Apache-2.0
"""A server with a certificate for shop.localhost from an authority that nobody knows. Says its port and the authority."""
import http.server
import json
import ssl
import sys

import trustme


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *said):
        pass


authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("shop.localhost").configure_cert(context)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
for line in sys.stdin:
    pem = authority.cert_pem.bytes().decode()
    print(json.dumps({"port": server.server_port, "authority": pem}), flush=True)
    break
server.serve_forever()
