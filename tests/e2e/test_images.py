"""What the finished images must not hold: the certificates that the builds were given to download through."""

import re
from pathlib import Path

import pytest

from tests.appliance import Appliance

IMAGES = ("redis", "app", "ai", "nginx", "dockerproxy", "backup", "demo")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
TRUSTED = "cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null || true"  # the database's image trusts nobody
DEBIANS = "cat /usr/share/ca-certificates/mozilla/*.crt"
# -I: no binaries; what the kernel shows is not the image's.
FOUND = "grep -rhoIFs --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev -f /dev/stdin / | sort -u"


def _certificates(text: str) -> set[str]:
    return {"".join(found.split()) for found in PEM.findall(text)}


def _inside(appliance: Appliance, image: str, script: str, given: str = "") -> str:
    """What a shell in a fresh container of the image answers, as root and without a network."""
    return appliance.run(
        "docker", "run", "--rm", "--interactive", "--network", "none", "--user", "0", "--entrypoint", "sh", image, "-c", script,
        input=given,
    ).stdout  # fmt: skip


@pytest.fixture(scope="module", params=[*IMAGES, "database"])
def image(request: pytest.FixtureRequest, appliance: Appliance) -> str:
    """One finished image after another."""
    name = appliance.env["TRADEAI_DATABASE"] if request.param == "database" else request.param
    return f"tradeai/{name}:{appliance.env['TRADEAI_TAG']}"


@pytest.fixture(scope="module")
def debians(appliance: Appliance) -> set[str]:
    """What Debian's package holds."""
    found = _certificates(_inside(appliance, f"tradeai/app:{appliance.env['TRADEAI_TAG']}", DEBIANS))
    assert len(found) > 50
    return found


def test_an_image_holds_no_certificate_but_debians(appliance: Appliance, image: str, debians: set[str]) -> None:
    trusted = _certificates(_inside(appliance, image, TRUSTED))
    assert trusted in (set(), debians)
    hosts = _certificates(Path(appliance.env["TRADEAI_CA_BUNDLE"]).read_text())
    known = sorted(trusted)[:1]
    # The third line of each, as it stands in the files. One that must be found shows that the search works.
    lines = {certificate[128:192] for certificate in {*(hosts - debians), *known}}
    found = _inside(appliance, image, FOUND, "\n".join(lines) + "\n").split()
    assert found == [certificate[128:192] for certificate in known]


def test_who_reaches_out_trusts_whom_debian_trusts_unless_asked(appliance: Appliance) -> None:
    count = "import ssl, requests, httpx; httpx.Client(); print(len(ssl.create_default_context().get_ca_certs()))"
    for service in ("supervisor", "backup"):
        assert int(appliance.compose("exec", "-T", service, "python", "-c", count).stdout) > 50
        assert not appliance.compose("exec", "-T", service, "ls", "/etc/tradeai-ca").stdout.strip()
    for bundle in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        told = appliance.compose("exec", "-T", "supervisor", "printenv", bundle).stdout.strip()
        assert told == "/etc/ssl/certs/ca-certificates.crt"
