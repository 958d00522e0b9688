"""A file is read on from where reading stopped, through turning, emptying and half-written lines."""

from pathlib import Path

import pytest

from app.supervisor.measures.line_file import LineFile


class Log:
    def __init__(self, folder: Path) -> None:
        self.path, self.position = folder / "security.log", ""
        self.file = LineFile(self.path)

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def read(self) -> list[str]:
        lines, self.position = self.file.read(self.position)
        return lines


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_file_that_is_not_there_yet_has_no_lines(log: Log) -> None:
    assert log.read() == []
    log.write("a\n")
    assert log.read() == ["a"]


def test_each_line_is_read_once(log: Log) -> None:
    log.write("a\nb\n")
    assert log.read() == ["a", "b"]
    assert log.read() == []
    log.write("c\n")
    assert log.read() == ["c"]


def test_half_a_line_waits_for_its_end(log: Log) -> None:
    log.write("a\nhal")
    assert log.read() == ["a"]
    log.write("f\n")
    assert log.read() == ["half"]


def test_what_was_written_before_the_file_was_turned_is_not_lost(log: Log) -> None:
    log.write("a\n")
    log.read()
    log.write("b\n")
    log.path.rename(log.path.with_name("security.log.1"))
    log.write("c\n")
    assert log.read() == ["b", "c"]
    assert log.read() == []


def test_nor_while_the_new_file_is_not_there_yet_and_not_twice(log: Log) -> None:
    log.write("a\n")
    log.read()
    log.write("b\n")
    log.path.rename(log.path.with_name("security.log.1"))
    assert log.read() == ["b"]
    log.write("c\n")
    assert log.read() == ["c"]


def test_an_emptied_file_is_read_from_its_beginning(log: Log) -> None:
    log.write("a\nb\n")
    log.read()
    log.path.write_text("c\n")
    assert log.read() == ["c"]


@pytest.mark.parametrize("position", ["nonsense", "1:2:3", ":", "-1:5"])
def test_a_damaged_position_is_the_beginning(log: Log, position: str) -> None:
    log.write("a\n")
    log.position = position
    assert log.read() == ["a"]


def test_bytes_that_are_no_text_do_not_stop_it(log: Log) -> None:
    log.path.write_bytes(b"\xff\xfe\na\n" + b"x" * 2_000_000)
    assert log.read()[1] == "a"
    while log.read():
        pass
    assert log.read() == []
