# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks an exported log, and proofs from it, without one line of the desk's code.

check_log.py LOG VERIFIER_KEY [PROOF…]: prints what it found as JSON, or fails. Needs Python 3.11 and `cryptography`.
"""
import base64, hashlib, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()


def root(leaves):  # MTH of RFC 6962, 2.1.
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def checkpoint(note, key):  # c2sp.org/signed-note and c2sp.org/tlog-checkpoint.
    name, key_id, public = key.split("+", 2)
    public = base64.b64decode(public, validate=True)
    assert public[0] == 1 and sha(name.encode(), b"\n", public)[:4].hex() == key_id
    text, signatures = note[: note.rindex("\n\n") + 1], note[note.rindex("\n\n") + 2 :]
    mine = [line for line in signatures.splitlines() if line.startswith(f"— {name} ")]
    signature = base64.b64decode(mine[0].split(" ")[2], validate=True)
    assert signature[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], text.encode())
    origin, size, top = text.splitlines()
    assert origin == name
    return int(size), base64.b64decode(top, validate=True)


def proven(proof, key):  # c2sp.org/tlog-proof and RFC 9162, 2.1.3.2.
    head, note = proof.split("\n\n", 1)
    header, extra, index, *path = head.splitlines()
    assert header == "c2sp.org/tlog-proof@v1"
    leaf = base64.b64decode(extra.removeprefix("extra "), validate=True)
    size, top = checkpoint(note, key)
    at, last, value = int(index.removeprefix("index ")), size - 1, sha(b"\0", leaf)
    assert at < size
    for sibling in (base64.b64decode(line, validate=True) for line in path):
        assert last > 0
        if at & 1 or at == last:
            value = sha(b"\1", sibling, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = sha(b"\1", value, sibling)
        at, last = at >> 1, last >> 1
    assert last == 0 and value == top
    return leaf


log, key, *proofs = sys.argv[1:]
leaves, checkpoints = [], 0
for line in open(log, encoding="utf-8"):
    entry = json.loads(line)
    if "leaf" in entry:
        leaves.append(base64.b64decode(entry["leaf"], validate=True))
    else:
        assert checkpoint(entry["checkpoint"], key) == (len(leaves), root(leaves))
        checkpoints += 1
for proof in proofs:
    assert proven(open(proof, encoding="utf-8").read(), key) in leaves
print(json.dumps({"leaves": len(leaves), "checkpoints": checkpoints, "root": root(leaves).hex(), "proofs": len(proofs)}))
