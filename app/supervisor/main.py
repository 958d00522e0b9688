"""Wires the ports, sets the sources going, serves the pages, and runs the loop until it is told to stop."""

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from gevent.pool import Pool
from gevent.pywsgi import WSGIServer
from prometheus_client import make_wsgi_app
from prometheus_client.registry import Collector

from app import __version__
from app.core.logging import configure_logging, get_logger
from app.supervisor.alerts.metrics import AlertMetrics
from app.supervisor.alerts.opening import keep_going, open_desk
from app.supervisor.alerts.rule_tests import RuleTests
from app.supervisor.backups.opening import open_backups
from app.supervisor.clock import SteadyClock
from app.supervisor.configuration import Configuration, configuration
from app.supervisor.doctor.opening import open_doctor
from app.supervisor.doctor.room import doctor_room
from app.supervisor.duties.opening import means, open_calendar
from app.supervisor.duties.room import calendar_room
from app.supervisor.engine import Engine
from app.supervisor.handover.opening import open_office
from app.supervisor.handover.room import handover_room
from app.supervisor.history.archive import Archive
from app.supervisor.history.metrics import PastMetrics
from app.supervisor.history.recorder import Recorder
from app.supervisor.host.sample import boot_id
from app.supervisor.incidents.opening import open_book
from app.supervisor.loop import Loop
from app.supervisor.measures import own_door
from app.supervisor.measures.all import baseline_of
from app.supervisor.measures.all import sources as measuring
from app.supervisor.measures.source import start as start_measuring
from app.supervisor.metrics import registry
from app.supervisor.pages.alerts import alerts
from app.supervisor.pages.baseline import baseline_room
from app.supervisor.pages.host import host, service_logs
from app.supervisor.pages.incidents import incidents
from app.supervisor.pages.past import Past
from app.supervisor.pages.room import Room
from app.supervisor.pages.rule_tests import rule_test_room
from app.supervisor.pages.signing_in import GuessLimit, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.probes.all import probe_of
from app.supervisor.sources import Sources
from app.supervisor.store import StateFile

_CONNECTIONS = 200

log = get_logger(__name__)


def main() -> None:
    """Keep the appliance until SIGTERM."""
    config = configuration()
    configure_logging(config)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a probe would bury what matters
    stopping = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stopping.set())

    clock = SteadyClock()
    store = StateFile(config.state_dir, boot_id())
    engine = Engine(config.docker_url, config.project)
    desk = open_desk(config.state_dir, store, clock)
    recorder = Recorder(Archive(config.state_dir), lambda event: loop.put(event), store.note)
    book = open_book(store, engine.logs, desk)
    loop = Loop(clock, engine, store, observers=[desk, recorder, book])
    past = Past(store, recorder, book)
    keep_going(desk, stopping, lambda: not loop.stuck)
    sources = Sources(loop.put, lambda: loop.state, clock, engine, stopping)
    sources.start({kept.name: probe_of(kept, config) for kept in loop.state.kept}, config.disk_folders)
    recorded = baseline_of(config, store, clock, lambda: loop.state, engine)
    start_measuring(measuring(config, store, clock, lambda: loop.state, recorded, engine), loop.put, stopping)
    rule_tests = RuleTests(desk, store, clock, store.note)
    rooms = [baseline_room(recorded), alerts(desk, lambda: loop.state, clock), rule_test_room(rule_tests)]
    rooms += [incidents(loop, past, book, clock), host(loop, past, clock), service_logs(loop, engine.logs)]
    doctor = open_doctor(config, clock, loop, engine, store, stopping, desk)
    roster = open_calendar(config, clock, loop, engine, store, stopping, doctor, means(recorder.archive.read))
    rooms += [doctor_room(doctor, clock), calendar_room(roster, clock)]
    backups, schedule = open_backups(config, clock, loop, store)
    start_measuring([schedule], loop.put, stopping)
    rooms.append(backups)
    rooms.append(handover_room(open_office(config, clock, loop, engine, store, recorder, book, desk, rule_tests, doctor, roster)))
    collectors = [AlertMetrics(desk), PastMetrics(lambda: loop.state, recorder, book)]
    limit = GuessLimit(clock.now)
    start_measuring([own_door.source(limit.tries)], loop.put, stopping)
    servers = _serve(config, loop, store, clock, rooms, collectors, past, limit)
    log.info("the supervisor keeps the appliance", version=__version__, project=config.project)
    loop.run(stopping)

    for server in servers:
        server.stop(timeout=1)
    recorder.archive.close()
    store.close()
    log.info("the supervisor ends")
    sys.exit(0)


def _serve(
    config: Configuration,
    loop: Loop,
    store: StateFile,
    clock: SteadyClock,
    rooms: Sequence[Room],
    collectors: Sequence[Collector],
    past: Past,
    limit: GuessLimit,
) -> list[WSGIServer]:
    """The pages and the metrics, each on its port."""
    operator = OperatorSession(store.key("sessions"), lambda: config.secret("supervisor_password").get_secret_value())
    site = create_site(loop, store, clock, operator, store.key("cookies"), rooms, past, limit)
    metrics = make_wsgi_app(registry(lambda: loop.state, __version__, collectors))
    return [_server(config.listen, config.pages_port, site), _server(config.listen, config.metrics_port, metrics)]


def _server(host: str, port: int, application: Any) -> WSGIServer:
    server = WSGIServer((host, port), application, spawn=Pool(_CONNECTIONS), log=None, error_log=_ErrorLog())
    server.start()
    return server


class _ErrorLog:
    """The server's complaints, as log lines like all others."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("the supervisor's web server complains", detail=text.strip())

    def flush(self) -> None:
        """Nothing is held back."""
