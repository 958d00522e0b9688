"""What has drifted, in words, and where a roll back leads."""

from typing import Any

from app.trade.models.rules import model_before, sentence, shifted


def look(**states: str) -> dict[str, Any]:
    features = [
        {"feature": name, "state": states.get(name, "stable"), "psi": 0.61, "usual": 0.12} for name in ("price", "deal", "units")
    ]
    return {"features": features, "error": {"state": states.get("error", "unknown"), "ratio": 1.82}}


def test_only_what_shifted_is_named() -> None:
    assert shifted(look(price="shifted", deal="moved")) == ["price"]
    assert shifted(look(error="shifted")) == ["error"]
    assert shifted(look()) == []


def test_the_sentence_holds_figure_and_usual() -> None:
    assert sentence(look(price="shifted")) == "Price level: stability index 0.61 (a shift from 0.25)"
    assert "1.8 times" in sentence(look(error="shifted"))


def test_the_baselines_error_is_told_beside_the_forecasts_and_older_looks_have_none() -> None:
    both = {**look(error="shifted"), "baseline_error": {"state": "shifted", "ratio": 2.04}}
    assert shifted(both) == ["error", "baseline_error"]
    assert "baseline error in quiet weeks 2.0 times" in sentence(both)
    assert shifted({**both, "baseline_error": {"state": "moved", "ratio": 1.3}}) == ["error"]
    assert shifted({**both, "baseline_error": None}) == shifted(look(error="shifted")) == ["error"]
    assert "as those of the training" in sentence(look())


def test_a_roll_back_leads_to_the_model_before_the_current() -> None:
    models = [{"id": "mdl_3"}, {"id": "mdl_2"}, {"id": "mdl_1"}]
    assert model_before(models, "mdl_3") == {"id": "mdl_2"}
    assert model_before(models, "mdl_1") is None
    assert model_before(models, "mdl_9") is None
