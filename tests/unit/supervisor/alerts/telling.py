"""Messages to send in tests, and channels made from settings as they stand in the file."""

from pathlib import Path
from typing import Any

from app.supervisor.alerts.channels.all import open_channels
from app.supervisor.alerts.channels.channel import Channel
from app.supervisor.alerts.entries import AlertFile
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.routing import Route, Routing
from app.supervisor.alerts.rule import Priority
from app.supervisor.alerts.rules import BY_NAME
from app.supervisor.alerts.wording import word
from tests.unit.supervisor.alerts.scene import Scene
from tests.unit.supervisor.world import BEGIN


def channel(**entry: Any) -> Channel:
    """One channel; `name` is "ops" unless given."""
    file = AlertFile.model_validate({"channel": [{"name": "ops", **entry}]}, context={"folder": Path()})
    made = open_channels(file.channel, lambda message: word(message, BY_NAME, "https://trade.example"))
    return next(iter(made.values()))


def incident() -> list[Message]:
    """What is told of a database that goes, is acknowledged, and comes back."""
    scene = Scene(routing=Routing((Route("ops", machine=True, acknowledges=True),)))
    scene.down("mongodb").down("backend", cause="mongodb").advance(60).acknowledge("service_down", "mongodb")
    return scene.up("mongodb", "backend").advance(120).messages


def trial(kind: Kind = Kind.TEST) -> Message:
    return Message(f"{kind.value}-1.ops", f"{kind.value}-1.ops", kind, "ops", Priority.P4, BEGIN)
