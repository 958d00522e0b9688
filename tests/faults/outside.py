"""What is not ours fails: the mail server and the program that takes our messages."""

from tests.appliance import wait_until
from tests.faults.fault import Fault, Pace
from tests.faults.receivers import MAIL, WEBHOOK
from tests.faults.rig import Rig


def _away(rig: Rig, channel: str) -> None:
    """Away until three attempts have failed; ten minutes would only add attempts (docs/alerts.md has the pauses)."""
    rig.heard.closed.add(channel)
    rig.kill_main("realtime")
    wait_until(lambda: _speaks_of(rig, channel), 120, "the failing channel was not told over the other one")


def _speaks_of(rig: Rig, channel: str) -> bool:
    wanted = f"channel_failing {channel}"
    other = MAIL if channel == WEBHOOK else WEBHOOK
    if other == WEBHOOK:
        return any(wanted in told.alerts for told in rig.heard.since(rig.notes["begun"]))
    return len({told.id for told in rig.heard.since(rig.notes["begun"]) if told.channel == MAIL}) == 2


def _receiver_away(channel: str, what: str) -> Fault:
    def proof(rig: Rig) -> str:
        heard = [told.id for told in rig.heard.since(rig.notes["begun"]) if told.channel == channel]
        return "" if len(heard) == len(set(heard)) == 1 else f"{len(heard)} messages arrived on {channel} after it was back"

    return Fault(
        f"{what} away while realtime is killed",
        "outside",
        inject=lambda rig: _away(rig, channel),
        undo=lambda rig: rig.heard.closed.discard(channel),
        blamed=("realtime", "channel_failing"),
        told=("service_down realtime",),
        perhaps=(f"channel_failing {channel}",),
        restarted=("realtime",),
        proof=proof,
        pace=Pace.PROMPT,
    )


FAULTS = (_receiver_away(MAIL, "the mail server"), _receiver_away(WEBHOOK, "the webhook's program"))
