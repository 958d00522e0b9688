"""A site with a past: an hour of figures, one incident that was healed, and a log with a secret in it."""

import re
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient

from app.supervisor.engine import EngineSilent
from app.supervisor.events import HostSampled, Tick, Used
from app.supervisor.history.archive import Archive
from app.supervisor.history.recorder import Recorder
from app.supervisor.pages.host import host, service_logs
from app.supervisor.pages.incidents import incidents
from app.supervisor.pages.past import Past
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.state import Usage
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.incidents.desk import Desk
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper


class PastSite:
    """The site, a browser that is signed in, and a client of the API."""

    keeper_type: type[Keeper] = Keeper

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.world, self.store = self.desk.world, self.desk.store
        self.recorder = Recorder(Archive(folder), self.world.tell, self.store.note)
        self.lines, self.silent = ["ready", "password=hush"], False
        self.world.others.append(self.recorder)
        self.record(4)
        self.desk.breaks("ai", 137).advance(12)
        self.record(12)
        self.past = Past(self.store, self.recorder, self.desk.book)
        self.keeper = keeper = self.keeper_type(self.world)
        clock = type("Clock", (), {"now": lambda _self: self.world.now})()
        rooms = [
            incidents(keeper, self.past, self.desk.book, clock),
            host(keeper, self.past, clock),
            service_logs(keeper, self._logs),
        ]
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        self.site = create_site(keeper, self.store, clock, operator, b"c" * 32, rooms, self.past)  # type: ignore[arg-type]
        self.browser: FlaskClient = self.site.test_client()
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})

    def record(self, minutes: int) -> None:
        """Time goes by, with a frame every 15 seconds."""
        for _frame in range(minutes * 4):
            self.world.tell(HostSampled(HOST))
            for name in ("ai", "redis"):
                self.world.tell(Used(name, Usage(0.25, 12.0, 64_000_000, 128_000_000, self.world.now)))
            self.world.now += timedelta(seconds=15)
            self.world.tell(Tick())

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.page("/"))
        assert found
        return found[1]

    def api(self, path: str, expected: int = 200, body: object = None) -> dict:
        method = "GET" if body is None else "POST"
        answer = self.browser.open(f"/api/v1/{path}", method=method, json=body, auth=(OPERATOR, PASSWORD))
        assert answer.status_code == expected, answer.text
        assert answer.json is not None
        return dict(answer.json)

    def _logs(self, service: str, lines: int, until: object = None) -> list[str]:
        if self.silent:
            raise EngineSilent("connection refused")
        return self.lines[-lines:]
