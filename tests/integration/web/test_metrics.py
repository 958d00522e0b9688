"""The backend's Prometheus metrics."""

import re
from typing import Any


def count(text: str, endpoint: str, status: int) -> float:
    found = re.search(rf'tradeai_http_request_seconds_count{{endpoint="{endpoint}",method="GET",status="{status}"}} (\S+)', text)
    return float(found[1]) if found else 0.0


def test_requests_are_counted_by_endpoint_and_status(client: Any) -> None:
    before = client.get("/metrics").text
    client.get("/livez")
    client.get("/api/v1/jobs/job_1")
    client.get("/api/v1/jobs/job_2")
    after = client.get("/metrics").text
    assert count(after, "/livez", 200) == count(before, "/livez", 200) + 1
    refused = "/api/v1/jobs/<job_id>"
    assert count(after, refused, 401) == count(before, refused, 401) + 2
    assert "job_1" not in after


def test_metrics_do_not_leave_the_appliance(client: Any) -> None:
    assert client.get("/metrics", headers={"X-Real-IP": "192.0.2.1"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert "/metrics" not in client.get("/api/v1/openapi.json").json["paths"]
