"""What others change appears by itself, over the WebSocket through nginx."""

from uuid import uuid4

import httpx
from playwright.sync_api import expect

from tests.browser.opening import OpenPage, Site, settle


def test_a_person_added_elsewhere_appears_in_the_list(open_page: OpenPage, site: Site) -> None:
    page = open_page("/settings/users").page
    settle(page)
    expect(page.locator("html[data-connection=open]")).to_be_visible(timeout=15_000)
    name = f"Newcomer {uuid4().hex[:8]}"
    with httpx.Client(base_url=site.url, verify=False, timeout=30) as api:
        token = api.post("/api/v1/auth/token", json={"email": site.email, "password": site.password}).json()["access_token"]
        answer = api.post(
            "/api/v1/users",
            headers={"Authorization": f"Bearer {token}"},
            json={"email": f"{uuid4().hex}@example.com", "name": name, "role": "viewer", "password": uuid4().hex},
        )
        assert answer.status_code == 201, answer.text
    expect(page.locator("tr", has_text=name)).to_be_visible(timeout=15_000)
