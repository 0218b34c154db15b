"""7 The closing handshake: what comes around the Close frame, and what is in it."""

from ..case import NORMAL, Case, Close, Ending, Send
from ..frames import CLOSE, CONTINUATION, PING, TEXT, Frame
from ..session import US

INVALID_TEXT = bytes.fromhex("cebae1bdb9cf83cebcceb5eda080") + b"edited"
VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
REFUSED = Ending(US, (1002,), clean=False)
HELLO = b"Hello World!"


def cases():
    yield from around_close()
    yield from length()
    ending = Ending(US, (1002, 1007), clean=False)
    yield closing("7.5.1", "a reason that is not UTF-8", Close(1000, INVALID_TEXT), ending)
    for number, code in enumerate(VALID_CODES, 1):
        ending = Ending(US, tuple({1000: None, code: None}), clean=True)
        yield closing(f"7.7.{number}", f"the valid code {code}", Close(code), ending)
    for number, code in enumerate(INVALID_CODES, 1):
        yield closing(f"7.9.{number}", f"the invalid code {code}", Close(code), REFUSED)
    for number, code in enumerate((5000, 65535), 1):
        title = f"Close with the code {code}, which the RFC leaves open"
        yield Case(f"7.13.{number}", title, (Close(code),), (), REFUSED, informational=True)


def closing(id, what, step, ending=NORMAL):
    return Case(id, f"Close with {what}", (step,), (), ending)


def around_close():
    yield Case("7.1.1", "text, then Close", (Send((Frame(TEXT, HELLO),)),), (("text", HELLO),))
    ignored = ((2, Frame(CLOSE), "Close"), (3, Frame(PING), "a ping"), (4, Frame(TEXT, HELLO), "text"))
    for number, frame, name in ignored:
        yield Case(f"7.1.{number}", f"Close, then {name}, which is ignored", (Close(1000, then=(frame,)),))
    steps = (
        Send((Frame(TEXT, b"fragment1", fin=False),)),
        Close(1000, then=(Frame(CONTINUATION, b"fragment2"),)),
    )
    yield Case("7.1.5", "a fragment, Close, and the rest of the message", steps)
    large = (b"BAsd7&jh23" * 26215)[: 256 << 10]
    steps = (Send((Frame(TEXT, large), Frame(TEXT, HELLO))), Close(1000, then=(Frame(PING),)))
    yield Case("7.1.6", "256 KiB of text, text, Close and a ping", steps, informational=True, seconds=10)


def length():
    yield closing("7.3.1", "no payload", Close())
    yield closing("7.3.2", "one byte", Close(reason=b"a"), REFUSED)
    yield closing("7.3.3", "a code", Close(1000))
    yield closing("7.3.4", "a code and a reason", Close(1000, HELLO))
    yield closing("7.3.5", "a reason of 123 bytes, the most there can be", Close(1000, b"*" * 123))
    yield closing("7.3.6", "a reason of 124 bytes", Close(1000, b"*" * 124), REFUSED)
