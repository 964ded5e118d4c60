"""An application for tests that behaves as behaviour.json says; README.md lists what it can be told."""

import asyncio
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

from web import TEXT, Server, WebSocket, exit_now

STARTED = time.monotonic()
HERE = Path(__file__).parent
DATA = Path(os.environ.get("DATA_DIR", "/data"))
BEHAVIOUR = json.loads((HERE / "behaviour.json").read_text())


def told(name, default=None):
    """One setting of behaviour.json."""
    return BEHAVIOUR.get(name, default)


def age():
    return time.monotonic() - STARTED


class App:
    """The routes, and how they misbehave."""

    def __init__(self):
        self.server = Server(self.handle)
        self.requests = 0
        self.served = 0
        self.ready_since = None
        self.held = []

    async def handle(self, request, answer, reader, writer):
        self.requests += 1
        route = getattr(self, "at_" + request.path.strip("/").replace("-", "_"), None)
        if request.path == "/":
            route = self.at_root
        if route is None:
            return await answer.send(404, {"error": f"nothing at {request.path}"})
        probe = request.path in ("/health", "/ready")
        self.served += not probe
        if not probe and self.fails_now():
            return await answer.send(500, {"error": "told to fail", "version": told("version")})
        if not probe and told("slow_ms"):
            await asyncio.sleep(told("slow_ms") / 1000)
        if request.path == "/ws":
            return await route(request, answer, reader, writer)
        await route(request, answer)

    def fails_now(self):
        """Every n-th request (error_every, 1 = all) once the process is error_after_s old; all after error_after_requests."""
        after, served = told("error_after_s"), told("error_after_requests")
        if served is not None and self.served > served:
            return True
        return after is not None and age() >= after and self.requests % told("error_every", 1) == 0

    async def at_root(self, request, answer):
        env = {key: value for key, value in os.environ.items() if key.startswith("SLIPWAY_")}
        await answer.send(200, {"version": told("version"), "instance": platform.node(), "release": env})

    async def at_health(self, request, answer):
        after = told("unhealthy_after_s")
        healthy = after is None or age() < after
        await answer.send(200 if healthy else 500, {"status": "alive" if healthy else "told to be unhealthy"})

    async def at_ready(self, request, answer):
        if told("redirect_ready"):
            return await answer.send(302, {"status": "elsewhere"}, {"location": told("redirect_ready")})
        if told("never_ready") or age() < told("ready_after_s", 0) or self.turned():
            return await answer.send(503, {"status": "not ready", "age_s": round(age(), 3)})
        self.ready_since = self.ready_since or time.monotonic()
        await answer.send(told("status_on_ready", 200), {"status": "ready", "version": told("version")})

    def turned(self):
        """Whether it was ready for long enough, from when it first said so, or had enough requests."""
        after, served = told("unready_after_s"), told("unready_after_requests")
        old = after is not None and self.ready_since is not None and time.monotonic() - self.ready_since >= after
        return old or (served is not None and self.served >= served)

    async def at_slow(self, request, answer):
        await asyncio.sleep(float(request.query.get("ms", "1000")) / 1000)
        await answer.send(200, {"version": told("version"), "instance": platform.node()})

    async def at_stream(self, request, answer):
        """Server-sent events: ?n=10&ms=100."""
        await answer.start("text/event-stream")
        for number in range(int(request.query.get("n", "10"))):
            data = json.dumps({"version": told("version"), "number": number})
            await answer.chunk(f"id: {number}\ndata: {data}\n\n".encode())
            await asyncio.sleep(float(request.query.get("ms", "100")) / 1000)
        await answer.finish()

    async def at_ws(self, request, answer, reader, writer):
        """Echoes messages; the text `version` is answered with the version instead."""
        socket = await WebSocket.accept(request, reader, writer)
        if socket is None:
            return await answer.send(426, {"error": "this is a WebSocket"}, {"upgrade": "websocket"})
        answer.keeps = False
        self.server.sockets.add(socket)
        try:
            while message := await socket.receive():
                kind, data = message
                if kind == TEXT and data == b"version":
                    data = str(told("version")).encode()
                await socket.send(kind, data)
        finally:
            self.server.sockets.discard(socket)

    async def at_echo(self, request, answer):
        await answer.send(200, {
            "method": request.method, "target": request.target, "http": request.version, "headers": request.headers,
            "body": request.body.decode("utf-8", "replace"), "bytes": len(request.body), "version": told("version"),
        })

    async def at_bytes(self, request, answer):
        """That many bytes: ?n=1000000."""
        await answer.send(200, b"x" * int(request.query.get("n", "1")), content_type="application/octet-stream")

    async def at_status(self, request, answer):
        """That status: ?code=503."""
        await answer.send(int(request.query.get("code", "200")), {"version": told("version")})

    async def at_stats(self, request, answer):
        await answer.send(200, told("stats", {}))

    async def at_env(self, request, answer):
        await answer.send(200, dict(os.environ))

    async def at_file(self, request, answer):
        """GET reads and POST appends to a file below /data: ?path=notes."""
        path = (DATA / request.query.get("path", "")).resolve()
        if DATA.resolve() not in path.parents:
            return await answer.send(400, {"error": "the path leaves the volume"})
        try:
            if request.method == "POST":
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab") as file:
                    file.write(request.body)
            await answer.send(200, path.read_bytes(), content_type="text/plain")
        except FileNotFoundError:
            await answer.send(404, {"error": f"there is no {path}"})
        except OSError as error:
            await answer.send(500, {"error": str(error)})

    async def at_resolve(self, request, answer):
        """Which addresses a name has, as this container sees it: ?name=db."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(request.query.get("name", ""), None)
            await answer.send(200, sorted({entry[4][0] for entry in found}))
        except OSError as error:
            await answer.send(404, {"error": str(error)})

    async def at_crash(self, request, answer):
        """Ends the process at once: ?code=3."""
        exit_now(int(request.query.get("code", "1")))

    async def run(self):
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            ignored = told("ignore_sigterm") and name == signal.SIGTERM
            loop.add_signal_handler(name, say, "told to ignore SIGTERM") if ignored else loop.add_signal_handler(name, stop.set)
        host, port = told("listen_host", "0.0.0.0"), told("listen_port", int(os.environ.get("PORT", "8000")))
        listener = await asyncio.start_server(self.server.connection, host, port, limit=64 * 1024, backlog=512)
        say("version {} listens on {}:{}".format(told("version"), *listener.sockets[0].getsockname()))
        if told("crash_after_s") is not None:
            loop.call_later(told("crash_after_s"), crash)
        if told("allocate_mb"):
            loop.call_later(told("allocate_after_s", 0), self.allocate)
        await stop.wait()
        listener.close()
        await self.server.finish()
        say("stopped in order")

    def allocate(self):
        """A megabyte at a time, every page touched."""
        for _ in range(told("allocate_mb")):
            self.held.append(bytearray(os.urandom(4096) * 256))
        say(f"holds {told('allocate_mb')} MB")


def say(line):
    print(line, flush=True)


def crash():
    print("told to crash", file=sys.stderr, flush=True)
    exit_now(told("exit_code", 1))


def main():
    for number in range(told("print_lines", 0)):
        print(f"line {number} of {told('print_lines')}", flush=True)
    if told("crash_at_start"):
        crash()
    asyncio.run(App().run())


if __name__ == "__main__":
    main()
