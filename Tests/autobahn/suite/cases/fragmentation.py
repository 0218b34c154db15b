"""5 Fragmentation: control frames between fragments, and every way to continue what does not go on."""

from ..case import PROTOCOL_ERROR, Case, Quiet, Send
from ..frames import CONTINUATION, PING, PONG, TEXT, Frame

ONE_WRITE, APART, BYTEWISE = {}, {"apart": True}, {"chop": 1}
SHAPES = (("", ONE_WRITE), (" in a write each", APART), (" in writes of one byte", BYTEWISE))


def cases():
    yield from fragmented_control()
    yield from in_two_fragments()
    yield from nothing_to_continue()
    fragments = (begin(b"fragment1"), Frame(TEXT, b"fragment2"))
    yield refused("5.18", "text in two fragments, both with the opcode for text", *fragments)
    yield ping_while_waiting("5.19", "five fragments with a pause and two pings", ONE_WRITE)
    yield ping_while_waiting("5.20", "five fragments with a pause and two pings, in a write each", APART)


def begin(payload):
    return Frame(TEXT, payload, fin=False)


def more(payload, fin=True):
    return Frame(CONTINUATION, payload, fin=fin)


def refused(id, title, *frames, **shape):
    return Case(id, title, (Send(frames, **shape),), (), PROTOCOL_ERROR)


def fragmented_control():
    for id, opcode, name in (("5.1", PING, "ping"), ("5.2", PONG, "pong")):
        yield refused(id, f"{name} in two fragments", Frame(opcode, b"fragment1", fin=False), more(b"fragment2"))


def in_two_fragments():
    echo = ("text", b"fragment1fragment2")
    first, second, ping = begin(b"fragment1"), more(b"fragment2"), Frame(PING, b"ping payload")
    for number, (how, shape) in enumerate(SHAPES, 3):
        yield Case(f"5.{number}", f"text in two fragments{how}", (Send((first, second), **shape),), (echo,))
    for number, (how, shape) in enumerate(SHAPES, 6):
        title = f"text in two fragments with a ping between{how}"
        yield Case(f"5.{number}", title, (Send((first, ping, second), **shape),), (("pong", ping.payload), echo))


def nothing_to_continue():
    number = 9
    for fin in (True, False):
        for how, shape in SHAPES:
            title = f"continuation (FIN {int(fin)}) of nothing, then text{how}"
            frames = (more(b"non-continuation payload", fin), Frame(TEXT, b"Hello, world!"))
            yield refused(f"5.{number}", title, *frames, **shape)
            number += 1
    frames = (begin(b"fragment1"), more(b"fragment2"), more(b"fragment3", fin=False), Frame(TEXT, b"fragment4"))
    title = "text in two fragments, continuation of nothing, text"
    yield Case("5.15", title, (Send(frames),), (("text", b"fragment1fragment2"),), PROTOCOL_ERROR, non_strict=())
    for id, fin in (("5.16", False), ("5.17", True)):
        frames = (more(b"fragment1", fin), begin(b"fragment2"), more(b"fragment3")) * 2
        yield refused(id, f"twice: continuation (FIN {int(fin)}) of nothing, text in two fragments", *frames)


def ping_while_waiting(id, title, shape):
    """The first pong comes before the message is whole."""
    parts = [b"fragment%d" % number for number in range(1, 6)]
    pings = [Frame(PING, b"pongme 1!"), Frame(PING, b"pongme 2!")]
    pongs = [("pong", ping.payload) for ping in pings]
    steps = (
        Send((begin(parts[0]), more(parts[1], fin=False), pings[0]), **shape),
        Quiet("after two fragments"),
        Send((more(parts[2], fin=False), more(parts[3], fin=False), pings[1], more(parts[4])), **shape),
    )
    expected = (pongs[0], ("still open", "after two fragments"), pongs[1], ("text", b"".join(parts)))
    return Case(id, title, steps, expected)
