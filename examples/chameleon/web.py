"""HTTP/1.1 and WebSocket on asyncio, small and exact: what the test application stands on."""

import asyncio
import base64
import hashlib
import json
import os
import struct
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GOING_AWAY = struct.pack("!H", 1001)


class BadRequest(Exception):
    """The request cannot be understood; the connection ends."""


class Request:
    """A request, its body read whole."""

    def __init__(self, method, target, version, headers):
        parts = urlsplit(target)
        self.method, self.target, self.version, self.headers = method, target, version, headers
        self.path, self.query = unquote(parts.path), dict(parse_qsl(parts.query))
        self.body = b""

    def header(self, name, default=""):
        return next((value for key, value in self.headers if key == name), default)

    @property
    def keeps(self):
        asked = self.header("connection").lower()
        return "close" not in asked if self.version == "HTTP/1.1" else "keep-alive" in asked


async def read_request(reader, writer):
    """The next request of the connection, or None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest("the head is too large") from None
    try:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, version = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        request = Request(method, target, version, [(name.lower(), value.strip()) for name, value in pairs])
    except ValueError:
        raise BadRequest("this is not HTTP") from None
    if request.header("expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.body = await read_body(reader, request)
    return request


async def read_body(reader, request):
    """By chunks or by length."""
    try:
        if "chunked" not in request.header("transfer-encoding").lower():
            length = int(request.header("content-length", "0"))
            if not 0 <= length <= MAX_BODY:
                raise BadRequest("the body is too large")
            return await reader.readexactly(length)
        body = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
            if len(body) > MAX_BODY:
                raise BadRequest("the body is too large")
        while (await reader.readline()).strip():
            pass
        return bytes(body)
    except ValueError:
        raise BadRequest("a length is not a number") from None


class Answer:
    """Writes one answer: whole, or in chunks as they come."""

    def __init__(self, request, writer, closing):
        self.request, self.writer, self.closing = request, writer, closing
        self.keeps = request.keeps
        self.chunked = False

    def _head(self, status, headers):
        self.keeps = self.keeps and not self.closing.is_set()
        connection = "keep-alive" if self.keeps else "close"
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in {**headers, "connection": connection}.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def send(self, status, body, headers=None, content_type="application/json"):
        """A whole answer; anything but bytes becomes JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode() + b"\n"
        head = self._head(status, {"content-type": content_type, "content-length": len(body), **(headers or {})})
        self.writer.write(head + (b"" if self.request.method == "HEAD" else body))
        await self.writer.drain()

    async def start(self, content_type):
        """Begins an answer whose length is not known."""
        self.chunked = self.request.version == "HTTP/1.1"
        headers = {"content-type": content_type, "cache-control": "no-store"}
        if self.chunked:
            headers["transfer-encoding"] = "chunked"
        else:
            self.keeps = False
        self.writer.write(self._head(200, headers))
        await self.writer.drain()

    async def chunk(self, data):
        """Some more of it, sent at once."""
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)
        await self.writer.drain()

    async def finish(self):
        if self.chunked:
            self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()


class WebSocket:
    """The server's side of an upgraded connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.closed = False

    @classmethod
    async def accept(cls, request, reader, writer):
        """Answers the handshake; None when the request asks for no WebSocket."""
        key = request.header("sec-websocket-key")
        if request.header("upgrade").lower() != "websocket" or not key:
            return None
        token = base64.b64encode(hashlib.sha1(key.encode() + WEBSOCKET_GUID).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-accept: {token}\r\n\r\n".encode()
        )
        await writer.drain()
        return cls(reader, writer)

    async def _frame(self):
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        if not second & 0x80 or size > MAX_BODY:
            raise BadRequest("a client's frames are masked and not that large")
        mask = await self.reader.readexactly(4)
        data = await self.reader.readexactly(size)
        whole = mask * (size // 4 + 1)
        plain = int.from_bytes(data, "big") ^ int.from_bytes(whole[:size], "big")
        return bool(first & 0x80), first & 0x0F, plain.to_bytes(size, "big")

    async def receive(self):
        """The next message as (kind, bytes), its fragments joined; None at the end. Pings are answered."""
        kind, message = None, b""
        while True:
            final, opcode, data = await self._frame()
            if opcode == CLOSE:
                await self.close(data[:2])
                return None
            if opcode == PING:
                await self.send(PONG, data)
            elif opcode in (0, TEXT, BINARY):
                kind, message = opcode or kind, message + data
                if final:
                    return kind, message

    async def send(self, opcode, data):
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        self.writer.write(head + data)
        await self.writer.drain()


    async def close(self, code):
        """Says once that it ends; the other side says so too."""
        if not self.closed:
            self.closed = True
            await self.send(CLOSE, code)


class Server:
    """Connections, and how many requests are in flight."""

    def __init__(self, handle):
        self.handle = handle
        self.closing = asyncio.Event()
        self.busy = 0
        self.waiting = set()
        self.sockets = set()

    async def connection(self, reader, writer):
        try:
            while not self.closing.is_set():
                self.waiting.add(writer)
                request = await read_request(reader, writer)
                self.waiting.discard(writer)
                if request is None or not await self._exchange(request, reader, writer):
                    break
        except BadRequest as error:
            writer.write(f"HTTP/1.1 400 Bad Request\r\ncontent-length: {len(str(error))}\r\nconnection: close\r\n\r\n{error}".encode())
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.waiting.discard(writer)
            writer.close()

    async def _exchange(self, request, reader, writer):
        self.busy += 1
        try:
            answer = Answer(request, writer, self.closing)
            await self.handle(request, answer, reader, writer)
            return answer.keeps
        finally:
            self.busy -= 1

    async def finish(self):
        """Ends idle connections and WebSockets, and waits for the busy ones."""
        self.closing.set()
        for socket in list(self.sockets):
            await socket.close(GOING_AWAY)
        for writer in list(self.waiting):
            writer.close()
        while self.busy:
            await asyncio.sleep(0.01)


def exit_now(code):
    """As a crash would: nothing is finished."""
    os._exit(code)
