"""Plays the cases against an echo client, which asks for each by its number: the protocol of Autobahn's fuzzing server.

    /getCaseCount            a text message with the number of cases, then Close
    /runCase?case=N&agent=X  case N, counted from 1, on this connection
    /updateReports?agent=X   Close; the client is done
"""

import select
import socket
import subprocess
import time
import urllib.parse

from . import handshake
from .frames import TEXT, Violation
from .session import Session
from .verdict import FAILED, Verdict, judge


def test_client(command, cases, report, patience, seconds):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        program = subprocess.Popen([*command, url])
        try:
            serve(listener, program, Cases(cases, report, patience), time.monotonic() + seconds)
        finally:
            if program.poll() is None:
                program.terminate()
            try:
                status = program.wait(5)
            except subprocess.TimeoutExpired:
                program.kill()
                status = program.wait()
    for case in cases:
        if case.id not in report.verdicts:
            report.add(case, Verdict(FAILED, FAILED, f"the client never ran it (its exit status: {status})"))


def serve(listener, program, cases, deadline):
    """Takes one connection after another until the program ends, or has said that it is done and lets its time pass."""
    while time.monotonic() < deadline:
        if select.select([listener], [], [], 0.1)[0]:
            stream, _ = listener.accept()
            with stream:
                cases.take(stream)
            if cases.done:
                deadline = min(deadline, time.monotonic() + 5)
        elif program.poll() is not None:
            return


class Cases:
    def __init__(self, cases, report, patience):
        self.cases, self.report, self.patience = cases, report, patience
        self.done = False

    def take(self, stream):
        stream.settimeout(self.patience)
        started = time.monotonic()
        try:
            target, key, offers, leftover = handshake.as_server(stream, self.patience)
        except (Violation, OSError) as error:
            self.report.complain(f"a client's opening handshake was refused: {error}")
            return
        address = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(address.query))
        if address.path != "/runCase":
            self.answer(stream, key, leftover, address.path)
            return
        number = query.get("case", "")
        if not number.isdecimal() or not 1 <= int(number) <= len(self.cases) or not query.get("agent"):
            self.report.complain(f"a client asked for {target!r}")
            return
        self.report.agent = query["agent"]
        case = self.cases[int(number) - 1]
        verdict = self.play(stream, key, offers, leftover, case)
        verdict.milliseconds = round(1000 * (time.monotonic() - started))
        self.report.add(case, verdict)

    def play(self, stream, key, offers, leftover, case):
        agreed = case.deflate.accepts(offers) if case.deflate else None
        handshake.accept(stream, key, agreed)
        session = Session(stream, True, leftover, agreed, case.informational, self.patience)
        return judge(case, session, case.run(session))

    def answer(self, stream, key, leftover, path):
        handshake.accept(stream, key, None)
        session = Session(stream, True, leftover, patience=self.patience)
        if path == "/getCaseCount":
            session.frame(TEXT, str(len(self.cases)).encode())
        elif path == "/updateReports":
            self.done = True
        else:
            self.report.complain(f"a client asked for {path!r}")
        session.close(1000)
        session.wait(self.patience)
        session.finish()
        if session.violation or not session.close_received:
            self.report.complain(f"{path}: {session.violation or 'no answer to Close'}")
