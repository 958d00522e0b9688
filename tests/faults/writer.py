"""Writes through the front door all the time, notes what was acknowledged, and reads all of it back."""

import threading
import uuid

import httpx

from tests.appliance import Appliance, wait_until

_PAUSE = 0.4
_PATIENCE = 5.0
_ATTEMPTS = 12  # to read one back: what is read too slowly is not lost


class Writer:
    """`acknowledged` holds the codes of the products that the appliance said it has taken."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._stopping = threading.Event()
        self._headers: dict[str, str] = {}
        self._lock = threading.Lock()
        self._acknowledged: dict[str, str] = {}  # id -> code
        self._run = uuid.uuid4().hex[:8].upper()
        self._client = self._appliance.http()
        self._client.timeout = httpx.Timeout(_PATIENCE)
        self._thread = threading.Thread(target=self._write_on, daemon=True)

    def __enter__(self) -> "Writer":
        wait_until(self._can_sign_in, 60, "nobody can sign in")
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._client.close()

    def mark(self) -> set[str]:
        """What was acknowledged so far, by id."""
        with self._lock:
            return set(self._acknowledged)

    def lost(self, before: set[str]) -> tuple[int, int]:
        """Of what was acknowledged since `before`: how many, and how many of them cannot be read any more."""
        with self._lock:
            mine = {key: code for key, code in self._acknowledged.items() if key not in before}
        gone = sum(not self._is_there(key, code) for key, code in mine.items())
        return len(mine), gone

    def _is_there(self, key: str, code: str) -> bool:
        for _attempt in range(_ATTEMPTS):
            try:
                answer = self._client.get(f"/api/v1/products/{key}", headers=self._headers)
                if answer.status_code == 200:
                    return bool(answer.json()["sku"] == code)
                if answer.status_code == 404:
                    return False
                self._sign_in()
            except httpx.HTTPError:
                self._stopping.wait(1)
        return False

    def _write_on(self) -> None:
        number = 0
        while not self._stopping.wait(_PAUSE):
            number += 1
            code = f"{self._run}-{number}"
            try:
                answer = self._client.post("/api/v1/products", json={"sku": code, "name": code}, headers=self._headers)
                if answer.status_code == 201:
                    with self._lock:
                        self._acknowledged[answer.json()["id"]] = code
                elif answer.status_code == 401:
                    self._sign_in()
            except (httpx.HTTPError, ValueError, KeyError):
                continue

    def _can_sign_in(self) -> bool:
        """On a machine that others use an answer may come late."""
        try:
            self._sign_in()
        except httpx.HTTPError:
            return False
        return bool(self._headers)

    def _sign_in(self) -> None:
        body = {"email": self._appliance.email, "password": self._appliance.password}
        answer = self._client.post("/api/v1/auth/token", json=body)
        if answer.status_code == 200:
            self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
