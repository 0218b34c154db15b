"""2 Pings and pongs."""

from ..case import PROTOCOL_ERROR, Case, Close, Send
from ..frames import PING, PONG, Frame

UNSOLICITED = Frame(PONG, b"unsolicited pong payload")


def cases():
    yield ping(1, "ping without payload", b"")
    yield ping(2, "ping with a small text", b"Hello, world!")
    yield ping(3, "ping with a small payload that is not UTF-8", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")
    yield ping(4, "ping of 125 bytes", b"\xfe" * 125)
    yield Case("2.5", "ping of 126 bytes", (Send((Frame(PING, b"\xfe" * 126),)),), (), PROTOCOL_ERROR)
    yield ping(6, "ping of 125 bytes in writes of one byte", b"\xfe" * 125, chop=1)
    for number, pong in ((7, Frame(PONG)), (8, UNSOLICITED)):
        title = f"unsolicited pong of {len(pong.payload)} bytes, then Close"
        yield Case(f"2.{number}", title, (Send((pong,)), Close(1000)))
    frames = (UNSOLICITED, Frame(PING, b"ping payload"))
    yield Case("2.9", "unsolicited pong, then a ping", (Send(frames),), (("pong", b"ping payload"),))
    payloads = [b"payload-%d" % number for number in range(10)]
    frames = tuple(Frame(PING, payload) for payload in payloads)
    pongs = tuple(("pong", payload) for payload in payloads)
    yield Case("2.10", "ten pings", (Send(frames, apart=True),), pongs)
    yield Case("2.11", "ten pings in writes of one byte", (Send(frames, chop=1),), pongs)


def ping(number, title, payload, chop=0):
    return Case(f"2.{number}", title, (Send((Frame(PING, payload),), chop=chop),), (("pong", payload),))
