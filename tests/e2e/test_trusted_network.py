"""The public door of an installation that serves plain HTTP on purpose (TRADEAI_HTTP=trusted)."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.appliance import Appliance, wait_until

_DOOR = "tradeai-test-trusted-door"


@pytest.fixture(scope="module")
def trusted(appliance: Appliance) -> Iterator[dict[int, str]]:
    """One more nginx beside the appliance's, before the same services: its addresses by the port inside (8080 and 8443)."""
    appliance.run("docker", "rm", "-f", _DOOR, check=False)
    appliance.run(
        "docker", "run", "-d", "--name", _DOOR, "--network", f"{appliance.project}_edge", "--user", "10001:10001", "--read-only",
        "--tmpfs", "/run/nginx:uid=10001,gid=10001,mode=0700", "--tmpfs", "/tmp:size=16m,mode=1777",
        "--tmpfs", "/var/cache/nginx:uid=10001,gid=10001", "--tmpfs", "/var/log/nginx:uid=10001,gid=10001",
        "-v", f"{appliance.root}/secrets/tls:/etc/nginx/tls:ro", "-e", "TRADEAI_HTTP=trusted",
        "-p", "127.0.0.1::8080", "-p", "127.0.0.1::8443", f"tradeai/nginx:{appliance.env['TRADEAI_TAG']}",
    )  # fmt: skip
    try:
        published = {port: appliance.run("docker", "port", _DOOR, f"{port}/tcp").stdout.split()[0] for port in (8080, 8443)}
        addresses = {8080: f"http://{published[8080]}", 8443: f"https://{published[8443]}"}
        wait_until(lambda: _answers(f"{addresses[8080]}/nginx-alive"), 30, lambda: _said(appliance))
        yield addresses
    finally:
        appliance.run("docker", "rm", "-f", _DOOR, check=False)


@pytest.mark.parametrize("path", ["/sign-in", "/static/css/tokens.css", "/health"])
def test_pages_come_over_plain_http_and_nothing_tells_browsers_to_refuse_it(trusted: dict[int, str], path: str) -> None:
    answer = httpx.get(f"{trusted[8080]}{path}", follow_redirects=False, timeout=30)
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_over_tls_nothing_tells_browsers_to_refuse_plain_http_either(trusted: dict[int, str]) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    answer = httpx.get(f"{trusted[8443]}/sign-in", verify=context, follow_redirects=False, timeout=30)
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _said(appliance: Appliance) -> str:
    return appliance.run("docker", "logs", "--tail", "20", _DOOR, check=False).stdout
