"""Servers of one answer on the loopback, for probes to ask."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def tcp(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that hands each connection to `serve`; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def accept() -> None:
        while not ending.is_set():
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=_handle, args=(serve, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        ending.set()
        listener.close()


def _handle(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        serve(connection)


@contextmanager
def http(answers: dict[str, tuple[int, str]], slow: frozenset[str] = frozenset()) -> Iterator[str]:
    """A server with fixed answers by path; those in `slow` never come. Gives its address."""
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path in slow:
                ending.wait(10)
                return
            status, body = answers.get(self.path, (404, "not found"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ending.set()
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
