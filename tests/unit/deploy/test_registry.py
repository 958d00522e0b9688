"""Images are pulled only from a registry that really answers; everything else builds from packages."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash


@contextmanager
def registry(status: int) -> Iterator[str]:
    """A registry that answers every request with `status`."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v2/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "source"), [(200, "registry"), (401, "registry"), (403, "packages"), (429, "packages"), (502, "packages")]
)
def test_the_answer_decides(bash: Bash, status: int, source: str) -> None:
    with registry(status) as url:
        assert bash("image_source", REGISTRY_URL=url).stdout.strip() == source


def test_a_refused_connection_means_packages(bash: Bash) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v2/"
    assert bash("image_source", REGISTRY_URL=url).stdout.strip() == "packages"


@pytest.mark.slow
def test_a_registry_that_hangs_is_given_up_within_seconds(bash: Bash) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v2/"
        done = bash("image_source; echo $SECONDS", REGISTRY_URL=url, REGISTRY_SECONDS="1")
    source, seconds = done.stdout.split()
    assert source == "packages"
    assert int(seconds) <= 6


def test_offline_asks_nobody(bash: Bash) -> None:
    done = bash("registry_answer() { echo asked >&2; echo 200; }; OFFLINE=1; image_source")
    assert done.stdout.strip() == "packages"
    assert "asked" not in done.stderr


def test_the_question_is_asked_once_a_run(bash: Bash) -> None:
    done = bash("SOURCE_FILE=$STATE/source; registry_answer() { echo asked >&2; echo 200; }; image_source; image_source")
    assert done.stdout.split() == ["registry", "registry"]
    assert done.stderr.count("asked") == 1


def test_the_database_kind_is_decided_once(bash: Bash, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = "echo TRADEAI_DATABASE=mongodb-standin >.env; image_source() { echo registry; }; decide_database; cat .env"
    assert bash(script).stdout.strip() == "TRADEAI_DATABASE=mongodb-standin"


def test_neither_registry_nor_archive_is_one_sentence(bash: Bash) -> None:
    done = bash("images_present() { false; }; image_source() { echo packages; }; debian_mirror() { :; }; check_source")
    assert done.returncode != 0
    assert "Neither the image registry nor a Debian archive answers" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_archive_is_found_in_either_notation_of_apt(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / "old" / "sources.list.d").mkdir(parents=True)
    (tmp_path / "old" / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
        "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian/ bookworm main contrib\n"
    )
    (tmp_path / "new" / "sources.list.d").mkdir(parents=True)
    (tmp_path / "new" / "sources.list.d" / "other.sources").write_text(
        "Types: deb\nURIs: https://other.example/x\nSuites: nodistro\n"
    )
    (tmp_path / "new" / "sources.list.d" / "zdebian.sources").write_text(
        "Types: deb\n# a remark\nURIs: http://mirror2.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
    )
    assert bash("archive_of bookworm old; archive_of bookworm new").stdout.split() == [
        "https://mirror.example/debian",
        "http://mirror2.example/debian",
    ]
    assert bash("archive_of noble old").stdout.strip() == ""


def test_without_curl_apt_asks(bash: Bash, tmp_path: Path) -> None:
    script = 'command() { [ "$2" != curl ]; }; http_status "$URL" 3'
    with registry(401) as url:
        assert bash(script, URL=url).stdout.strip() == "401"
    with registry(200) as url:
        assert bash(script, URL=url).stdout.strip() == "200"
    assert bash(script, URL="http://127.0.0.1:1/").stdout.strip() == "000"
