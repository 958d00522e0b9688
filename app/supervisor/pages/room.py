"""What a further group of pages brings along: a blueprint and its place in the navigation."""

from dataclasses import dataclass

from flask import Blueprint


@dataclass(frozen=True)
class Room:
    """`label` (marked with N_) stands in the navigation and leads to `endpoint`; "" shows none.

    Addresses under /api/ answer JSON to whoever sends the operator's name and password (HTTP Basic); all others are pages for
    the signed-in operator. Forms carry the field `csrf`; both are checked before a view is reached.
    """

    blueprint: Blueprint
    label: str = ""
    endpoint: str = ""
