"""The probe of nginx goes through to the backend, and knows which of the two failed."""

import pytest

from app.supervisor.probes.edge import edge_probe
from app.supervisor.state import Outcome
from tests.unit.supervisor.probes import server

THROUGH, ALONE = "/api/v1/health", "/nginx-alive"


def test_an_answer_from_behind_is_ok() -> None:
    with server.http({THROUGH: (200, "{}")}) as url:
        assert edge_probe(url)(2).outcome is Outcome.OK


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_error_blames_what_is_behind(status: int) -> None:
    with server.http({THROUGH: (status, "maintenance")}) as url:
        answer = edge_probe(url)(2)
    assert (answer.outcome, answer.blames) == (Outcome.BLAMES, ("backend",))


def test_a_slow_backend_is_not_nginxs_fault() -> None:
    with server.http({ALONE: (204, "")}, slow=frozenset({THROUGH})) as url:
        assert edge_probe(url)(0.2).blames == ("backend",)


def test_nginx_that_does_not_even_answer_itself_is_silent() -> None:
    with server.http({}, slow=frozenset({THROUGH, ALONE})) as url:
        assert edge_probe(url)(0.2).outcome is Outcome.SILENT
    assert edge_probe(f"http://127.0.0.1:{server.closed_port()}")(2).outcome is Outcome.SILENT


def test_a_wrong_configuration_is_nginxs_own_trouble() -> None:
    with server.http({}) as url:
        assert edge_probe(url)(2).outcome is Outcome.UNREADY
