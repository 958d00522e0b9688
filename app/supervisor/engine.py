"""The Docker engine as the proxy lets us see it: list, inspect, stats, logs, events, start, stop, restart; nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException

from app.supervisor.state import Container

_TIMEOUT_SECONDS = 10
_LINE = 2000  # characters of a log line that are shown
_PROXY_SAYS_AWAY = frozenset({502, 503, 504})


class EngineError(Exception):
    """Docker could not do it."""


class EngineSilent(EngineError):
    """Docker, or the proxy before it, does not answer."""


class EngineRefused(EngineError):
    """Docker answered, and said no."""


# Not among them: the three events of each health check, which come several times a second and say nothing to us.
EVENTS = ("create", "destroy", "die", "kill", "oom", "pause", "rename", "start", "stop", "unpause")


class Engine:
    """The containers `<project>-<service>-1` of one Compose project."""

    def __init__(self, url: str, project: str) -> None:
        self._url, self._project = url, project
        self._api: docker.APIClient | None = None

    def container_name(self, service: str) -> str:
        return f"{self._project}-{service}-1"

    def service_of(self, container_name: str) -> str | None:
        """The service that a container name of this project stands for; None for any other container."""
        prefix, suffix = f"{self._project}-", "-1"
        if container_name.startswith(prefix) and container_name.endswith(suffix):
            return container_name.removeprefix(prefix).removesuffix(suffix)
        return None

    def inspect(self, service: str) -> Container | None:
        """The service's container, None when there is none. Raises EngineError."""
        with self._calling() as api:
            try:
                return _container(api.inspect_container(self.container_name(service)))
            except APIError as error:
                if error.status_code == 404:
                    return None
                raise

    def stats(self, service: str) -> dict[str, Any]:
        """One reading of the container's counters, as Docker names them. Raises EngineError."""
        with self._calling() as api:
            return dict(api.stats(self.container_name(service), stream=False, one_shot=True))

    def logs(self, service: str, lines: int, until: datetime | None = None) -> list[str]:
        """The last lines the service wrote, up to `until`; overlong ones cut. Raises EngineError."""
        with self._calling() as api:
            end = until.timestamp() if until else None
            written = api.logs(self.container_name(service), stdout=True, stderr=True, tail=lines, until=end)
        return [line[:_LINE] for line in written.decode(errors="replace").splitlines()]

    def describe(self, service: str) -> dict[str, Any] | None:
        """All that Docker knows of the service's container, as it names it; None when there is none. Raises EngineError."""
        with self._calling() as api:
            try:
                return dict(api.inspect_container(self.container_name(service)))
            except APIError as error:
                if error.status_code == 404:
                    return None
                raise

    def version(self) -> dict[str, Any]:
        """What the engine says of itself. Raises EngineError."""
        with self._calling() as api:
            return dict(api.version())

    def start(self, service: str) -> None:
        with self._calling() as api:
            api.start(self.container_name(service))

    def stop(self, service: str, grace_seconds: int) -> None:
        with self._calling() as api:
            api.stop(self.container_name(service), timeout=grace_seconds)

    def restart(self, service: str, grace_seconds: int) -> None:
        with self._calling() as api:
            api.restart(self.container_name(service), timeout=grace_seconds)

    @contextmanager
    def events(self, since: float | None) -> Iterator[Iterator[dict[str, Any]]]:
        """The project's container events that change anything, as they happen, those after `since` (epoch seconds) first."""
        label = f"com.docker.compose.project={self._project}"
        filters = {"type": ["container"], "label": [label], "event": list(EVENTS)}
        with self._calling() as api:
            stream = api.events(since=since, filters=filters, decode=True)
            try:
                yield _in_words(stream)
            finally:
                stream.close()

    @contextmanager
    def _calling(self) -> Iterator[Any]:
        """The client, with its many errors turned into ours. The API version is agreed with the engine on first use."""
        try:
            if self._api is None:
                self._api = docker.APIClient(base_url=self._url, version="auto", timeout=_TIMEOUT_SECONDS)
            yield self._api
        except (APIError, DockerException, requests.RequestException) as error:
            raise _ours(error) from error


def _in_words(stream: Any) -> Iterator[dict[str, Any]]:
    """The stream's own breakdowns as EngineSilent; its end is just its end."""
    try:
        yield from stream
    except (DockerException, requests.RequestException, OSError, ValueError) as error:
        raise _ours(error) from error


def _ours(error: Exception) -> EngineError:
    if isinstance(error, APIError):
        status = error.status_code
        if status is not None and status not in _PROXY_SAYS_AWAY:
            return EngineRefused(str(error.explanation or error))
        return EngineSilent(f"the proxy reports that Docker is away ({status})")
    return EngineSilent(f"{type(error).__name__}: {error}"[:300])


def _container(inspected: dict[str, Any]) -> Container:
    state = inspected["State"]
    ended = state["Status"] in {"exited", "dead"}
    return Container(
        id=inspected["Id"],
        status=state["Status"],
        exit_code=state["ExitCode"] if ended else None,
        oom_killed=bool(state.get("OOMKilled")),
        created_at=_moment(inspected["Created"]),
        started_at=_moment(state["StartedAt"]),
    )


def _moment(text: str) -> datetime | None:
    """Docker writes nanoseconds and, for never, the year 1."""
    moment = datetime.fromisoformat(text)
    return None if moment.year == 1 else moment
