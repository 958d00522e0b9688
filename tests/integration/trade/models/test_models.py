"""Models over HTTP and as jobs: who may see and switch them, what is recorded, what is told to the supervisor."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core import jobs
from app.core.errors import Conflict
from app.core.jobs import JobCancelled, Progress
from app.core.model_drift import FIELD, STREAM
from app.core.mongo import Db
from app.trade.models import store, work
from tests.integration.trade.ai_service import AiService
from tests.integration.trade.promotions.conftest import Market

AsRole = Callable[[str], Any]


def actions(mongo: Db) -> list[str]:
    return [entry["action"] for entry in mongo["audit"].find({"action": {"$regex": "^model"}}, sort=[("seq", 1)])]


def test_everybody_who_plans_sees_the_models(as_role: AsRole, ai: AiService) -> None:
    found = as_role("viewer").get("/api/v1/models").get_json()["models"]
    assert [(model["id"], model["current"]) for model in found] == [("mdl_2", True), ("mdl_1", False)]
    assert found[0]["metrics"]["chain"]["wmape"] == 0.218
    assert as_role("viewer").get("/api/v1/models/mdl_1").get_json()["id"] == "mdl_1"
    assert as_role("operator").get("/api/v1/models").status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/models/train", "/api/v1/models/evaluate", "/api/v1/models/drift",
                                  "/api/v1/models/mdl_1/promote"])  # fmt: skip
def test_only_those_who_answer_for_figures_change_models(as_role: AsRole, ai: AiService, path: str) -> None:
    for role in ("viewer", "account_manager", "finance"):
        assert as_role(role).post(path, json={}).status_code == 403
    assert as_role("analyst").post(path, json={}).status_code in {200, 202}


def test_an_older_model_serves_again_and_the_trail_says_so(as_role: AsRole, ai: AiService, mongo: Db) -> None:
    answer = as_role("manager").post("/api/v1/models/mdl_1/promote", json={})
    assert (answer.status_code, answer.get_json()["current"]) == (200, True)
    entry = mongo["audit"].find_one({"action": "model.promoted"})
    assert entry is not None
    assert (entry["before"], entry["after"]["serving"]) == ({"serving": "mdl_2"}, "mdl_1")


def test_a_model_that_is_gone_is_not_found(as_role: AsRole, ai: AiService) -> None:
    manager = as_role("manager")
    assert manager.post("/api/v1/models/mdl_9/promote", json={}).status_code == 404
    assert manager.get("/api/v1/models/..%2f..%2fetc").status_code == 404


def test_a_promotion_during_a_training_is_refused_in_words(as_role: AsRole, ai: AiService) -> None:
    manager = as_role("manager")
    models = manager.get("/api/v1/models").get_json()
    assert models
    ai.problem = (409, {"type": "/problems/busy", "detail": "A training is running"})
    answer = manager.post("/api/v1/models/mdl_1/promote", json={})
    assert (answer.status_code, answer.get_json()["detail"]) == (409, "A training is running")


@pytest.mark.parametrize("body", [{"source": "tin"}, {"sauce": "pos"}, {"source": None}, {"source": ["pos"]}])
def test_a_source_that_is_none_is_named(as_role: AsRole, ai: AiService, body: dict[str, Any]) -> None:
    answer = as_role("manager").post("/api/v1/models/train", json=body)
    assert answer.status_code == 422
    assert next(iter(body)) in {error["field"].rpartition(".")[2] for error in answer.get_json()["errors"]}


def test_a_training_is_a_job_and_a_second_one_is_the_first(as_role: AsRole, ai: AiService, mongo: Db) -> None:
    manager = as_role("manager")
    first = manager.post("/api/v1/models/train", json={}).get_json()["job"]
    assert manager.post("/api/v1/models/train", json={}).get_json()["job"] == first
    assert jobs.read(first).path == work.TRAIN
    assert actions(mongo) == ["model.train"]


def test_a_training_brings_a_model_and_an_entry(ai: AiService, market: Market, mongo: Db) -> None:
    assert work.train(Progress.unwatched(), "pos") == {"model": "mdl_3", "source": "pos", "serves": True}
    entry = mongo["audit"].find_one({"action": "model.trained"})
    assert entry is not None
    assert (entry["subject_id"], entry["before"]["serving"]) == ("mdl_3", "mdl_2")


def test_a_model_that_is_held_back_is_told_with_its_reason(ai: AiService, market: Market, mongo: Db) -> None:
    ai.held_back = "its forecast error is 41.0 %"
    assert work.train(Progress.unwatched(), "pos")["serves"] is False
    entry = mongo["audit"].find_one({"action": "model.trained"})
    assert entry is not None
    assert (entry["after"]["serves"], entry["after"]["held_back"]) == (False, ai.held_back)


def test_a_training_that_is_stopped_leaves_the_model_before(ai: AiService, market: Market, mongo: Db) -> None:
    class Stopped(Progress):
        def stop_if_cancelled(self) -> None:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        work.train(Stopped(None), "pos")
    assert ai.stopped == ["job_1"]
    assert next(model.id for model in ai.models if model.current) == "mdl_2"
    assert actions(mongo) == []


def test_a_training_that_fails_says_why(ai: AiService, market: Market) -> None:
    ai.fails = "there are no sales of source 'pos'"
    with pytest.raises(Conflict, match="no sales of source"):
        work.train(Progress.unwatched(), "pos")


def test_what_has_shifted_is_stored_and_told_to_the_supervisor(ai: AiService, market: Market, redis_client: Any) -> None:
    ai.shifted = {"price", "deal"}
    assert work.look_at_drift(Progress.unwatched())["looked"] == {"pos": "shifted", "shipment": "shifted"}
    look = store.newest_look("pos")
    assert look is not None
    assert look["state"] == "shifted"
    told = [json.loads(fields[FIELD]) for _id, fields in redis_client.xrange(STREAM)]
    assert told[0]["shifted"] == ["price", "deal"]
    assert "stability index 0.60" in told[0]["detail"]
    kinds = [fields["type"] for _id, fields in redis_client.xrange("events")]
    assert "model.looked_at" in kinds


def test_a_look_evaluates_a_model_that_nobody_has(ai: AiService, market: Market) -> None:
    ai.evaluated = False
    work.look_at_drift(Progress.unwatched(), "pos")
    assert ai.questions("POST /v1/evaluate") == [{"source": "pos"}]
    work.look_at_drift(Progress.unwatched(), "pos")
    assert len(ai.questions("POST /v1/evaluate")) == 1


def test_before_the_first_look_and_evaluation_it_says_what_to_do(as_role: AsRole, ai: AiService) -> None:
    ai.evaluated = False
    viewer = as_role("viewer")
    for path in ("/api/v1/models/drift", "/api/v1/models/evaluation"):
        answer = viewer.get(path)
        assert answer.status_code == 404
        assert "POST /api/v1/models" in answer.get_json()["detail"]


def test_the_newest_look_is_told(as_role: AsRole, ai: AiService, market: Market) -> None:
    work.look_at_drift(Progress.unwatched(), "pos")
    found = as_role("viewer").get("/api/v1/models/drift").get_json()
    assert (found["state"], found["model"], len(found["features"])) == ("stable", "mdl_2", 6)
    assert found["at"].endswith("Z")


def test_the_page_shows_what_serves_and_offers_what_the_role_may(as_role: AsRole, ai: AiService, market: Market) -> None:
    work.look_at_drift(Progress.unwatched(), "pos")
    page = as_role("manager").get("/ai/models").get_data(as_text=True)
    for text in ("Roll back", "Train", "31.2", "Kept models", "Drift", "Accuracy as it was", "data-confirm"):
        assert text in page
    seen = as_role("viewer").get("/ai/models").get_data(as_text=True)
    assert "Roll back" not in seen
    assert "Let it serve" not in seen
    assert as_role("viewer").get("/ai/models/mdl_1").status_code == 200


def test_the_page_stands_without_the_ai_service(as_role: AsRole, ai: AiService, market: Market) -> None:
    work.look_at_drift(Progress.unwatched(), "pos")
    ai.down = True
    answer = as_role("manager").get("/ai/models")
    assert answer.status_code == 200
    assert "does not answer" in answer.get_data(as_text=True)
    assert as_role("manager").get("/api/v1/models").status_code == 503


def test_a_newer_model_that_does_not_serve_is_named(as_role: AsRole, ai: AiService, market: Market) -> None:
    ai.models = [model.model_copy(update={"current": model.id == "mdl_1"}) for model in ai.models]
    page = as_role("viewer").get("/ai/models").get_data(as_text=True)
    assert "A newer model is kept but does not serve" in page


def test_an_empty_appliance_says_what_models_are_for(as_role: AsRole, ai: AiService) -> None:
    ai.models, ai.evaluated = [], False
    page = as_role("manager").get("/ai/models").get_data(as_text=True)
    assert "No model yet" in page
    assert "/imports/new" in page


def test_the_buttons_start_cancel_and_switch(as_role: AsRole, ai: AiService, market: Market) -> None:
    manager = as_role("manager")
    assert manager.post("/ai/models/train").status_code == 302
    page = manager.get("/ai/models").get_data(as_text=True)
    assert 'data-module="progress"' in page
    assert manager.post("/ai/models/train/cancel").status_code == 302
    job_id = store.job_of("pos", "train")
    assert job_id is not None
    assert jobs.read(job_id).state is jobs.JobState.CANCELLED
    assert manager.post("/ai/models/mdl_1/promote").status_code == 302
    assert "serves now" in manager.get("/ai/models").get_data(as_text=True)
    assert manager.post("/ai/models/explode").status_code == 404
    assert as_role("viewer").post("/ai/models/train").status_code == 403
