"""Plays the cases against an echo server, one connection each."""

import socket
import time
import urllib.parse

from . import handshake
from .frames import Violation
from .session import Session
from .verdict import FAILED, Verdict, judge


def test_server(url, cases, report, patience):
    address = urllib.parse.urlsplit(url)
    if address.scheme != "ws" or not address.hostname:
        raise SystemExit(f"{url!r} is no address of a server; give one such as ws://127.0.0.1:8080/echo")
    for case in cases:
        started = time.monotonic()
        verdict = play(address, case, report, patience)
        verdict.milliseconds = round(1000 * (time.monotonic() - started))
        report.add(case, verdict)


def play(address, case, report, patience):
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    offers = case.deflate.offers if case.deflate else ()
    try:
        stream = socket.create_connection((address.hostname, address.port or 80), timeout=patience)
    except OSError as error:
        return Verdict(FAILED, FAILED, f"cannot connect to {address.netloc}: {error}")
    with stream:
        try:
            agreed, report.agent, leftover = handshake.as_client(stream, address.netloc, target, offers, patience)
        except (Violation, OSError) as error:
            return Verdict(FAILED, FAILED, f"the opening handshake failed: {error}")
        session = Session(stream, False, leftover, agreed, case.informational, patience)
        return judge(case, session, case.run(session))
