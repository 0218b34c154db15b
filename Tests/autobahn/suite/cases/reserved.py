"""3 reserved bits without an extension, and 4 reserved opcodes: each fails the connection."""

from ..case import PROTOCOL_ERROR, Case, Send
from ..frames import BINARY, CLOSE, PING, TEXT, Frame

HELLO = b"Hello, world!"


def cases():
    yield refused("3.1", "text with RSV 1", Frame(TEXT, HELLO, rsv=1))
    yield after_echo("3.2", "text, then text with RSV 2, then a ping", Frame(TEXT, HELLO, rsv=2))
    yield after_echo("3.3", "3.2 with RSV 3 in a write each", Frame(TEXT, HELLO, rsv=3), apart=True)
    yield after_echo("3.4", "3.2 with RSV 4 in writes of one byte", Frame(TEXT, HELLO, rsv=4), chop=1)
    yield refused("3.5", "binary with RSV 5", Frame(BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", rsv=5))
    yield refused("3.6", "binary with RSV 6", Frame(BINARY, HELLO, rsv=6))
    yield refused("3.7", "Close with RSV 7", Frame(CLOSE, rsv=7))
    for group, first in ((1, 3), (2, 11)):
        payloads = (b"", b"reserved opcode payload", b"", HELLO, HELLO)
        for number, payload in enumerate(payloads, 1):
            opcode = first + number - 1
            title = f"opcode {opcode} with {len(payload)} bytes"
            frame = Frame(opcode, payload)
            if number < 3:
                yield refused(f"4.{group}.{number}", title, frame)
            else:
                chop = 1 if number == 5 else 0
                yield after_echo(f"4.{group}.{number}", f"text, then {title}, then a ping", frame, chop=chop)


def refused(id, title, frame):
    return Case(id, title, (Send((frame,)),), (), PROTOCOL_ERROR)


def after_echo(id, title, frame, **shape):
    """The message before the bad frame is echoed, the ping after it is not answered."""
    frames = (Frame(TEXT, HELLO), frame, Frame(PING))
    return Case(id, title, (Send(frames, **shape),), (("text", HELLO),), PROTOCOL_ERROR, non_strict=())
