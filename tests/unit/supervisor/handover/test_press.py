"""The press makes HTML and PDF that say the same, sealed with the supervisor's key, in a process that stays small."""

import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from base64 import a85decode
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from app.core.errors import Unavailable
from app.supervisor.handover import press as pressing
from app.supervisor.handover.checklist import checklist
from app.supervisor.handover.evidence import Evidence
from app.supervisor.handover.html import html
from app.supervisor.handover.opening import signing_seed
from app.supervisor.handover.press import Press
from app.supervisor.handover.sections import document
from app.supervisor.store import StateFile
from tests.unit.supervisor.handover.given import EVERYTHING, NOW, PressHere

pytestmark = pytest.mark.slow  # real processes are started here

SEED = b"\x07" * 32
MADE = {"appliance": "trade.example", "made_at": NOW.isoformat(), "made_by": "Ada", "version": "1.0"}
LINES = checklist(EVERYTHING)
DOCUMENT = document(EVERYTHING, LINES, "Ada")


@pytest.fixture(scope="module")
def packed() -> bytes:
    return Press(lambda: SEED).press(DOCUMENT, LINES, MADE)


def _file(packed: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(name)


def test_it_holds_html_pdf_and_evidence_and_its_seal_fits(packed: bytes) -> None:
    press = Press(lambda: SEED)
    assert press.check(packed)["good"]
    assert not PressHere(lambda: b"\x08" * 32).check(packed)["good"]
    assert len(json.loads(_file(packed, "evidence.json"))["checklist"]) == len(LINES)
    assert press.key()["fingerprint"] in _file(packed, "handover.html").decode()


def test_every_cell_of_the_report_stands_in_the_html(packed: bytes) -> None:
    text = unescape(_file(packed, "handover.html").decode())
    for section in DOCUMENT.sections:
        assert section.title in text
        assert all(sentence in text for sentence in section.sentences)
        assert all(cell in text for row in (section.table.rows if section.table else ()) for cell in row)


def test_the_html_needs_nothing_else_and_names_are_no_markup() -> None:
    hostile = document(replace(EVERYTHING, name="<script>alert(1)</script>"), LINES, "Ada & Bob")
    text = html(hostile.as_dict(), "abcd")
    assert "<script" not in text
    assert "Ada &amp; Bob" in text
    assert not re.search(r"(src|href)=|url\(|@import", text)


def test_the_pdf_has_pages_and_survives_markup_and_foreign_letters(packed: bytes) -> None:
    content = _file(packed, "handover.pdf")
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", content)) >= 2
    pages = re.findall(rb"/ASCII85Decode.{0,80}?stream\r?\n(.*?)~>", content, re.S)
    drawn = [zlib.decompress(a85decode(page)) for page in pages]
    assert sum(b"BT " in stream for stream in drawn) >= 2  # pages of text
    hostile = document(replace(EVERYTHING, name="<b>x</i> & Łódź"), LINES, "<para>")
    assert PressHere(lambda: SEED).press(hostile, LINES, MADE)


def test_without_its_fonts_the_pdf_is_made_all_the_same() -> None:
    from app.supervisor.handover import pdf as printing  # late: 30 MB

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "_FONTS", Path("/nowhere"))
        content = printing.pdf(document(replace(EVERYTHING, name="Łódź"), LINES, "Çağla").as_dict(), "abcd")
    assert b"/BaseFont /Helvetica" in content
    assert b"DejaVu" not in content


def test_an_appliance_without_any_evidence_gets_a_report_that_says_so() -> None:
    empty = Evidence(NOW)
    made = document(empty, checklist(empty), "Ada")
    text = html(made.as_dict(), "abcd")
    assert "not proven: there is no backup" in text
    assert "There is no proven restore." in text
    assert PressHere(lambda: SEED).press(made, checklist(empty), MADE)


def test_the_keeper_itself_loads_neither_reportlab_nor_cryptography() -> None:
    look = (
        "import sys, app.supervisor.handover.room, app.supervisor.handover.opening;"
        "print([name for name in sys.modules if name in ('reportlab', 'cryptography', 'PIL')])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_press_that_breaks_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressing, "_MODULE", "app.supervisor.handover.no_such_module")
    with pytest.raises(Unavailable, match="docker compose logs supervisor"):
        Press(lambda: SEED).key()


def test_the_key_is_made_once_outlives_the_process_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot")
    seed = signing_seed(store)
    assert len(seed) == 32
    store.close()
    assert signing_seed(StateFile(tmp_path, "another")) == seed
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_state_file_from_before_is_shut_too(tmp_path: Path) -> None:
    StateFile(tmp_path, "boot").close()
    (tmp_path / "supervisor.sqlite3").chmod(0o644)
    StateFile(tmp_path, "boot").close()
    assert (tmp_path / "supervisor.sqlite3").stat().st_mode & 0o777 == 0o600


def test_without_a_place_for_the_key_nothing_is_sealed(tmp_path: Path) -> None:
    store = StateFile(tmp_path, "boot")
    store.write(("DROP TABLE keys", [()]))
    with pytest.raises(Unavailable, match="signing key"):
        signing_seed(store)
