"""The opening handshake of both sides (RFC 6455 4), read strictly."""

import base64
import binascii
import hashlib
import os
import select
import time

from . import deflate
from .frames import Violation

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAXIMUM_HEAD = 16384


def accept_for(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def read_head(stream, seconds):
    """The start line, the fields by lower-case name, and what came after the head."""
    deadline = time.monotonic() + seconds
    data = b""
    while b"\r\n\r\n" not in data:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            raise Violation("no opening handshake in time")
        if not (chunk := stream.recv(65536)):
            raise Violation("the end of the stream during the opening handshake")
        data += chunk
        if len(data) > MAXIMUM_HEAD and b"\r\n\r\n" not in data:
            raise Violation("an opening handshake without end")
    head, leftover = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or not name:
            raise Violation(f"the field line {line!r}")
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return first, fields, leftover


def tokens(field):
    return {part.strip().lower() for part in field.split(",")}


def check_upgrade(fields):
    if fields.get("upgrade", "").lower() != "websocket":
        raise Violation(f"Upgrade: {fields.get('upgrade')}")
    if "upgrade" not in tokens(fields.get("connection", "")):
        raise Violation(f"Connection: {fields.get('connection')}")


def as_client(stream, host, target, offers, seconds):
    """Opens a connection; the parameters of permessage-deflate or None, the agent, and the bytes after the head."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    if offers:
        lines.append("Sec-WebSocket-Extensions: " + ", ".join(map(str, offers)))
    stream.sendall("\r\n".join(lines + ["", ""]).encode())
    first, fields, leftover = read_head(stream, seconds)
    if not first.startswith("HTTP/1.1 101"):
        raise Violation(f"{first!r} to the opening handshake")
    check_upgrade(fields)
    if fields.get("sec-websocket-accept") != accept_for(key):
        raise Violation("a wrong Sec-WebSocket-Accept")
    if "sec-websocket-protocol" in fields:
        raise Violation("a subprotocol that was not asked for")
    agreed = agreed_by_server(fields.get("sec-websocket-extensions", ""), offers)
    return agreed, fields.get("server", "server"), leftover


def agreed_by_server(field, offers):
    responses = deflate.parse(field, is_offer=False)
    if not responses:
        return None
    if len(responses) > 1:
        raise Violation("permessage-deflate twice")
    if not any(responses[0].grants(offer) for offer in offers):
        raise Violation(f"extension {responses[0]}, which none of the offers allows")
    return responses[0]


def as_server(stream, seconds):
    """Reads a client's handshake; its target, key, offers of permessage-deflate, and the bytes after the head."""
    first, fields, leftover = read_head(stream, seconds)
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    if method != "GET" or version != "HTTP/1.1" or not target.startswith("/"):
        raise Violation(f"the request line {first!r}")
    check_upgrade(fields)
    if not fields.get("host"):
        raise Violation("no Host")
    if fields.get("sec-websocket-version") != "13":
        raise Violation(f"Sec-WebSocket-Version: {fields.get('sec-websocket-version')}")
    key = fields.get("sec-websocket-key", "")
    try:
        right = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        right = False
    if not right:
        raise Violation(f"Sec-WebSocket-Key: {key}")
    offers = deflate.parse(fields.get("sec-websocket-extensions", ""), is_offer=True)
    return target, key, offers, leftover


def accept(stream, key, agreed):
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_for(key)}",
    ]
    if agreed:
        lines.append(f"Sec-WebSocket-Extensions: {agreed}")
    stream.sendall("\r\n".join(lines + ["", ""]).encode())
