"""The customer list against the bare handler: same data, same server settings, alternating requests on one connection each."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.appliance import Appliance, wait_until
from tests.bench.result import Result, mean

ROUNDS, WARM_UP = 400, 40
GUNICORN = ("gunicorn", "-c", "/opt/tradeai/gunicorn.conf.py", "--bind", "0.0.0.0:5000")


def measure(appliance: Appliance) -> list[Result]:
    """Mean latency with the read cache, and without it (every request reads the database)."""
    path = "/api/v1/customers?sort=name&limit=50"
    with appliance.signed_in() as signed_in:
        headers = {"Authorization": signed_in.headers["Authorization"]}
    with _bare(appliance, 15991) as bare, _uncached(appliance, 15992) as uncached:
        cached_times, control_times = _alternate(appliance.local("BACKEND_PORT") + path, f"{bare}/customers?limit=50", headers)
        uncached_times, control_again = _alternate(uncached + path, f"{bare}/customers?limit=50", headers)
    return [
        Result("list endpoint, every answer from the database", mean(uncached_times) / mean(control_again), "x", 1.6,
               1.0, f"{mean(uncached_times):.2f} ms against {mean(control_again):.2f} ms"),
        Result("list endpoint, as shipped (read cache on)", mean(cached_times) / mean(control_times), "x", 1.6,
               1.0, f"{mean(cached_times):.2f} ms against {mean(control_times):.2f} ms"),
    ]  # fmt: skip


def _alternate(ours: str, control: str, headers: dict[str, str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each request, ours and the control's, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    with httpx.Client(headers=headers) as our_client, httpx.Client() as control_client:
        for turn in range(ROUNDS + WARM_UP):
            for client, url, kept in ((our_client, ours, times[0]), (control_client, control, times[1])):
                started = time.perf_counter()
                client.get(url).raise_for_status()
                if turn >= WARM_UP:
                    kept.append((time.perf_counter() - started) * 1000)
    return times


def _bare(appliance: Appliance, port: int):  # type: ignore[no-untyped-def]
    mount = f"{Path(__file__).parent}/bare.py:/bench/bare.py:ro"
    return _extra_backend(appliance, port, ["-v", mount], ["--worker-class", "gevent", "--pythonpath", "/bench", "bare:app"])


def _uncached(appliance: Appliance, port: int):  # type: ignore[no-untyped-def]
    return _extra_backend(appliance, port, ["-e", "TRADEAI_CACHE=off"], ["app.web.main:create_app()"])


@contextmanager
def _extra_backend(appliance: Appliance, port: int, options: list[str], target: list[str]) -> Iterator[str]:
    """A second backend container with the same limits, gone afterwards."""
    name = f"{appliance.project}-bench-{port}"
    appliance.compose("run", "--rm", "-d", "--no-deps", "--name", name, "-p", f"127.0.0.1:{port}:5000", *options, "backend",
                      *GUNICORN, *target)  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(address), 30, f"{name} does not answer")
        yield address
    finally:
        appliance.run("docker", "rm", "-f", name, check=False)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/livez", timeout=2).status_code < 500
    except httpx.HTTPError:
        return False
