"""Which service is asked in which way, and where."""

from urllib.parse import urlsplit

from app.supervisor.configuration import Configuration
from app.supervisor.probes.answer import Probe
from app.supervisor.probes.edge import edge_probe
from app.supervisor.probes.http import http_probe
from app.supervisor.probes.mongodb import mongodb_probe
from app.supervisor.probes.redis import redis_probe
from app.supervisor.probes.websocket import websocket_probe
from app.supervisor.services import Kept, ProbeKind


def probe_of(kept: Kept, config: Configuration) -> Probe:
    """The probe of one service."""
    match kept.probe:
        case ProbeKind.MONGODB:
            return mongodb_probe(config.mongo_host, config.mongo_port)
        case ProbeKind.REDIS:
            return redis_probe(config.redis_host, config.redis_port, lambda: config.secret("redis_password").get_secret_value())
        case ProbeKind.HTTP:
            return http_probe(_urls(config)[kept.name])
        case ProbeKind.WEBSOCKET:
            return websocket_probe(_urls(config)[kept.name])
        case ProbeKind.EDGE:
            return edge_probe(_urls(config)[kept.name])


def _urls(config: Configuration) -> dict[str, str]:
    """Where the services that speak HTTP are; a trailing slash in a setting does no harm."""
    urls = {
        "backend": config.backend_url,
        "realtime": config.realtime_url,
        "worker": config.worker_url,
        "ai": config.ai_url,
        "nginx": config.nginx_url,
    }
    for name, url in urls.items():
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError(f"The address of {name} must begin with http:// and is {url!r}.")
    return {name: url.rstrip("/") for name, url in urls.items()}
