"""The measured error of a model is said in one sentence, and missing figures are said to be missing."""

from app.trade.models.measured import measured, sentence


def test_both_errors_are_told_as_percent_of_units() -> None:
    model = {"metrics": {"forecast": {"objective": {"median": {"wmape": 0.312}}}, "chain": {"wmape": 0.218}}}
    told = measured(model)
    assert "one store and week 31\u202f%" in told
    assert "a chain and week 22\u202f%" in told


def test_one_error_alone_is_told_alone() -> None:
    assert "forecast" not in sentence(None, 0.218)
    assert "baseline" not in sentence(0.312, None)


def test_what_was_not_measured_is_said() -> None:
    assert "was not measured" in measured({"metrics": {"forecast": {"protocol": "too few weeks"}, "chain": {"wmape": None}}})
    assert "was not measured" in measured({"id": "mdl_1"})
    assert measured(None) == ""
