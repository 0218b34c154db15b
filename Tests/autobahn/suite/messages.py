"""What the peer's frames say: whole messages, pongs and the Close, checked against RFC 6455 and RFC 7692."""

from .frames import CLOSE, CONTINUATION, PING, TEXT, FrameReader, Violation

COMPRESSED = 4
SENDABLE_CODES = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


class MessageReader:
    """Turns bytes into events: `(kind, payload)` of "text", "binary", "ping" and "pong", and `("close", code)`."""

    def __init__(self, expects_mask, inflater=None, any_close_code=False):
        self.frames = FrameReader(expects_mask)
        self.inflater = inflater
        self.any_close_code = any_close_code
        self.parts = None
        self.kind = None
        self.compressed = False
        self.compressed_messages = 0
        self.closed = False

    def feed(self, data):
        if self.closed and data:
            raise Violation(f"{len(data)} bytes after its Close frame")
        for opcode, payload, fin, rsv in self.frames.feed(data):
            if self.closed:
                raise Violation("frames after its Close frame")
            if opcode >= CLOSE:
                yield self.control(opcode, payload, rsv)
            elif (event := self.fragment(opcode, payload, fin, rsv)) is not None:
                yield event
        if self.closed and self.frames.buffer:
            raise Violation("bytes after its Close frame")

    def control(self, opcode, payload, rsv):
        if rsv:
            raise Violation(f"a control frame with RSV {rsv}")
        if opcode != CLOSE:
            return ("ping" if opcode == PING else "pong", payload)
        self.closed = True
        return ("close", self.close_code(payload))

    def close_code(self, payload):
        if not payload:
            return None
        if len(payload) == 1:
            raise Violation("a Close frame of one byte")
        code = int.from_bytes(payload[:2], "big")
        if code not in SENDABLE_CODES and not self.any_close_code:
            raise Violation(f"the close code {code}, which must not be sent")
        check_utf8(payload[2:], "a Close frame with a reason")
        return code

    def fragment(self, opcode, payload, fin, rsv):
        if opcode == CONTINUATION:
            if self.parts is None:
                raise Violation("a continuation of nothing")
            if rsv:
                raise Violation(f"a continuation with RSV {rsv}")
        else:
            if self.parts is not None:
                raise Violation("the beginning of a message inside another")
            if rsv and (rsv != COMPRESSED or not self.inflater):
                raise Violation(f"a frame with RSV {rsv}")
            self.parts, self.kind, self.compressed = [], opcode, bool(rsv)
        self.parts.append(payload)
        if not fin:
            return None
        return self.message()

    def message(self):
        payload = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        self.parts = None
        if self.compressed:
            self.compressed_messages += 1
            payload = self.inflater.inflate(payload)
        if self.kind == TEXT:
            check_utf8(payload, "a text message")
        return ("text" if self.kind == TEXT else "binary", payload)


def check_utf8(payload, name):
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise Violation(f"{name} that is not UTF-8 ({error.reason})") from None
