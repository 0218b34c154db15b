"""Frames of RFC 6455: written as told, right or wrong, and read with every rule of the RFC checked."""

import random

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Violation(Exception):
    """The peer broke a rule of the protocol."""


def xor(data, key):
    """`data` masked or unmasked with the four bytes of `key`, as one big number because that is fast."""
    size = len(data)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


class Frame:
    """One frame to be sent, whether the RFC allows it or not. `rsv` is RSV1 as 4, RSV2 as 2 and RSV3 as 1."""

    __slots__ = ("opcode", "payload", "fin", "rsv")

    def __init__(self, opcode, payload=b"", fin=True, rsv=0):
        self.opcode, self.payload, self.fin, self.rsv = opcode, payload, fin, rsv

    def encode(self, key):
        """The frame on the wire, masked with `key` unless that is None."""
        return self.header(key) + (xor(self.payload, key) if key else self.payload)

    def header(self, key):
        first = self.fin << 7 | self.rsv << 4 | self.opcode
        size = len(self.payload)
        mask_bit = 0x80 if key else 0
        if size < 126:
            head = bytes((first, mask_bit | size))
        elif size < 65536:
            head = bytes((first, mask_bit | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((first, mask_bit | 127)) + size.to_bytes(8, "big")
        return head + (key or b"")


def encode(frames, masked):
    """`frames` on the wire, each masked with a key of its own or none masked."""
    return b"".join(frame.encode(random.randbytes(4) if masked else None) for frame in frames)


def fragments(opcode, payload, size, rsv=0):
    """The frames of one message in pieces of `size` bytes and a last one of less, so maybe empty; 0 for one frame."""
    if not size:
        return [Frame(opcode, payload, rsv=rsv)]
    frames = [Frame(CONTINUATION, payload[at : at + size], fin=False) for at in range(0, len(payload) + 1, size)]
    frames[0].opcode, frames[0].rsv = opcode, rsv
    frames[-1].fin = True
    return frames


class FrameReader:
    """Cuts what the peer sends into `(opcode, payload, fin, rsv)` and checks each frame by itself."""

    def __init__(self, expects_mask):
        self.expects_mask = expects_mask
        self.buffer = bytearray()
        self.last_key = None

    def feed(self, data):
        """The frames complete after `data`, one at a time."""
        self.buffer += data
        at = 0
        try:
            while (frame := self.read(at)) is not None:
                at = frame[0]
                yield frame[1:]
        finally:
            del self.buffer[:at]

    def read(self, at):
        buffer = self.buffer
        available = len(buffer) - at
        if available < 2:
            return None
        first, second = buffer[at], buffer[at + 1]
        opcode, fin, rsv, size = first & 15, first >> 7, first >> 4 & 7, second & 127
        self.check(opcode, fin, size, second >> 7)
        start = at + 2
        if size == 126:
            if available < 4:
                return None
            size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            if size < 126:
                raise Violation(f"a length of {size} in 16 bits")
        elif size == 127:
            if available < 10:
                return None
            size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if size < 65536 or size >> 63:
                raise Violation(f"a length of {size} in 64 bits")
        end = start + (4 if self.expects_mask else 0) + size
        if len(buffer) < end:
            return None
        payload = self.unmask(start, end) if self.expects_mask else bytes(buffer[start:end])
        return end, opcode, payload, bool(fin), rsv

    def check(self, opcode, fin, size, masked):
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Violation(f"a frame of the reserved opcode {opcode}")
        if masked != self.expects_mask:
            raise Violation("a masked frame as server" if masked else "an unmasked frame as client")
        if opcode >= CLOSE and (not fin or size > 125):
            raise Violation("a control frame in fragments" if not fin else "a control frame of more than 125 bytes")

    def unmask(self, start, end):
        key = bytes(self.buffer[start : start + 4])
        if key == self.last_key:
            raise Violation("the same masking key in two frames running (RFC 6455 5.3)")
        self.last_key = key
        return xor(self.buffer[start + 4 : end], key)
