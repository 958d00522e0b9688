"""`tradeai audit verify`: walks the chain of hashes and names the first broken link."""

import click

from app.access.audit import watch
from app.cli.output import show
from app.core.i18n import _


@click.group(help=_("Check the audit trail."))
def group() -> None:
    """Commands about the audit trail."""


@group.command(help=_("Walk the whole chain. Exit code 1 when an entry was altered or removed."))
def verify() -> None:
    result = watch.verify_and_tell(None)
    if result.ok:
        anchored = "" if result.anchored else _(" (Redis does not know the end, so a cut-off tail would not show)")
        sentence = (
            _("The chain holds: {count} entries, the last has hash {hash}.", count=result.entries, hash=result.last_hash)
            + anchored
        )
    else:
        sentence = _(
            "The chain is BROKEN: {reason}. {count} entries before it are good. "
            "Keep the machine as it is, make a backup, and find out who had access to the database.",
            reason=result.reason,
            count=result.entries,
        )
    show(result.as_dict(), sentence)
    if not result.ok:
        raise SystemExit(1)
