"""A customer's first ten minutes: what deploy.sh --demo printed is typed into a browser, and leads to what promotions earned."""

import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.appliance import Appliance

CUSTOMERS, PRODUCTS, SALES, PROMOTIONS = 84, 20, 106_139, 763


@dataclass(frozen=True)
class Printed:
    """What the deployment of this appliance said."""

    text: str
    address: str
    email: str
    password: str


@pytest.fixture(scope="module")
def printed(appliance: Appliance) -> Printed:
    """Read from the log of the first deploy.sh."""
    text = Path(os.environ["TRADEAI_TEST_DEPLOY_LOG"]).read_text()
    address = re.search(r"^ +(https://\S+)  the pages", text, re.MULTILINE)
    account = re.search(r"^ +Sign in as +(\S+)\n +Password +(\S+) +\(shown once", text, re.MULTILINE)
    assert address
    assert account, "no first account was printed"
    return Printed(text, address[1], account[1], account[2])


@pytest.fixture
def browser(printed: Printed) -> Iterator[httpx.Client]:
    """As a person's browser: at the printed address, with cookies, the certificate's warning clicked away."""
    with httpx.Client(base_url=printed.address, verify=False, timeout=30) as client:
        yield client


def _send(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Fill in the form at `path` and send it."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    assert token, f"there is no form at {path}"
    return browser.post(path, data={**fields, "csrf_token": token[1]})


def test_one_password_was_printed_and_it_is_in_no_log(printed: Printed, appliance: Appliance) -> None:
    assert printed.text.count(printed.password) == 1
    assert len(re.findall(r"^ +Password ", printed.text, re.MULTILINE)) == 1
    logs = [
        appliance.root / ".cache/deploy",
        appliance.root / appliance.env["LOG_DIR"],
        appliance.root / appliance.env["NGINX_LOG_DIR"],
    ]
    files = [path for folder in logs for path in folder.rglob("*") if path.is_file()]
    assert appliance.root / ".cache/deploy/deploy.log" in files
    assert not [path for path in files if printed.password in path.read_text(errors="replace")]


def test_the_printed_addresses_answer(printed: Printed, browser: httpx.Client) -> None:
    assert browser.get("/").headers["Location"].startswith("/sign-in")
    health = re.search(r"^ +(http://\S+/health)  health", printed.text, re.MULTILINE)
    assert health
    assert httpx.get(health[1], timeout=30).json()["status"] == "ok"


def test_the_printed_figures_are_what_is_there(printed: Printed, appliance: Appliance) -> None:
    for name, number in (("Customers", CUSTOMERS), ("Products", PRODUCTS), ("Sales", SALES)):
        assert re.search(rf"^{name} +{number:,} +imported *$", printed.text, re.MULTILINE), name
    assert re.search(rf"^Promotions +{PROMOTIONS} +{PROMOTIONS} analysed *$", printed.text, re.MULTILINE)
    counts = "print([db.customers, db.products, db.sales].map(one => one.countDocuments()).join(' '))"
    there = appliance.compose("exec", "-T", "mongodb", "mongosh", "tradeai", "--eval", counts).stdout.split()
    assert [int(number) for number in there] == [CUSTOMERS, PRODUCTS, SALES]
    with appliance.signed_in() as client:
        analysed = client.get("/api/v1/promotions?origin=observed&analysis=done&count=true&limit=1").json()
    assert analysed["total"] == PROMOTIONS


def test_the_demonstration_is_not_loaded_twice(appliance: Appliance) -> None:
    again = json.loads(appliance.tradeai("demo", "load", "--json", timeout=600).stdout)
    assert [again[kind]["already"] for kind in ("customers", "products", "sales")] == [True, True, True]
    assert again["sales"]["rows"] == SALES


def test_the_first_password_opens_one_door_only_and_a_new_one_all(
    printed: Printed, browser: httpx.Client, appliance: Appliance
) -> None:
    done = appliance.root / ".cache/first-password-was-changed"
    if done.exists():
        pytest.skip("an earlier run on this appliance has changed the printed password")
    given = {"email": printed.email, "password": printed.password}
    answer = browser.post("/api/v1/auth/token", json=given)
    assert answer.status_code == 200, answer.text
    assert answer.json()["must_change_password"] is True
    first = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert browser.get("/api/v1/promotions", headers=first).status_code == 403

    assert _send(browser, "/sign-in", **given).status_code == 303
    assert browser.get("/").headers["Location"].startswith("/settings/password")
    new = secrets.token_urlsafe(18)
    change = {"current_password": printed.password, "new_password": new, "repeated_password": new}
    assert _send(browser, "/settings/password", **change).status_code == 303
    done.touch()

    home = browser.get("/")
    assert home.status_code == 200
    assert "/promotions/prm_" in home.text, "home shows no promotion and what it earned"
    assert browser.get("/api/v1/auth/me", headers=first).status_code == 401
    assert browser.post("/api/v1/auth/token", json=given).status_code == 401
