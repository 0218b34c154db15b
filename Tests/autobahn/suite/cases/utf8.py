"""6 UTF-8: text whole, cut inside code points, invalid, and found to be invalid at once."""

from ..case import INVALID_PAYLOAD, Case, Quiet, Send
from ..frames import CONTINUATION, TEXT, Frame, fragments
from .utf8_sequences import SEQUENCES

GREEK = bytes.fromhex("cebae1bdb9cf83cebcceb5")
SURROGATE = GREEK + bytes.fromhex("eda080") + b"edited"
TOO_HIGH = GREEK + bytes.fromhex("f4908080") + b"edited"
HELLO = "Hello-µ@ßöäüàá-UTF-8!!".encode()


def cases():
    yield from valid()
    yield from invalid()
    yield from fail_fast()
    for group, sequences in enumerate(SEQUENCES, 5):
        for number, (is_valid, payload) in enumerate(sequences, 1):
            frames = (Frame(TEXT, payload),)
            title = f"{'valid' if is_valid else 'invalid'} text {payload.hex(' ')}"
            case = echoed if is_valid else refused
            yield case(f"6.{group}.{number}", title, frames)


def echoed(id, title, frames):
    return Case(id, title, (Send(tuple(frames)),), (("text", b"".join(frame.payload for frame in frames)),))


def refused(id, title, frames):
    return Case(id, title, (Send(tuple(frames)),), (), INVALID_PAYLOAD)


def in_frames(*parts):
    """One frame for each part, empty ones too."""
    last = len(parts) - 1
    return [Frame(CONTINUATION if at else TEXT, part, fin=at == last) for at, part in enumerate(parts)]


def valid():
    yield echoed("6.1.1", "empty text", [Frame(TEXT)])
    yield echoed("6.1.2", "three empty fragments", in_frames(b"", b"", b""))
    yield echoed("6.1.3", "three fragments, the first and last empty", in_frames(b"", b"middle frame payload", b""))
    yield echoed("6.2.1", "text with two-byte code points", [Frame(TEXT, HELLO)])
    yield echoed("6.2.2", "two fragments cut between code points", in_frames(HELLO[:15], HELLO[15:]))
    yield echoed("6.2.3", "fragments of one byte", fragments(TEXT, HELLO, 1))
    yield echoed("6.2.4", "Greek in fragments of one byte", fragments(TEXT, GREEK, 1))


def invalid():
    yield refused("6.3.1", "a surrogate", [Frame(TEXT, SURROGATE)])
    yield refused("6.3.2", "a surrogate, in fragments of one byte", fragments(TEXT, SURROGATE, 1))


def fail_fast():
    """The second part makes the text invalid and must fail the connection before the third is sent."""
    by_part = (TOO_HIGH[:11], TOO_HIGH[11:15], TOO_HIGH[15:])
    by_byte = (TOO_HIGH[:12], TOO_HIGH[12:13], TOO_HIGH[13:])
    for number, parts, where in ((1, by_part, "the bad code point"), (2, by_byte, "the first bad byte")):
        steps = [Send((frame,)) for frame in in_frames(*parts)]
        yield failing_fast(f"6.4.{number}", f"three frames, the second with {where}", steps)
    for number, parts, where in ((3, by_part, "the bad code point"), (4, by_byte, "the first bad byte")):
        title = f"one frame in three writes, the second with {where}"
        yield failing_fast(f"6.4.{number}", title, [PartOfFrame(parts, at) for at in range(3)])


def failing_fast(id, title, steps):
    first, second, third = steps
    steps = (first, Quiet("after the valid part"), second, Quiet("after the invalid part"), third)
    expected = (("still open", "after the valid part"),)
    late = expected + (("still open", "after the invalid part"),)
    return Case(id, title, steps, expected, INVALID_PAYLOAD, non_strict=late)


class PartOfFrame:
    """One of the parts that a frame of text is written in."""

    def __init__(self, parts, at):
        self.parts, self.at = parts, at

    def run(self, session):
        # The same key for the three parts: that of the case, not drawn anew for each.
        key = None if session.we_are_server else b"\x37\xfa\x21\x3d"
        frame = Frame(TEXT, b"".join(self.parts)).encode(key)
        ends = [len(frame) - sum(map(len, self.parts[at:])) for at in range(1, 4)]
        start = ends[self.at - 1] if self.at else 0
        session.inside_frame = self.at < 2
        session.send(frame[start : ends[self.at]])
