"""One WebSocket connection to the program under test: what it sent, who ended it and how.

    open ── we send Close ──▶ closing ── its Close ──▶ closed ── its end of the TCP stream ──▶ ended
      └──── its Close (answered), or a violation ────────▶ closed

The side that sent Close, or dropped the connection, first is `closed_by`. A server ends TCP first, so as a client we
wait for it, and as a server we end the stream and wait for the client to follow.
"""

import select
import socket
import time

from .deflate import Inflater
from .frames import CLOSE, PONG, Frame, Violation, encode
from .messages import MessageReader

US, PEER = "us", "the peer"
CHUNK = 1 << 18


class Session:
    def __init__(self, stream, we_are_server, leftover=b"", agreed=None, any_close_code=False, patience=3.0):
        """`agreed` are the parameters of permessage-deflate, `leftover` what the peer sent behind its handshake."""
        self.socket = stream
        self.we_are_server = we_are_server
        self.agreed = agreed
        inflater = Inflater(*agreed.side(is_server=not we_are_server)) if agreed else None
        self.reader = MessageReader(expects_mask=we_are_server, inflater=inflater, any_close_code=any_close_code)
        self.patience = patience
        self.events = []
        self.closed_by = None
        self.close_sent = False
        self.close_received = False
        self.remote_code = None
        self.ended = False
        self.reset = False
        self.sent_after_close = False
        self.write_failed = False
        self.inside_frame = False
        self.sending = False
        self.replies = b""
        self.violation = None
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.take(leftover)

    @property
    def is_over(self):
        return self.ended or self.close_received or self.violation is not None

    # Sending

    def frame(self, *args, **kwargs):
        self.send(self.encode([Frame(*args, **kwargs)]))

    def encode(self, frames):
        return encode(frames, masked=not self.we_are_server)

    def send(self, data):
        """Sends all of `data` and goes on reading meanwhile, for a peer that answers before the end of a message."""
        self.sent_after_close |= self.close_sent
        view = memoryview(data)
        deadline = time.monotonic() + 10 * self.patience
        self.sending = True
        while len(view) and not self.write_failed:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self.wait_writable(deadline)
            except OSError:
                self.write_failed = True
        self.sending = False
        if self.replies:
            replies, self.replies = self.replies, b""
            self.send(replies)

    def reply(self, frame):
        """Sends `frame`, not into the middle of another that is being sent while this answers what was read."""
        self.replies += self.encode([frame])
        if not self.sending:
            self.send(b"")

    def wait_writable(self, deadline):
        watched = [] if self.ended else [self.socket]
        readable, writable, _ = select.select(watched, [self.socket], [], max(0, deadline - time.monotonic()))
        if readable:
            self.receive()
        elif not writable:
            self.write_failed = True

    def close(self, code=None, reason=b""):
        """Begins the closing handshake, if it has not begun, with a Close frame of any payload."""
        payload = reason if code is None else code.to_bytes(2, "big") + reason
        self.send(self.encode([Frame(CLOSE, payload)]))
        self.note_close_sent()

    def note_close_sent(self):
        self.close_sent = True
        self.closed_by = self.closed_by or US

    # Receiving

    def receive(self):
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data, self.reset = b"", True
        if data:
            self.take(data)
        else:
            self.ended = True
            self.closed_by = self.closed_by or PEER

    def take(self, data):
        if self.violation:
            return
        try:
            for event in self.reader.feed(data):
                self.note(*event)
        except Violation as violation:
            self.violation = str(violation)

    def note(self, kind, value):
        if kind == "close":
            self.note_close(value)
        elif kind != "ping":
            self.events.append((kind, value))
        elif not self.close_sent and not self.inside_frame:
            self.reply(Frame(PONG, value))

    def note_close(self, code):
        self.close_received, self.remote_code = True, code
        self.closed_by = self.closed_by or PEER
        if not self.close_sent and not self.inside_frame:
            self.reply(Frame(CLOSE, b"" if code is None else code.to_bytes(2, "big")))
            self.close_sent = True

    def wait(self, seconds, until=lambda: False):
        """Reads until the connection is over, `until` holds, or `seconds` have passed; whether one of the first two."""
        deadline = time.monotonic() + seconds
        while not self.is_over and not until():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            self.receive()
        return True

    def wait_events(self, count, seconds):
        return self.wait(seconds, lambda: len(self.events) >= count)

    # Ending

    def finish(self):
        """Waits for the end of the TCP stream, which the server makes first."""
        if self.we_are_server and not self.ended:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.write_failed = True
        deadline = time.monotonic() + self.patience
        while not self.ended:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                break
            self.receive()
        self.socket.close()
