"""Opens the doctor's practice: ports to Docker, backend, door and folders, and the daily examination."""

import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from app.supervisor.alerts.desk import Desk
from app.supervisor.clock import SteadyClock
from app.supervisor.configuration import Configuration
from app.supervisor.doctor.backend import Backend
from app.supervisor.doctor.catalogue import catalogue
from app.supervisor.doctor.door import look_at_door
from app.supervisor.doctor.gather import Ports, gather
from app.supervisor.doctor.practice import Doctor
from app.supervisor.doctor.records import Records
from app.supervisor.doctor.world import AlertFacts
from app.supervisor.engine import Engine
from app.supervisor.loop import Loop
from app.supervisor.store import StateFile


def channels_told(desk: Desk) -> AlertFacts:
    """The channels of the alert settings, and when each last delivered a message."""
    told = {name: desk.outbox.deliveries("channel = ? AND state = 'sent'", (name,), 1) for name in desk.channels}
    return AlertFacts({name: found[0].done_at if found else None for name, found in told.items()})


def open_doctor(
    config: Configuration,
    clock: SteadyClock,
    loop: Loop,
    engine: Engine,
    store: StateFile,
    stopping: threading.Event,
    desk: Desk,
) -> Doctor:
    """The doctor, with its daily examination under way in the background."""
    folders: dict[str, Path] = {"state": config.state_dir}
    if config.log_dir is not None:
        folders["logs"] = config.log_dir
    host = urlsplit(config.nginx_url).hostname or "nginx"
    ports = Ports(
        clock=clock,
        keeper=loop,
        engine=engine,
        backend=Backend(config.backend_url, lambda: config.secret("redis_password").get_secret_value()),
        door=lambda: look_at_door(host, config.nginx_tls_port, config.domain or "localhost"),
        settings={"http": config.http, "domain": config.domain},
        folders=folders,
        store_trouble=lambda: store.trouble,
        alerts=partial(channels_told, desk),
    )
    doctor = Doctor(clock, Records(store), catalogue, partial(gather, ports), loop.put, store.note)
    threading.Thread(target=doctor.keep_going, args=(stopping,), daemon=True).start()
    return doctor
