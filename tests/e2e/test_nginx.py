"""The public door: TLS, headers, caching, compression, limits, refusals that people can read, logs that betray nothing."""

import json
import re
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.appliance import Appliance, wait_until

LIMIT = 50 * 1024 * 1024


@pytest.fixture(scope="module")
def door(appliance: Appliance) -> Iterator[httpx.Client]:
    """A client over TLS that follows nothing by itself."""
    with appliance.http(follow_redirects=False) as client:
        yield client


def _access_log(appliance: Appliance) -> Path:
    return appliance.root / appliance.env["NGINX_LOG_DIR"] / "access.log"


def _logged(appliance: Appliance, mark: str) -> dict[str, Any]:
    """The access log's line about the path with `mark`."""
    found = wait_until(
        lambda: [line for line in _access_log(appliance).read_text().splitlines() if mark in line], 10, f"no log line with {mark}"
    )
    return dict(json.loads(found[-1]))


def test_plain_http_sends_browsers_to_https(appliance: Appliance) -> None:
    with appliance.http(tls=False, follow_redirects=False) as client:
        answer = client.get("/customers?q=1")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{appliance.https_url}/customers?q=1"
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/api/v1/health/db", "/api/v1/health/redis"])
@pytest.mark.parametrize("tls", [False, True])
def test_health_is_answered_over_plain_http_too(appliance: Appliance, path: str, tls: bool) -> None:
    with appliance.http(tls=tls) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_plain_http_on_the_tls_port_is_redirected(appliance: Appliance) -> None:
    answer = httpx.get(f"http://127.0.0.1:{appliance.env['HTTPS_PORT']}/about", follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith("https://")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(appliance: Appliance, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    with pytest.raises(httpx.ConnectError, match=r"(?i)protocol|alert|version"):
        httpx.get(f"{appliance.https_url}/nginx-alive", verify=context)


@pytest.mark.parametrize("path", ["/sign-in", "/static/css/tokens.css", "/api/v1/customers", "/nowhere", "/health"])
def test_every_answer_carries_the_security_headers(door: httpx.Client, path: str) -> None:
    headers = door.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    for name in ("Content-Security-Policy", "X-Frame-Options", "Strict-Transport-Security", "X-Request-ID"):
        assert len(headers.get_list(name)) == 1, f"{name} is said twice"
    assert headers["Server"] == "nginx"


def test_versioned_static_files_are_kept_for_a_year_and_others_asked_again(door: httpx.Client) -> None:
    page = door.get("/sign-in").text
    versioned = re.findall(r'(?:href|src)="(/static/[^"]+\?v=[0-9a-f]+)"', page)
    assert versioned
    for address in versioned:
        answer = door.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = door.get(versioned[0].partition("?")[0])
    assert plain.headers["Cache-Control"] == "no-cache"
    again = door.get(versioned[0].partition("?")[0], headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(("offered", "chosen"), [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)])
@pytest.mark.parametrize("path", ["/static/vendor/htmx.min.js", "/sign-in"])
def test_text_travels_compressed(door: httpx.Client, path: str, offered: str, chosen: str | None) -> None:
    with door.stream("GET", path, headers={"Accept-Encoding": offered}) as answer:
        assert answer.headers.get("Content-Encoding") == chosen
        if chosen:
            assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_folder_is_not_listed_and_nothing_outside_is_served(door: httpx.Client) -> None:
    for path in ("/static/", "/static/css/", "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd"):
        answer = door.get(path)
        assert answer.status_code in {400, 403, 404}, path
        assert "root:" not in answer.text


def test_a_body_that_is_too_large_gets_problem_details_from_the_api(door: httpx.Client) -> None:
    answer = door.post("/api/v1/customers", content=b"x" * (LIMIT + 1), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == 413
    assert "50 MB" in problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]


def test_a_body_that_is_too_large_gets_a_page_for_people(door: httpx.Client) -> None:
    answer = door.post("/customers", content=b"x" * (LIMIT + 1), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "At most 50 MB" in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def _said(appliance: Appliance) -> str:
    """The last lines nginx gave to Docker."""
    return appliance.compose("logs", "--no-log-prefix", "--tail", "200", "nginx").stdout


def test_the_access_log_has_no_query_string(appliance: Appliance, door: httpx.Client) -> None:
    mark = uuid.uuid4().hex
    door.get(
        f"/static/{mark}?token=very-secret-{mark}",
        headers={"Authorization": f"Bearer secret-{mark}", "Cookie": f"s=secret-{mark}"},
    )
    line = _logged(appliance, mark)
    assert line["path"] == f"/static/{mark}"
    assert line["status"] == 404
    assert f"secret-{mark}" not in _access_log(appliance).read_text()
    assert f"secret-{mark}" not in (appliance.root / appliance.env["NGINX_LOG_DIR"] / "error.log").read_text()
    wait_until(lambda: f"/static/{mark}" in _said(appliance), 10, "Docker was not given the line")
    assert f"secret-{mark}" not in _said(appliance)


def test_one_request_id_goes_from_the_door_to_the_backend(appliance: Appliance, door: httpx.Client) -> None:
    mark = uuid.uuid4().hex
    answer = door.get(f"/api/v1/{mark}", headers={"X-Request-ID": "chosen-by-the-client"})
    number = answer.headers["X-Request-ID"]
    assert number != "chosen-by-the-client"
    assert _logged(appliance, mark)["request_id"] == number
    behind = appliance.root / appliance.env["LOG_DIR"] / "access.log"
    lines = wait_until(
        lambda: [line for line in behind.read_text().splitlines() if mark in line], 10, "the backend logged nothing"
    )
    assert json.loads(lines[-1])["request_id"] == number


def test_what_the_client_claims_about_its_address_is_not_believed(appliance: Appliance, door: httpx.Client) -> None:
    mark = uuid.uuid4().hex
    door.get(f"/api/v1/{mark}", headers={"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"})
    behind = appliance.root / appliance.env["LOG_DIR"] / "access.log"
    lines = wait_until(
        lambda: [line for line in behind.read_text().splitlines() if mark in line], 10, "the backend logged nothing"
    )
    assert json.loads(lines[-1])["client"] != "203.0.113.9"


@pytest.mark.parametrize("path", ["/livez", "/metrics", "/internal/doctor"])
def test_what_is_for_the_machine_alone_is_not_at_the_door(door: httpx.Client, path: str) -> None:
    assert door.get(path).status_code == 404


def test_a_flood_of_sign_ins_is_slowed_down_and_recovers(door: httpx.Client) -> None:
    body = {"email": "flood@example.com", "password": "not the password"}
    answers = [door.post("/api/v1/auth/refresh", json=body) for _ in range(90)]
    limited = [answer for answer in answers if answer.headers.get("Retry-After") == "10" and answer.status_code == 429]
    assert limited, "90 in a row were all let through"
    assert limited[0].json()["title"] == "Too many requests"
    assert door.get("/sign-in").status_code == 200, "reading a page must not be limited with it"
    wait_until(
        lambda: door.post("/api/v1/auth/refresh", json=body).headers.get("Retry-After") != "10", 30, "never let through again"
    )


def test_while_the_backend_is_away_people_see_a_page_that_comes_back_by_itself(appliance: Appliance, door: httpx.Client) -> None:
    appliance.compose("stop", "backend")
    try:
        page = wait_until(lambda: _if_status(door.get("/sign-in"), 503), 30, "no maintenance page")
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["Retry-After"] == "5"
        assert '<meta http-equiv="refresh" content="5">' in page.text
        assert "<script" not in page.text
    finally:
        appliance.compose("start", "backend")
    wait_until(lambda: _if_status(door.get("/sign-in"), 200), 60, "the page did not come back")
    appliance.wait_healthy(120)


def test_in_maintenance_people_read_why_and_until_when(appliance: Appliance, door: httpx.Client) -> None:
    begun = appliance.tradeai(
        "service", "maintenance", "begin", "backend", "--for", "30m", "--why", "new <memory>", "--name", "e2e-door", "--json"
    )
    until = json.loads(begun.stdout)["until"]
    try:
        appliance.tradeai("service", "stop", "backend", "--lease", "e2e-door")
        page = wait_until(lambda: _if_status(door.get("/sign-in"), 503), 30, "no maintenance page")
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["Retry-After"] == "15"
        assert "new &lt;memory&gt;" in page.text
        assert until[:10] in page.text
        assert "<script" not in page.text
        assert door.get("/api/v1/customers").headers["Content-Type"].startswith("application/problem+json")
        alerts = json.loads(appliance.tradeai("alerts", "list", "--json", check=False).stdout)["alerts"]
        assert [alert for alert in alerts if alert["rule"].startswith("service_")] == []
    finally:
        appliance.tradeai("service", "maintenance", "end", "e2e-door")
    wait_until(lambda: _if_status(door.get("/sign-in"), 200), 60, "the page did not come back")
    appliance.wait_healthy(120)


def test_while_the_backend_is_away_programs_get_problem_details(appliance: Appliance, door: httpx.Client) -> None:
    appliance.compose("stop", "backend")
    try:
        answer = wait_until(lambda: _if_status(door.get("/api/v1/customers"), 503), 30, "no 503")
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.headers["Retry-After"] == "5"
        assert answer.json()["title"] == "TradeAI is starting"
    finally:
        appliance.compose("start", "backend")
    appliance.wait_healthy(120)


def test_a_backend_at_a_new_address_is_found(appliance: Appliance, door: httpx.Client) -> None:
    """A container that is made anew gets another address; nginx must follow without a restart."""
    before = appliance.run("docker", "inspect", "--format", "{{.State.StartedAt}}", f"{appliance.project}-nginx-1").stdout
    appliance.compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", "backend")
    wait_until(lambda: _if_status(door.get("/sign-in"), 200), 90, "the new backend was not found")
    after = appliance.run("docker", "inspect", "--format", "{{.State.StartedAt}}", f"{appliance.project}-nginx-1").stdout
    assert after == before
    appliance.wait_healthy(120)


def _if_status(answer: httpx.Response, status: int) -> httpx.Response | None:
    return answer if answer.status_code == status else None
