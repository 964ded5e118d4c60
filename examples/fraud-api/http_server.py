"""HTTP/1.1 on asyncio: keep-alive, content-length and chunked bodies, orderly shutdown. Nothing beyond what the service needs."""

import asyncio
import json
import signal
import sys
import traceback
from http import HTTPStatus

MAX_HEAD = 16 * 1024
MAX_BODY = 64 * 1024
IDLE_SECONDS = 75


class HttpError(Exception):
    """An answer other than 200, with a message for the caller."""

    def __init__(self, status, message, *, close=False, **more):
        super().__init__(message)
        self.status = status
        # Where the body was not read to its end, the next request cannot be found.
        self.close = close
        self.body = {"error": message, **more}


class Server:
    """Serves `handle(method, path, body) -> (status, value)`; the value is sent as JSON."""

    def __init__(self, handle):
        self.handle = handle
        self.busy = 0
        self.idle = set()
        self.closing = asyncio.Event()

    async def run(self, host, port, on_start):
        """Serves until SIGTERM or SIGINT, then finishes what is in flight."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.closing.set)
        server = await asyncio.start_server(self._connection, host, port, limit=MAX_HEAD, backlog=512)
        print("listening on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
        starting = asyncio.create_task(on_start())
        await self.closing.wait()
        server.close()
        for writer in list(self.idle):
            writer.close()
        while self.busy:
            await asyncio.sleep(0.01)
        starting.cancel()
        print("stopped: nothing was in flight any more", flush=True)

    async def _connection(self, reader, writer):
        try:
            while not self.closing.is_set() and await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self.idle.discard(writer)
            writer.close()

    async def _exchange(self, reader, writer):
        """One request and its answer; whether the connection stays open."""
        self.idle.add(writer)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
        except asyncio.LimitOverrunError:
            await self._answer(writer, 431, {"error": "the request's head is too large"}, False)
            return False
        self.idle.discard(writer)
        self.busy += 1
        method, keep = None, False
        try:
            try:
                method, path, headers, keep = parse_head(head)
                body = await read_body(reader, writer, headers)
                status, value = await self.handle(method, path, body)
            except HttpError as error:
                keep = keep and not error.close
                status, value = error.status, error.body
            except Exception:
                traceback.print_exc(file=sys.stderr)
                status, value = 500, {"error": "internal error"}
            keep = keep and not self.closing.is_set()
            await self._answer(writer, status, value, keep, with_body=method != "HEAD")
            return keep
        finally:
            self.busy -= 1

    async def _answer(self, writer, status, value, keep, with_body=True):
        body = json.dumps(value).encode() + b"\n"
        connection = "keep-alive" if keep else "close"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: {connection}\r\n\r\n"
        )
        writer.write(head.encode() + (body if with_body else b""))
        await writer.drain()


def parse_head(head):
    """Method, path without query, headers in lower case, and whether the connection may stay open."""
    try:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, version = first.split(" ")
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
    except ValueError:
        raise HttpError(400, "this is not HTTP/1.1", close=True) from None
    asked = headers.get("connection", "").lower()
    keep = asked != "close" if version == "HTTP/1.1" else asked == "keep-alive"
    return method, target.split("?", 1)[0], headers, keep


async def read_body(reader, writer, headers):
    """The whole body, bounded."""
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not chunked:
        length = number(headers.get("content-length", "0"), 10)
        if length > MAX_BODY:
            raise HttpError(413, f"the body is larger than {MAX_BODY} bytes", close=True)
        return await reader.readexactly(length)
    body = b""
    while size := number((await reader.readline()).split(b";")[0].strip().decode("latin-1"), 16):
        if len(body) + size > MAX_BODY:
            raise HttpError(413, f"the body is larger than {MAX_BODY} bytes", close=True)
        body += (await reader.readexactly(size + 2))[:-2]
    while (await reader.readline()).strip():
        pass
    return body


def number(text, base):
    """A length in a request."""
    if not text.isalnum():
        raise HttpError(400, "a length in the request is not a number", close=True)
    try:
        return int(text, base)
    except ValueError:
        raise HttpError(400, "a length in the request is not a number", close=True) from None
