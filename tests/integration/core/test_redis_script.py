"""Scripts on connections of their own: the same answers, and the client's way where that one is not plain."""

import multiprocessing
import threading
from typing import Any

import pytest
from redis.exceptions import ResponseError

from app.core import redis_script
from app.core.redis_script import Script, command

COUNT = "return {redis.call('INCR', KEYS[1]), ARGV[1]}"


def test_it_answers_as_eval_does_also_when_redis_does_not_know_it(redis_client: Any) -> None:
    script = Script(COUNT)
    assert [script(["n"], ["a"]), script(["n"], [b"\xff\r\n"])] == [[1, b"a"], [2, b"\xff\r\n"]]
    redis_client.script_flush()
    assert [script(["n"], [3]), script(["n"], [4])] == [[3, b"3"], [4, b"4"]]


def test_a_command_is_answered_as_bytes(redis_client: Any) -> None:
    assert [command("SET", "k", b"\xff"), command("GET", "k"), command("GET", "absent")] == [b"OK", b"\xff", None]


def test_an_error_of_the_script_is_raised_and_the_next_is_answered(redis_client: Any) -> None:
    script = Script(COUNT)
    redis_client.lpush("list", 1)
    for number in range(1, 4):
        with pytest.raises(ResponseError):
            script(["list"], ["a"])
        assert script(["n"], ["a"]) == [number, b"a"]


def test_a_connection_that_was_ended_is_made_anew(redis_client: Any) -> None:
    script = Script(COUNT)
    script(["n"], ["a"])
    own = redis_client.client_id()
    for one in redis_client.client_list():
        if int(one["id"]) != own and one["cmd"].startswith("evalsha"):
            redis_client.client_kill_filter(_id=one["id"])
    assert script(["n"], ["a"])[1] == b"a"
    assert script(["n"], ["a"])[1] == b"a"


def test_many_at_once_share_few_connections(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_script, "_CONNECTIONS", 3)
    monkeypatch.setattr(redis_script, "_here", None)
    script, answers = Script(COUNT), []
    threads = [threading.Thread(target=lambda: answers.append(script(["n"], ["a"])[0])) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 41))
    assert redis_script._shelf()._idle.qsize() == 3


def test_a_forked_child_uses_no_connection_of_its_parent(redis_client: Any) -> None:
    script = Script("return ARGV[1]")
    script([], ["parent"])
    context = multiprocessing.get_context("fork")
    right = context.Value("i", 0)

    def ask() -> None:
        right.value = sum(script([], [f"child {number}"]) == f"child {number}".encode() for number in range(200))

    child = context.Process(target=ask)
    child.start()
    mine = [script([], [f"parent {number}"]) for number in range(200)]
    child.join(30)
    assert mine == [f"parent {number}".encode() for number in range(200)]
    assert right.value == 200
