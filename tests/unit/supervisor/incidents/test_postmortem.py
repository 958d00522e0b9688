"""The post-mortem says what is known, leaves room for what is not, and cannot be broken by what services write."""

from pathlib import Path

from app.supervisor.incidents.postmortem import postmortem, precise
from tests.unit.supervisor.incidents.desk import Desk


def _document(desk: Desk) -> str:
    return postmortem(desk.only, desk.timeline(), desk.shelf.evidence(desk.only.id))


def test_every_figure_is_filled_in(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.breaks("ai", 137).advance(20).alert("firing", "service_restarted", "ai", priority="P4")
    desk.book.note(desk.only.id, desk.world.now, "the model file was too big", "Anna")
    desk.alert("resolved", "service_restarted", "ai").advance(301)
    text = _document(desk)
    assert text.startswith("# Incident 1: ai\n\nit ended with exit code 137")
    for expected in ("| Priority | P2 |", "| Detected | 2026-03-02", "after 0.0 s", "| Alerts | 1 |", "exit code 137"):
        assert expected in text
    assert "- the model file was too big (Anna)" in text
    assert "password=[redacted]" in text
    assert "not yet" not in text


def test_what_is_not_over_is_said_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path).keeps_breaking("ai")
    assert "| Ended | not yet |" in _document(desk)


def test_foreign_text_is_no_markup(tmp_path: Path) -> None:
    desk = Desk(tmp_path).keeps_breaking("ai")
    desk.book.note(desk.only.id, desk.world.now, "<script>x</script> | # title\n\n# another", "A|b")
    line = next(line for line in _document(desk).splitlines() if "script" in line)
    assert r"\<script\>x\</script\> \| \# title \# another (A\|b)" in line


def test_durations_are_as_exact_as_they_are_short() -> None:
    from datetime import timedelta

    spans = (0.42, 12, 200, 7500, 300000)
    assert [precise(timedelta(seconds=span)) for span in spans] == ["0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 days"]
    assert precise(None) == "–"
