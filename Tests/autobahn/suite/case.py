"""A case: the steps it takes, what must come back, and how the connection must end."""

import dataclasses
import time

from .frames import Frame
from .session import PEER, US


@dataclasses.dataclass(frozen=True)
class Ending:
    """Who must begin the closing of the connection, with which codes, and whether only a closing handshake will do."""

    by: str
    codes: tuple
    clean: bool

    def __str__(self):
        codes = " or ".join(map(str, self.codes))
        if self.by == PEER:
            return f"the connection failed with {codes}"
        return f"our Close answered with {codes}" + ("" if self.clean else ", or the connection dropped")


NORMAL = Ending(US, (1000,), clean=True)
PROTOCOL_ERROR = Ending(PEER, (1002,), clean=False)
INVALID_PAYLOAD = Ending(PEER, (1007,), clean=False)


@dataclasses.dataclass(frozen=True)
class Send:
    """Frames in one write, in a write each, or in writes of `chop` bytes."""

    frames: tuple
    apart: bool = False
    chop: int = 0

    def run(self, session):
        if self.apart:
            for frame in self.frames:
                session.send(session.encode([frame]))
                time.sleep(0.001)
            return
        data = session.encode(self.frames)
        step = self.chop or len(data)
        for at in range(0, len(data), step):
            session.send(data[at : at + step])
            if step == 1:
                time.sleep(0.0002)


@dataclasses.dataclass(frozen=True)
class Close:
    """A Close frame that begins the closing handshake, and the frames that follow it in the same write."""

    code: int | None = None
    reason: bytes = b""
    then: tuple = ()

    def run(self, session):
        payload = b"" if self.code is None else self.code.to_bytes(2, "big")
        # Noted first: the answer can be read while the rest is still being sent.
        session.note_close_sent()
        session.send(session.encode([Frame(8, payload + self.reason)]) + session.encode(self.then))
        session.sent_after_close = bool(self.then)


@dataclasses.dataclass(frozen=True)
class Quiet:
    """Waits a second; the connection still being open then is an event of its own."""

    name: str
    seconds: float = 1.0

    def run(self, session):
        if not session.wait(self.seconds):
            session.events.append(("still open", self.name))


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    title: str
    steps: tuple = ()
    expected: tuple = ()
    ending: Ending = NORMAL
    non_strict: tuple | None = None
    informational: bool = False
    # Seconds until the expected must have come, where that is more than the patience of the session.
    seconds: float = 0.0
    # Instead of steps: a function of the session that returns why it failed, or None.
    play: object = None
    # How permessage-deflate is negotiated, or None for not at all.
    deflate: object = None

    def run(self, session):
        """Plays the case; returns why `play` was not content, or None."""
        failure = None
        if self.play:
            failure = self.play(session)
        else:
            for step in self.steps:
                if session.is_over:
                    break
                step.run(session)
            patience = max(self.seconds, session.patience)
            if self.ending.by == PEER or session.close_sent or self.informational:
                session.wait(patience)
            else:
                session.wait_events(len(self.expected), patience)
        if not session.close_sent and not session.is_over and not session.inside_frame:
            session.close(1000)
            session.wait(max(1.0, session.patience))
        session.finish()
        return failure
