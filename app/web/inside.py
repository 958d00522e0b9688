"""Addresses under /internal/: for services of this appliance that know the word (docs/decisions/0098)."""

from flask import request

from app.core import internal
from app.core.errors import NotFound
from app.core.settings import settings


def only_from_inside(purpose: str) -> None:
    """nginx passes none of this on; whoever else comes must know the word. To all others the address does not exist."""
    passed_on = "X-Forwarded-For" in request.headers or "X-Real-IP" in request.headers
    secret = settings().secret("redis_password").get_secret_value()
    if passed_on or not internal.fits(purpose, secret, request.headers.get(internal.HEADER, "")):
        raise NotFound("There is nothing at this address.")
