"""`tradeai migrate` against a real server: it brings up what is missing, says so, and then has nothing to do."""

import json

import pytest
from click.testing import CliRunner, Result

from app.cli.app import tradeai
from app.core import mongo as mongo_module
from app.core.indexes import declared_indexes
from app.core.migrations import COLLECTION, known
from app.core.mongo import Db
from app.core.settings import Settings

pytestmark = pytest.mark.own_database


def _migrate(*arguments: str) -> Result:
    return CliRunner().invoke(tradeai, ["migrate", *arguments])


def test_a_new_database_is_migrated_once(mongo: Db) -> None:
    first = json.loads(_migrate("--json").stdout)
    assert [step["number"] for step in first["migrations_applied"]] == [step.number for step in known()]
    second = _migrate()
    assert second.exit_code == 0
    assert "already up to date" in second.stdout
    assert mongo[COLLECTION].count_documents({}) == len(known())


def test_every_declared_index_is_made_and_found_again(mongo: Db) -> None:
    for collection in {index.collection for index in declared_indexes()}:
        mongo[collection].drop()
    created = json.loads(_migrate("--json").stdout)["indexes_created"]
    assert len(created) == len(declared_indexes())
    assert json.loads(_migrate("--json").stdout)["indexes_created"] == []


def test_a_lost_index_is_made_again(mongo: Db) -> None:
    _migrate()
    index = declared_indexes()[0]
    mongo[index.collection].drop_index(list(index.keys))
    created = json.loads(_migrate("--json").stdout)["indexes_created"]
    assert len(created) == 1
    assert created[0].startswith(f"{index.collection}: ")


def test_a_database_from_the_future_is_refused_untouched(mongo: Db) -> None:
    mongo[COLLECTION].insert_one({"_id": known()[-1].number + 1, "title": "from tomorrow"})
    result = _migrate()
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr
    assert mongo[COLLECTION].count_documents({}) == 1


def test_a_database_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    mongo_module.database.cache_clear()
    away = Settings(mongo_host="127.0.0.1", mongo_port=1, mongo_timeout_seconds=0.3)
    real = mongo_module.connect
    monkeypatch.setattr(mongo_module, "connect", lambda _config: real(away))
    result = _migrate()
    mongo_module.database.cache_clear()
    assert result.exit_code == 1
    assert "MongoDB does not answer" in result.stderr
    assert result.stderr.count("\n") == 1
