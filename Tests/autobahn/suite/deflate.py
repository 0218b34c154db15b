"""permessage-deflate (RFC 7692): its parameters, and an inflater that allows no more than was agreed."""

import dataclasses
import zlib

from .frames import Violation

TAIL = b"\x00\x00\xff\xff"
# The reach of every distance is checked byte by byte, which is slow, over this much of a connection.
STRICT_BYTES = 8192
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
BITS = ("server_max_window_bits", "client_max_window_bits")


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What an offer asks or a response grants; `client_max_window_bits` is 0 where an offer gives it no value."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None

    def __str__(self):
        text = "permessage-deflate"
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is True or (value == 0 and value is not False):
                text += f"; {field.name}"
            elif value:
                text += f"; {field.name}={value}"
        return text

    def side(self, is_server):
        """The window in bits and whether there is context takeover, for what the server or the client compresses."""
        if is_server:
            return self.server_max_window_bits or 15, not self.server_no_context_takeover
        return self.client_max_window_bits or 15, not self.client_no_context_takeover

    def grants(self, offer):
        """Whether this response answers `offer` (RFC 7692 7.1)."""
        if offer.server_no_context_takeover and not self.server_no_context_takeover:
            return False
        if offer.server_max_window_bits and (self.server_max_window_bits or 16) > offer.server_max_window_bits:
            return False
        if self.client_max_window_bits is not None and offer.client_max_window_bits is None:
            return False
        return not offer.client_max_window_bits or (self.client_max_window_bits or 15) <= offer.client_max_window_bits


def parse(field, is_offer):
    """The parameters of each `permessage-deflate` in a Sec-WebSocket-Extensions field."""
    found = []
    for extension in filter(None, (part.strip() for part in field.split(","))):
        name, *parameters = (part.strip() for part in extension.split(";"))
        if name == "permessage-deflate":
            found.append(parse_parameters(parameters, is_offer))
        elif not is_offer:
            raise Violation(f"extension {name!r}, which was not offered")
    return found


def parse_parameters(parameters, is_offer):
    values = {}
    for parameter in parameters:
        name, equals, value = (part.strip() for part in parameter.partition("="))
        value = value.strip('"')
        if name in values:
            raise Violation(f"{name} twice")
        if name in FLAGS and not equals:
            values[name] = True
        elif name in BITS and value in {str(bits) for bits in range(8, 16)}:
            values[name] = int(value)
        elif name == "client_max_window_bits" and is_offer and not equals:
            values[name] = 0
        else:
            raise Violation(f"permessage-deflate parameter {parameter!r}")
    return Parameters(**values)


class Inflater:
    """Inflates the peer's messages, within the agreed window and, where agreed, each without the ones before."""

    def __init__(self, window_bits, takeover):
        self.window_bits = window_bits
        self.takeover = takeover
        self.history = b""
        self.unchecked = STRICT_BYTES if window_bits < 15 else 0
        self.stream = zlib.decompressobj(-window_bits)

    def inflate(self, payload):
        if not self.takeover:
            self.history, self.stream = b"", zlib.decompressobj(-self.window_bits)
        try:
            return self.run(payload + TAIL)
        except zlib.error as error:
            raise Violation(f"a message that does not inflate with what was agreed ({error})") from None

    def run(self, data):
        whole = b""
        while True:
            part = self.step(data)
            whole = whole + part if whole else part
            self.history = (self.history + part[-32768:])[-(1 << self.window_bits) :]
            if not self.stream.eof:
                return whole
            # A sender may end a block with BFINAL (RFC 7692 7.2.3.4): what follows is a new stream in the same window.
            data = self.stream.unused_data
            self.stream = zlib.decompressobj(-self.window_bits, zdict=self.history)

    def step(self, data):
        """zlib refuses a distance only when it leaves both its window and its output: one byte of output shows all."""
        out = bytearray()
        while self.unchecked > 0 and not self.stream.eof:
            byte = self.stream.decompress(data, 1)
            data = self.stream.unconsumed_tail
            if not byte and not data:
                return bytes(out)
            self.unchecked -= 1
            out += byte
        return bytes(out) + (b"" if self.stream.eof else self.stream.decompress(data))


class Deflater:
    """Deflates our own messages; a window of 2⁸ bytes, which zlib cannot make, by using no matches at all."""

    def __init__(self, window_bits, takeover):
        self.takeover = takeover
        strategy = zlib.Z_HUFFMAN_ONLY if window_bits == 8 else zlib.Z_DEFAULT_STRATEGY
        self.fresh = zlib.compressobj(6, zlib.DEFLATED, -max(window_bits, 9), 8, strategy)
        self.stream = self.fresh.copy()

    def deflate(self, payload):
        if not self.takeover:
            self.stream = self.fresh.copy()
        out = self.stream.compress(payload) + self.stream.flush(zlib.Z_SYNC_FLUSH)
        return out[: -len(TAIL)]
