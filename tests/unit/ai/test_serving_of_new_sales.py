"""Whether the sales changed is asked once a second, at once for a new model, and never forgotten."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ai import serving
from ai.data.panel import Panel
from ai.models.loglinear import LogLinearModel
from ai.registry.manifest import Registry
from ai.registry.storage import pack

from .test_service import documents_of


class Clock:
    moment = 0.0

    def __call__(self) -> float:
        return self.moment


class Stamps:
    """What the sales are known by, and how often that was asked."""

    def __init__(self) -> None:
        self.stamp, self.asked = "one", 0

    def __call__(self, _database: Any) -> str:
        self.asked += 1
        return self.stamp


@pytest.fixture
def served(
    tmp_path: Path, panel: Panel, model: LogLinearModel, monkeypatch: pytest.MonkeyPatch
) -> tuple[serving.Serving, Clock, Stamps, Registry]:
    stamps, clock, registry = Stamps(), Clock(), Registry(tmp_path)
    monkeypatch.setattr(serving, "sales_stamp", stamps)
    keep(registry, "mdl_1", panel, model)
    return serving.Serving(documents_of(panel), registry, clock), clock, stamps, registry  # type: ignore[arg-type]


def keep(registry: Registry, key: str, panel: Panel, model: LogLinearModel) -> None:
    registry.add(
        pack(model, panel), key=key, source="pos", fitted_at="2024-01-01T00:00:00+00:00", rows=panel.rows,
        window=("2023-01-02", "2024-08-05"),
    )  # fmt: skip


def test_many_questions_of_a_second_ask_once(served: Any) -> None:
    service, clock, stamps, _registry = served
    first = service.ready("pos")
    asked = stamps.asked
    for _turn in range(50):
        assert service.ready("pos") is first
    assert stamps.asked == asked
    clock.moment = serving.STAMP_SECONDS
    assert service.ready("pos") is first
    assert stamps.asked == asked + 1


def test_changed_sales_are_served_after_a_second(served: Any) -> None:
    service, clock, stamps, _registry = served
    first = service.ready("pos")
    stamps.stamp = "two"
    assert service.ready("pos") is first
    clock.moment = serving.STAMP_SECONDS
    assert service.ready("pos") is not first


def test_a_new_model_meets_the_sales_of_now(served: Any, panel: Panel, model: LogLinearModel) -> None:
    service, _clock, stamps, registry = served
    first = service.ready("pos")
    stamps.stamp = "two"
    keep(registry, "mdl_2", panel, model)
    second = service.ready("pos")
    assert second is not first
    assert second.entry.id == "mdl_2"
    assert service.ready("pos") is second


def test_a_new_model_is_loaded_beside_the_one_that_answers(served: Any, panel: Panel, model: LogLinearModel) -> None:
    service, _clock, _stamps, registry = served
    service._kept_ready.add("pos")
    service.make_ready("pos")
    assert not service._ready
    first = service.ready("pos")
    keep(registry, "mdl_2", panel, model)
    assert service.ready("pos") is first
    service.make_ready("pos")
    assert service.ready("pos").entry.id == "mdl_2"
    assert service.ready("pos").panel is first.panel


def test_new_sales_do_not_wait_for_the_look_at_models(served: Any, panel: Panel, model: LogLinearModel) -> None:
    service, clock, stamps, registry = served
    service._kept_ready.add("pos")
    service.ready("pos")
    keep(registry, "mdl_2", panel, model)
    stamps.stamp, clock.moment = "two", serving.STAMP_SECONDS
    assert service.ready("pos").entry.id == "mdl_2"


def test_while_people_ask_the_look_asks_for_them_whether_sales_changed(served: Any) -> None:
    service, clock, stamps, _registry = served
    service.ready("pos")
    asked = stamps.asked
    clock.moment = serving.STAMP_SECONDS
    service.make_ready("pos")
    assert stamps.asked == asked + 1
    service.ready("pos")
    assert stamps.asked == asked + 1
    clock.moment += serving.ASKED_LATELY_SECONDS
    service.make_ready("pos")
    assert stamps.asked == asked + 1


def test_a_source_that_nobody_keeps_ready_gets_its_new_model_when_asked(served: Any, panel: Panel, model: LogLinearModel) -> None:
    service, _clock, _stamps, registry = served
    service.ready("pos")
    keep(registry, "mdl_2", panel, model)
    assert service.ready("pos").entry.id == "mdl_2"


def test_keeping_ready_loads_before_anyone_asks_and_gives_up_on_what_nobody_foresaw(
    served: Any, monkeypatch: pytest.MonkeyPatch, panel: Panel, model: LogLinearModel
) -> None:
    service, _clock, _stamps, registry = served
    monkeypatch.setattr(serving, "LOOK_SECONDS", 0.01)
    service.ready("pos")
    keep(registry, "mdl_2", panel, model)
    service.keep_ready("pos")
    wait_until(lambda: service._ready["pos"][0] == "mdl_2")
    monkeypatch.setattr(service, "make_ready", lambda _source: 1 / 0)
    wait_until(lambda: not service._kept_ready)
    assert service.ready("pos").entry.id == "mdl_2"


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")
