"""9 Limits and performance: messages of up to 16 MiB, whole, in fragments and in small writes, and round trips."""

from ..case import Case, Send
from ..frames import BINARY, TEXT, fragments

KIB, MIB = 1 << 10, 1 << 20
SIZES = (64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB)
FRAGMENTS = (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB)
CHOPS = (64, 128, 256, 512, 1024, 2048)
ROUND_TRIPS = (0, 16, 64, 256, 1024, 4096)
ROUNDS = 1000

KINDS = ((TEXT, "text", b"BAsd7&jh23"), (BINARY, "binary", b"\x00\xfe\x23\xfa\xf0"))


def cases():
    for offset, (opcode, kind, pattern) in enumerate(KINDS):
        for number, size in enumerate(SIZES, 1):
            yield Large(opcode, kind, pattern, size).case(f"9.{1 + offset}.{number}")
        for number, fragment in enumerate(FRAGMENTS, 1):
            yield Large(opcode, kind, pattern, 4 * MIB, fragment=fragment).case(f"9.{3 + offset}.{number}")
        for number, chop in enumerate(CHOPS, 1):
            yield Large(opcode, kind, pattern, MIB, chop=chop).case(f"9.{5 + offset}.{number}")
        for number, size in enumerate(ROUND_TRIPS, 1):
            title = f"{ROUNDS} {kind} messages of {size} bytes, one after another"
            yield Case(f"9.{7 + offset}.{number}", title, play=RoundTrips(opcode, kind, (pattern * size)[:size]))


class Large:
    """A large message, made only when its case is played."""

    def __init__(self, opcode, kind, pattern, size, fragment=0, chop=0):
        self.opcode, self.kind, self.pattern, self.size = opcode, kind, pattern, size
        self.fragment, self.chop = fragment, chop

    def case(self, id):
        title = f"{self.kind} message of {self.size} bytes"
        if self.fragment:
            title += f" in fragments of {self.fragment}"
        if self.chop:
            title += f" in writes of {self.chop}"
        return Case(id, title, play=self)

    def __call__(self, session):
        payload = (self.pattern * (self.size // len(self.pattern) + 1))[: self.size]
        Send(tuple(fragments(self.opcode, payload, self.fragment)), chop=self.chop).run(session)
        session.wait_events(1, 100)
        return mismatch(session, [(self.kind, payload)])


class RoundTrips:
    def __init__(self, opcode, kind, payload):
        self.opcode, self.kind, self.payload = opcode, kind, payload

    def __call__(self, session):
        for _ in range(ROUNDS):
            session.events.clear()
            session.frame(self.opcode, self.payload)
            session.wait_events(1, session.patience)
            if failure := mismatch(session, [(self.kind, self.payload)]):
                return failure
        return None


def mismatch(session, expected):
    if session.events == expected:
        return None
    if not session.events:
        return "no echo came"
    kind, payload = session.events[0]
    more = f", and {len(session.events) - 1} more" if len(session.events) > 1 else ""
    same = " that differs from what was sent" if len(payload) == len(expected[0][1]) else ""
    return f"got a {kind} message of {len(payload)} bytes{same}{more}"
