"""Makes and checks the sealed file in a process of its own: an order as JSON on standard input, the result on standard output.

Its libraries take 40 MB, which the keeper cannot spare. The key goes through standard input: others can read a command line.
"""

import base64
import json
import sys
from collections.abc import Mapping
from typing import Any

README = """TradeAI handover report

handover.html and handover.pdf say the same; evidence.json says it for machines.
seal.json names the SHA-256 of each; seal.sig is its signature (Ed25519) with the appliance's key.

Check it on the appliance:   tradeai handover verify FILE.zip
Check it anywhere:           unzip FILE.zip -d report && cd report
                             openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in seal.json -sigfile seal.sig
                             sha256sum handover.html handover.pdf evidence.json README.txt   (compare with seal.json)
                             openssl pkey -pubin -in key.pem -outform DER | tail -c 32 | sha256sum

The first 32 digits of the last line must be the key that was written down at the handover; key.pem alone proves nothing.
"""


def press(order: Mapping[str, Any]) -> bytes:
    """The zip file of `document`, sealed with `seed` (hex), with what `made` says of it."""
    from app.supervisor.handover.html import html
    from app.supervisor.handover.pdf import pdf
    from app.supervisor.handover.seal import fingerprint, public_of, sealed

    document, seed = order["document"], bytes.fromhex(order["seed"])
    key = fingerprint(public_of(seed))
    evidence = {"made": order["made"], "checklist": order["checklist"], "document": document}
    files = {
        "handover.html": html(document, key).encode(),
        "handover.pdf": pdf(document, key),
        "evidence.json": json.dumps(evidence, indent=1, ensure_ascii=False).encode(),
        "README.txt": README.encode(),
    }
    return sealed(files, order["made"], seed)


def check(order: Mapping[str, Any]) -> bytes:
    """Whether the `file` (base64) is as the holder of `seed` sealed it, as JSON."""
    from app.supervisor.handover.seal import judge, public_of

    found = judge(base64.b64decode(order["file"]), public_of(bytes.fromhex(order["seed"])))
    return json.dumps({"good": found.good, "text": found.text, "seal": dict(found.seal)}).encode()


def key(order: Mapping[str, Any]) -> bytes:
    """The public key (hex) and its fingerprint, as JSON."""
    from app.supervisor.handover.seal import fingerprint, public_of

    public = public_of(bytes.fromhex(order["seed"]))
    return json.dumps({"public": public.hex(), "fingerprint": fingerprint(public)}).encode()


WORK = {"press": press, "check": check, "key": key}


def main() -> None:
    """`{"work": "press" | "check" | "key", "seed", ...}` in, what it makes out."""
    order = json.load(sys.stdin)
    sys.stdout.buffer.write(WORK[order["work"]](order))


if __name__ == "__main__":
    main()
