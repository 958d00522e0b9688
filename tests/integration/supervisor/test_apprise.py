"""Apprise, which takes seconds to load, reaches a real receiver and says why when it does not."""

from collections.abc import Iterator

import pytest

from app.supervisor.alerts.channels.channel import NotSent
from app.supervisor.alerts.grouping import Kind
from tests.unit.supervisor.alerts.receivers import Receiver, http_receiver
from tests.unit.supervisor.alerts.telling import channel, trial


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.SELF_TEST])
def test_apprise_reaches_a_receiver_of_its_own_kind(receiver: Receiver, kind: Kind) -> None:
    channel(kind="apprise", url=receiver.url.replace("http://", "json://") + "/sms").send(trial(kind))
    assert "the channel ops" in receiver.heard[0].json["title"]
    assert "reached when something is" in receiver.heard[0].json["message"]


def test_apprise_says_why_not(receiver: Receiver) -> None:
    receiver.answers = [(500, {}, "broken")]
    with pytest.raises(NotSent, match="500"):
        channel(kind="apprise", url=receiver.url.replace("http://", "json://")).send(trial())


def test_an_address_apprise_does_not_know_is_final() -> None:
    with pytest.raises(NotSent, match="does not understand") as error:
        channel(kind="apprise", url="pigeon://loft").send(trial())
    assert error.value.permanent
