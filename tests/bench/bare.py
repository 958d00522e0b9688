"""The control: a bare Flask + PyMongo handler that answers the list endpoint's query and nothing else."""

import json
import os
from pathlib import Path
from typing import Any

import pymongo
from flask import Flask, Response, request

app = Flask(__name__)
_database: Any = None


def _db() -> Any:
    global _database
    if _database is None:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            os.environ["TRADEAI_MONGO_HOST"],
            username="tradeai",
            password=Path("/run/secrets/mongo_app_password").read_text().strip(),
            authSource="admin",
            retryWrites=False,
            directConnection=True,
        )
        _database = client["tradeai"]
    return _database


@app.get("/customers")
def customers() -> Response:
    """The first page of customers by name, counted, as JSON."""
    limit = int(request.args.get("limit", 50))
    rows = list(_db().customers.find({}).sort([("name", 1), ("_id", 1)]).limit(limit + 1))
    total = _db().customers.count_documents({})
    return Response(json.dumps({"items": rows[:limit], "total": total}, default=str), mimetype="application/json")
