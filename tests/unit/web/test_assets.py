"""Addresses that change with their content, and icons."""

from pathlib import Path

from app.web import assets
from app.web.assets import STATIC_DIR, icon, static_url


def test_an_address_changes_when_its_file_does(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("one")
    before = static_url("a.svg", tmp_path)
    assets.forget_versions()
    (tmp_path / "a.svg").write_text("two")
    assert before.split("?")[0] == "/static/a.svg"
    assert static_url("a.svg", tmp_path) != before


def test_scripts_of_a_folder_share_a_version_because_they_load_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    (tmp_path / "b.js").write_text("two")
    before = static_url("a.js", tmp_path).split("?")[1]
    assert static_url("b.js", tmp_path).split("?")[1] == before
    assets.forget_versions()
    (tmp_path / "b.js").write_text("three")
    assert static_url("a.js", tmp_path).split("?")[1] != before


def test_a_missing_file_is_named_as_such(tmp_path: Path) -> None:
    assert static_url("gone.css", tmp_path) == "/static/gone.css?v=missing"


def test_icons_hide_from_screen_readers_unless_labelled() -> None:
    assert 'aria-hidden="true"' in icon("check")
    labelled = icon("check", label='Say "yes"')
    assert 'role="img"' in labelled
    assert "&#34;yes&#34;" in labelled


def test_nothing_in_styles_scripts_or_pages_needs_an_unsafe_policy() -> None:
    for page in (STATIC_DIR.parent / "templates").rglob("*.html"):
        text = page.read_text()
        assert " style=" not in text, page
        assert " onclick=" not in text, page
    for script in (STATIC_DIR / "js").glob("*.js"):
        assert "innerHTML" not in script.read_text(), script
        assert "eval(" not in script.read_text(), script
