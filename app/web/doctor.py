"""What the supervisor's doctor asks of the backend: facts about people, audit trail and data, for the inside only."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.access.audit import service as audit
from app.access.models import Role
from app.core import jobs, migrations
from app.core.clock import now
from app.core.indexes import declared_indexes, missing_indexes, named
from app.core.logging import get_logger
from app.core.mongo import database, ensure_indexes
from app.core.redis import client
from app.trade.imports.reconcile import reconcile
from app.web.inside import only_from_inside

AUDIT_ENTRIES = 20_000
UNUSED_DAYS, FIRST_PASSWORD_DAYS, SECURITY_DAYS = 90, 7, 7
_NAMED, _MOST_JOBS = 10, 5000

blueprint = APIBlueprint("doctor", __name__, url_prefix="/internal/doctor", enable_openapi=False)
log = get_logger(__name__)


blueprint.before_request(lambda: only_from_inside("doctor"))


@blueprint.get("")
def tell() -> Response:
    """Everything at once; a part that cannot be told says why under `silent`."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "users": users,
        "audit": audit_chain,
        "indexes": indexes,
        "migrations": migration_state,
        "redis": redis_memory,
        "jobs": job_state,
        "security": security_events,
        "totals": reconcile,
    }
    return jsonify({name: _part(look) for name, look in parts.items()})


@blueprint.post("/indexes")
def create_indexes() -> Response:
    """Create the missing indexes; how many were."""
    db = database()
    missing = missing_indexes(db, declared_indexes())
    ensure_indexes(db, missing)
    log.info("indexes created for the doctor", indexes=[named(index) for index in missing])
    return jsonify(created=len(missing))


def users() -> dict[str, Any]:
    """Administrators, accounts nobody used for 90 days, and first passwords older than a week."""
    people, moment = database()["users"], now()
    before = moment - timedelta(days=UNUSED_DAYS)
    unused = {
        "active": True,
        "created_at": {"$lt": before},
        "$or": [{"last_sign_in_at": {"$lt": before}}, {"last_sign_in_at": None}],
    }
    waiting = {
        "active": True,
        "must_change_password": True,
        "created_at": {"$lt": moment - timedelta(days=FIRST_PASSWORD_DAYS)},
    }
    return {
        "administrators": people.count_documents({"active": True, "role": Role.ADMINISTRATOR.value}),
        "active": people.count_documents({"active": True}),
        "unused": _who(unused),
        "first_password": _who(waiting),
    }


def audit_chain() -> dict[str, Any]:
    """Whether the newest entries are as they were written."""
    found = audit.verify(newest=AUDIT_ENTRIES)
    return {"ok": found.ok, "entries": found.entries, "broken_at": found.broken_at, "reason": found.reason}


def indexes() -> dict[str, Any]:
    """How many are declared, and the names of the missing ones."""
    declared = declared_indexes()
    return {"declared": len(declared), "missing": [named(index) for index in missing_indexes(database(), declared)]}


def migration_state() -> dict[str, Any]:
    """The newest migration that was applied, and the newest this version knows."""
    return {"applied": migrations.applied(database()), "known": max((step.number for step in migrations.known()), default=0)}


def redis_memory() -> dict[str, Any]:
    """Bytes used and allowed, the policy when they are used up, and how many keys that has cost."""
    connection = client()
    memory, stats = connection.info("memory"), connection.info("stats")
    return {
        "maxmemory": int(memory.get("maxmemory", 0)),
        "used_memory": int(memory["used_memory"]),
        "policy": str(memory.get("maxmemory_policy", "noeviction")),
        "evicted": int(stats.get("evicted_keys", 0)),
    }


def job_state() -> dict[str, Any]:
    """Jobs that wait or run, and those that failed while their records are kept (seven days)."""
    failed = [title for state, title in _job_records() if state == jobs.JobState.FAILED.value]
    return {"waiting": client().scard(jobs.OPEN), "failed": len(failed), "titles": sorted(set(failed))[:_NAMED]}


def security_events() -> dict[str, Any]:
    """How often each kind of entry that concerns sign-in, people and rights came in the last seven days."""
    kinds = [action for action in database()["audit"].distinct("action") if action.startswith(("sign_in", "user.", "token."))]
    since = now() - timedelta(days=SECURITY_DAYS)
    return {kind: database()["audit"].count_documents({"action": kind, "at": {"$gte": since}}) for kind in sorted(kinds)[:50]}


def _job_records() -> Iterator[tuple[str, str]]:
    connection = client()
    for key in islice(connection.scan_iter("job:*", count=1000), _MOST_JOBS):
        state, title = connection.hmget(key, "state", "title")
        yield str(state), str(title)


def _who(where: dict[str, Any]) -> dict[str, Any]:
    people = database()["users"]
    return {
        "count": people.count_documents(where),
        "names": [str(person["email"]) for person in people.find(where, {"email": 1}).limit(_NAMED)],
    }


def _part(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except (PyMongoError, RedisError) as error:
        log.warning("a part of the doctor's question stays open", error=str(error))
        return {"silent": type(error).__name__}
