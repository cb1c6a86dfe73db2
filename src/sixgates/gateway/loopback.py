"""Serves ASGI applications on loopback ports from one background thread; a port can refuse and come back."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"
_PATIENCE_S = 10.0
_BACKLOG = 512


class Listener:
    """One application on one port, which stays reserved while the listener refuses connections."""

    def __init__(self, loopback: Loopback, app: Callable[..., Any]) -> None:
        self._loopback = loopback
        self._app = app
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The root URL, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    def open(self) -> None:
        """Accepts connections; returns when the port is ready."""
        self._loopback.run(self._open())

    def refuse(self) -> None:
        """Drops all connections and refuses new ones until `open` is called."""
        self._loopback.run(self._refuse())

    def close(self) -> None:
        """Refuses for good and gives the port back."""
        self.refuse()
        self._reservation.close()

    async def _open(self) -> None:
        import uvicorn

        config = uvicorn.Config(
            self._app, log_config=None, log_level="critical", access_log=False, lifespan="off", ws="none"
        )
        self._server = server = uvicorn.Server(config)
        listening = _bound(self.port)
        listening.listen(_BACKLOG)
        self._task = asyncio.ensure_future(server.serve(sockets=[listening]))
        async with asyncio.timeout(_PATIENCE_S):
            while not server.started:
                await asyncio.sleep(0.005)

    async def _refuse(self) -> None:
        if self._server is None or self._task is None:
            return
        self._server.should_exit = self._server.force_exit = True
        await asyncio.wait({self._task}, timeout=_PATIENCE_S)
        self._server = self._task = None


class Loopback:
    """A background thread with its own event loop; a context manager that closes every listener."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sixgates-loopback", daemon=True)
        self._listeners: list[Listener] = []

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._listeners:
            listener.close()
        self.run(_cancel_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    def serve(self, app: Callable[..., Any]) -> Listener:
        """Serves an application on a port that the system chooses."""
        listener = Listener(self, app)
        self._listeners.append(listener)
        listener.open()
        return listener

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine on the thread's loop and waits for its end."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * _PATIENCE_S)


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    """A bound socket; SO_REUSEPORT lets a silent reservation and a listening socket hold the same port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((HOST, port))
    return made
