"""Prometheus with the blackbox exporter and Alertmanager, which mails, and calls a hook of ours that does `docker restart`.

None of the three restarts anything; the hook is what an operator would add. For MongoDB the exporter can only connect.
"""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.appliance import wait_until
from tests.peers.keeper import MISSES, PERIOD, Keeper, end, launch
from tests.peers.scene import Check

_PROMETHEUS, _MANAGER, _EXPORTER = "127.0.0.1:39090", "127.0.0.1:39093", "127.0.0.1:39115"
_MODULES = """
modules:
  http: {prober: http, timeout: 2s}
  tcp: {prober: tcp, timeout: 2s}
"""
# Debian's Alertmanager looks for its templates below /usr/share only, where an unpacked package has put none.
_WITH_SHARED = 'mount -t overlay overlay -o "lowerdir=$0/usr/share:/usr/share" /usr/share && exec "$@"'
_RULES = f"""
groups:
  - name: services
    interval: {PERIOD}s
    rules:
      - alert: Down
        expr: probe_success == 0
        for: {(MISSES - 1) * PERIOD}s
"""
# A database that is away explains what needs it; and a process that does not answer its own word about its health.
_INHIBIT = """
inhibit_rules:
  - source_matchers: ['service=~"mongodb|redis"']
    target_matchers: ['service!~"mongodb|redis"']
  - source_matchers: ['check="backend"']
    target_matchers: ['check="backend-health"']
"""


class Prometheus(Keeper):
    name = "Prometheus, Alertmanager, blackbox exporter"

    def start(self) -> None:
        binaries, folder = self.tools / "usr/bin", self.folder
        self._hook = self._listen()
        (folder / "modules.yml").write_text(_MODULES)
        (folder / "rules.yml").write_text(_RULES)
        (folder / "prometheus.yml").write_text(_scraping(self.scene.checks()))
        (folder / "manager.yml").write_text(self._manager())
        self._programs = [
            launch(
                [
                    binaries / "prometheus-blackbox-exporter",
                    f"--config.file={folder}/modules.yml",
                    f"--web.listen-address={_EXPORTER}",
                ],
                folder / "exporter.log",
            ),
            launch(
                [
                    *("unshare", "--mount", "sh", "-c", _WITH_SHARED, self.tools.resolve()),
                    binaries / "prometheus-alertmanager",
                    f"--config.file={folder}/manager.yml",
                    f"--storage.path={folder}/manager",
                    f"--web.listen-address={_MANAGER}",
                    "--cluster.listen-address=",
                ],
                folder / "manager.log",
            ),
            launch(
                [
                    binaries / "prometheus",
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/series",
                    f"--web.listen-address={_PROMETHEUS}",
                    "--web.console.libraries=/nonexistent",
                    "--web.console.templates=/nonexistent",
                ],
                folder / "prometheus.log",
            ),
        ]
        self._door = httpx.Client(base_url=f"http://{_PROMETHEUS}", timeout=5)
        self._signs: list[datetime] = []
        self._stopping = threading.Event()
        wait_until(self._sees_all, 60, "Prometheus does not find everything well")
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        end(self._programs)
        self._hook.shutdown()
        self._hook.server_close()

    def noticed(self, since: datetime) -> datetime | None:
        return next((moment for moment in self._signs if moment >= since), None)

    def processes(self) -> list[int]:
        return [program.pid for program in self._programs]

    def _manager(self) -> str:
        return f"""
global:
  smtp_smarthost: "{self.mail.host}:{self.mail.port}"
  smtp_from: prometheus@example.com
  smtp_require_tls: false
  resolve_timeout: 1m
route:
  receiver: people
  group_by: [alertname]
  group_wait: 10s
  group_interval: 30s
  repeat_interval: 4h
  routes:
    - receiver: hook
      group_by: [alertname, service]
      group_wait: 0s
      group_interval: 30s
      repeat_interval: 30s
      continue: true
      matchers: ['restart="yes"']
    - receiver: people
{_INHIBIT}
receivers:
  - name: people
    email_configs: [{{to: operations@example.com, send_resolved: true}}]
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{self._hook.server_port}/", send_resolved: false}}]
"""

    def _listen(self) -> ThreadingHTTPServer:
        restart = self.scene.restart

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                for service in {alert["labels"]["service"] for alert in message["alerts"] if alert["status"] == "firing"}:
                    threading.Thread(target=restart, args=(service,), daemon=True).start()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_values: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def _sees_all(self) -> bool:
        try:
            found = self._door.get("/api/v1/query", params={"query": "probe_success"}).json()["data"]["result"]
        except (httpx.HTTPError, KeyError, ValueError):
            return False
        return len(found) == len(self.scene.checks()) and all(one["value"][1] == "1" for one in found)

    def _follow(self) -> None:
        """`firing` is what it counts as broken."""
        firing: set[str] = set()
        while not self._stopping.wait(0.1):
            try:
                alerts = self._door.get("/api/v1/alerts").json()["data"]["alerts"]
            except (httpx.HTTPError, KeyError, ValueError):
                continue
            now = {alert["labels"]["check"] for alert in alerts if alert["state"] == "firing"}
            if now - firing:
                self._signs.append(datetime.now(UTC))
            firing = now


def _scraping(checks: Sequence[Check]) -> str:
    jobs = []
    for check in checks:
        module, target = ("http", check.url) if check.path else ("tcp", f"{check.address}:{check.port}")
        labels = f'{{service: {check.service}, check: {check.name}, restart: "{"yes" if check.restart else "no"}"}}'
        jobs.append(
            f"  - job_name: {check.name}\n    metrics_path: /probe\n    params: {{module: [{module}], target: ['{target}']}}\n"
            f"    static_configs: [{{targets: ['{_EXPORTER}'], labels: {labels}}}]\n"
        )
    return (
        f"global: {{scrape_interval: {PERIOD}s, scrape_timeout: 2s, evaluation_interval: {PERIOD}s}}\n"
        f"rule_files: [{Path('rules.yml')}]\nalerting: {{alertmanagers: [{{static_configs: [{{targets: ['{_MANAGER}']}}]}}]}}\n"
        f"scrape_configs:\n{''.join(jobs)}"
    )
