"""1.1 text and 1.2 binary messages around the boundaries of the length field; 10.1 a message in automatic fragments."""

from ..case import Case, Send
from ..frames import BINARY, TEXT, Frame, fragments

# Length and the size of each write, 0 for one write.
SHAPES = [(0, 0), (125, 0), (126, 0), (127, 0), (128, 0), (65535, 0), (65536, 0), (65536, 997)]


def cases():
    for group, opcode, kind, octet in ((1, TEXT, "text", b"*"), (2, BINARY, "binary", b"\xfe")):
        for number, (size, chop) in enumerate(SHAPES, 1):
            title = f"{kind} message of {size} bytes" + (f" in writes of {chop}" if chop else "")
            payload = octet * size
            steps = (Send((Frame(opcode, payload),), chop=chop),)
            yield Case(f"1.{group}.{number}", title, steps, ((kind, payload),), seconds=10)
    payload = b"*" * 65536
    frames = tuple(fragments(TEXT, payload, 1300))
    yield Case("10.1.1", "text message of 65536 bytes in fragments of 1300", (Send(frames),), (("text", payload),))
