"""Puts the book between the loop and the alerts."""

from app.core.i18n import N_, _
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.outbox import Delivery
from app.supervisor.incidents.book import Book
from app.supervisor.incidents.evidence import Logs
from app.supervisor.incidents.shelf import Shelf
from app.supervisor.store import StateFile

_SAID = {
    "sent": N_("Message on {channel}: sent"),
    "failed": N_("Message on {channel}: given up, {error}"),
}
_AGAIN = N_("Message on {channel}: not sent yet, {error}")


def open_book(store: StateFile, logs: Logs, desk: Desk) -> Book:
    """The book, which knows what was open before, and hears of every alert and message from now on."""
    book = Book(Shelf(store), logs)
    book.settle(alert.id for alert in desk.live())
    desk.subscribe(book.heard)
    desk.on_delivery(lambda delivery: _told(book, delivery))
    return book


def _told(book: Book, delivery: Delivery) -> None:
    message = delivery.message
    text = _(_SAID.get(str(delivery.state), _AGAIN), channel=message.channel, error=delivery.error)
    for alert in message.alerts[:1]:
        book.told(alert.id, delivery.done_at or message.at, text)
