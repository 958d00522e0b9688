"""A Redis of this test's own, with a password and little memory: the supervisor is to see it full."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.supervisor.redis_wire import RedisWire
from tests.integration.processes import free_port, wait_until

_SERVER = Path("/usr/bin/redis-server")
_PASSWORD = 'a "quoted" password'


@dataclass
class OwnRedis:
    """The server's process, a client of the library and a wire of the supervisor."""

    port: int
    process: "subprocess.Popen[bytes]"
    client: "redis.Redis[str]"  # type: ignore[type-arg]
    wire: RedisWire


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """Started, answering, and ended afterwards."""
    if not _SERVER.exists():
        pytest.skip("redis-server is not installed here (Debian: redis-server)")
    port = free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", "", "--requirepass", _PASSWORD]
    process = subprocess.Popen([str(_SERVER), *settings, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction"])
    client = redis.Redis(port=port, password=_PASSWORD, decode_responses=True, retry=Retry(NoBackoff(), 0))
    try:
        wait_until(lambda: _answers(client), 10, "redis-server answers")
        yield OwnRedis(port, process, client, RedisWire("127.0.0.1", port, lambda: _PASSWORD))
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _answers(client: "redis.Redis[str]") -> bool:  # type: ignore[type-arg]
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
