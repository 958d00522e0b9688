"""A sealed report is believed as it is, and not when one byte, one file or the key is another."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.handover.seal import KEY, SEAL, SIGNATURE, fingerprint, judge, public_of, sealed

SEED, OTHER = b"\x01" * 32, b"\x02" * 32
MADE = {"made_at": "2026-03-02T08:00:00.000Z", "made_by": "Ada"}
FILES = {"handover.html": b"<p>all is well</p>", "handover.pdf": b"%PDF-1.4 ..."}
PACKED = sealed(FILES, MADE, SEED)


def repacked(**changes: bytes | None) -> bytes:
    """The report with files replaced, added, or (None) left out; names with _ for the dot."""
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    content |= {name.replace("_", "."): value for name, value in changes.items()}
    return zipped({name: value for name, value in content.items() if value is not None})


def zipped(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    return packed.getvalue()


def contained(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        return archive.read(name)


def test_it_is_believed_as_it_was_sealed() -> None:
    judged = judge(PACKED, public_of(SEED))
    assert judged.good
    assert "made by Ada" in judged.text
    assert judged.seal["made_at"] == MADE["made_at"]
    assert set(judged.seal["files"]) == set(FILES)
    assert judge(repacked(), public_of(SEED)).good  # packed anew by another program


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"handover_html": b"<p>all is bell</p>"}, "changed after it was sealed: handover.html"),
        ({"handover_pdf": None}, "handover.pdf is missing"),
        ({"more_html": b"x"}, "more.html was added"),
        ({"seal_sig": b"\0" * 64}, "signature does not fit"),
        ({"seal_sig": b"short"}, "signature does not fit"),
        ({"seal_sig": None}, "no handover report"),
        ({"seal_json": None}, "no handover report"),
        ({"seal_json": b"{}"}, "signature does not fit"),
        ({"seal_json": b"[]"}, "signature does not fit"),
    ],
)  # fmt: skip
def test_what_was_changed_is_not_believed(changes: dict[str, bytes | None], said: str) -> None:
    judged = judge(repacked(**changes), public_of(SEED))
    assert not judged.good
    assert said in judged.text


def test_a_changed_report_with_its_hash_corrected_is_not_believed() -> None:
    seal = json.loads(contained(SEAL))
    seal["made_by"] = "Eve"
    assert not judge(repacked(seal_json=json.dumps(seal).encode()), public_of(SEED)).good


def test_one_that_somebody_else_sealed_whole_is_not_believed_whatever_key_it_brings() -> None:
    judged = judge(sealed(FILES, MADE, OTHER), public_of(SEED))
    assert not judged.good
    assert fingerprint(public_of(OTHER)) in judged.text
    assert fingerprint(public_of(SEED)) in judged.text


def test_two_files_of_one_name_are_refused() -> None:
    packed = io.BytesIO(PACKED)
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("handover.html", b"<p>another</p>")
    assert "two files of one name" in judge(packed.getvalue(), public_of(SEED)).text


@pytest.mark.parametrize("packed", [b"", b"PK", b"no zip at all", PACKED[:200], PACKED[:-30]])
def test_what_is_no_report_is_refused_in_words(packed: bytes) -> None:
    judged = judge(packed, public_of(SEED))
    assert not judged.good
    assert "no handover report" in judged.text


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_no_changed_byte_changes_what_is_believed(at: int, flip: int) -> None:
    changed = PACKED[:at] + bytes([PACKED[at] ^ flip]) + PACKED[at + 1 :]
    judged = judge(changed, public_of(SEED))
    if judged.good:  # a byte of the zip file's own, such as a date: every file in it is as it was
        with zipfile.ZipFile(io.BytesIO(changed)) as archive:
            assert {name: archive.read(name) for name in FILES} == FILES


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_alone_can_check_it(tmp_path: Path) -> None:
    for name in (SEAL, SIGNATURE, KEY):
        (tmp_path / name).write_bytes(contained(name))
    check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", KEY, "-rawin", "-in", SEAL, "-sigfile", SIGNATURE]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    shown = subprocess.run(
        f"openssl pkey -pubin -in {KEY} -outform DER | tail -c 32 | sha256sum",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(fingerprint(public_of(SEED)).replace(" ", ""))
    (tmp_path / SEAL).write_bytes(contained(SEAL).replace(b"Ada", b"Eve"))
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode != 0
