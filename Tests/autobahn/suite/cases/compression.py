"""12 and 13 permessage-deflate: 1000 messages of each size, of five kinds of content and with seven sets of parameters.

Our own messages go round a corpus. From the second time round on, each follows on the same history as before, so that
it compresses to the same bytes: two rounds are compressed, and serve all cases of that size.
"""

import functools
import itertools

from ..case import Case
from ..corpus import SIZE, corpus, is_text
from ..deflate import Deflater, Parameters
from ..frames import BINARY, TEXT, encode, fragments
from ..messages import COMPRESSED
from ..verdict import NON_STRICT, UNIMPLEMENTED
from .limits import mismatch

# Size of a message and of its fragments once compressed, 0 for one frame.
SHAPES = [(16 << shift, 0) for shift in (0, 2, 4, 6, 8, 9, 10, 11, 12, 13)]
SHAPES += [(size, 256) for size in (8192, 16384, 32768, 65536, 131072)]
SHAPES += [(131072, fragment) for fragment in (1024, 4096, 32768)]

CONTENT = ("json", "picture", "german", "html", "document")
MESSAGES = 1000
# What one case sends at most, unless all messages are asked for.
BUDGET = 8 << 20
# From this size on, some message of compressible content must come back compressed.
WORTH_COMPRESSING = 1024


def offer(no_takeover=False, bits=None):
    return Parameters(no_takeover, True, bits, 0)


# The offers of our client, and what our server asks of the client: no context takeover, and a window, best first.
NEGOTIATIONS = (
    ((offer(),), ((False, None),)),
    ((offer(True),), ((True, None),)),
    ((offer(False, 9),), ((False, 9),)),
    ((offer(False, 15),), ((False, 15),)),
    ((offer(True, 9),), ((True, 9),)),
    ((offer(True, 15),), ((True, 15),)),
    ((offer(True, 9), offer(True), offer()), ((True, 9), (True, None), (False, None))),
)


def cases():
    for group, content in enumerate(CONTENT, 1):
        for number, shape in enumerate(SHAPES, 1):
            yield compressed(f"12.{group}.{number}", content, shape, Negotiation(*NEGOTIATIONS[0]))
    for group, negotiation in enumerate(NEGOTIATIONS, 1):
        for number, shape in enumerate(SHAPES, 1):
            yield compressed(f"13.{group}.{number}", "json", shape, Negotiation(*negotiation))


def compressed(id, content, shape, negotiation):
    size, fragment = shape
    cut = f" in fragments of {fragment}" if fragment else ""
    title = f"{content} messages of {size} bytes compressed{cut}; {negotiation}"
    return Case(id, title, play=Echoes(content, size, fragment), deflate=negotiation)


class Negotiation:
    def __init__(self, offers, demands):
        self.offers, self.demands = offers, demands

    def __str__(self):
        return "offers " + ", ".join(map(str, self.offers))

    def accepts(self, offers):
        """What our server grants a client that makes `offers`, or None.

        It may demand `client_no_context_takeover` of any client, a window only of one that offers to have it set
        (RFC 7692 7.1).
        """
        for (no_takeover, bits), offered in itertools.product(self.demands, offers):
            if bits is None or offered.client_max_window_bits is not None:
                return Parameters(
                    server_no_context_takeover=offered.server_no_context_takeover,
                    client_no_context_takeover=no_takeover,
                    server_max_window_bits=offered.server_max_window_bits,
                    client_max_window_bits=bits and min(bits, offered.client_max_window_bits or bits),
                )
        return None


class Echoes:
    all_messages = False

    def __init__(self, content, size, fragment):
        self.content, self.size, self.fragment = content, size, fragment

    @property
    def count(self):
        return MESSAGES if self.all_messages else min(MESSAGES, BUDGET // self.size)

    def __call__(self, session):
        if session.agreed is None:
            return UNIMPLEMENTED, "permessage-deflate was not negotiated"
        ours = session.agreed.side(is_server=session.we_are_server)
        wire = wire_messages(self.content, self.size, self.fragment, not session.we_are_server, *ours)
        plain = plain_messages(self.content, self.size)
        for number in range(self.count):
            session.events.clear()
            session.send(wire[in_rounds(number, len(plain))])
            session.wait_events(1, 10 * session.patience)
            if failure := mismatch(session, [plain[number % len(plain)]]):
                return f"message {number + 1} of {self.count}: {failure}"
        return self.compressed_nothing(session)

    def compressed_nothing(self, session):
        if session.reader.compressed_messages or self.content == "document" or self.size < WORTH_COMPRESSING:
            return None
        return NON_STRICT, "it agreed to compress and compressed no message"


def in_rounds(number, period):
    return number if number < 2 * period else period + number % period


@functools.cache
def plain_messages(content, size):
    """The messages of one time round, after which the next begins where the first did."""
    kind = "text" if is_text(content) else "binary"
    whole = corpus(content)
    count = min(MESSAGES, SIZE // size if SIZE % size == 0 else 3)
    return [(kind, (whole + whole)[at % SIZE : at % SIZE + size]) for at in range(0, count * size, size)]


@functools.lru_cache(maxsize=16)
def deflated(content, size, bits, takeover):
    plain = plain_messages(content, size)
    deflater = Deflater(bits, takeover)
    count = min(MESSAGES, 2 * len(plain))
    return [deflater.deflate(plain[number % len(plain)][1]) for number in range(count)]


@functools.lru_cache(maxsize=16)
def wire_messages(content, size, fragment, masked, bits, takeover):
    opcode = TEXT if is_text(content) else BINARY
    payloads = deflated(content, size, bits, takeover)
    return [encode(fragments(opcode, payload, fragment, COMPRESSED), masked) for payload in payloads]
