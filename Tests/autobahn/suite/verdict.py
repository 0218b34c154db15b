"""What a case came to, in the words of Autobahn|Testsuite. Only `OK` and `INFORMATIONAL` pass."""

import dataclasses

from .session import US

OK, NON_STRICT, INFORMATIONAL, UNIMPLEMENTED = "OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"
FAILED, WRONG_CODE, UNCLEAN, FAILED_BY_CLIENT = "FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"


@dataclasses.dataclass
class Verdict:
    behavior: str
    close: str = OK
    reason: str = ""
    remote_code: int | None = None
    milliseconds: int = 0

    @property
    def passed(self):
        return {self.behavior, self.close} <= {OK, INFORMATIONAL}


def judge(case, session, failure=None):
    behavior, reason = judge_behavior(case, session, failure)
    close, close_reason = judge_close(case, session)
    if case.informational and behavior != FAILED and session.ended:
        behavior, close = INFORMATIONAL, INFORMATIONAL
    return Verdict(behavior, close, "; ".join(filter(None, (reason, close_reason))), session.remote_code)


def judge_behavior(case, session, failure):
    if session.violation:
        return FAILED, f"it sent {session.violation}"
    if failure or case.play:
        return (failure if isinstance(failure, tuple) else (FAILED, failure)) if failure else (OK, "")
    events = tuple(session.events)
    if events == case.expected or case.informational:
        return OK, ""
    got = f"got {show(events)} instead of {show(case.expected)}"
    return (NON_STRICT if events == case.non_strict else FAILED), got


def judge_close(case, session):
    """In the order of severity; a peer that fails a connection without saying why is legal but not strict."""
    ending = case.ending
    if session.closed_by != ending.by:
        did = "it closed a good connection" if ending.by == US else "it did not fail the connection"
        return FAILED, did + code_text(session)
    if ending.clean and not session.close_received:
        return UNCLEAN, "it dropped the connection without a Close frame" if session.ended else "no Close frame came"
    if session.remote_code is not None and session.remote_code not in ending.codes:
        return WRONG_CODE, f"it closed with {session.remote_code} instead of {' or '.join(map(str, ending.codes))}"
    if not session.ended:
        if session.we_are_server:
            return UNCLEAN, "the client kept the TCP connection open after ours was closed"
        return FAILED_BY_CLIENT, "the server did not close the TCP connection"
    if session.reset and ending.clean and not session.sent_after_close:
        return UNCLEAN, "the TCP connection was reset"
    if not ending.clean and session.remote_code is None:
        said = "a Close frame without a code" if session.close_received else "no Close frame"
        return NON_STRICT, f"it failed the connection with {said}"
    return OK, ""


def code_text(session):
    return "" if session.remote_code is None else f" (close code {session.remote_code})"


def show(events):
    return "[" + ", ".join(f"{kind} {show_payload(payload)}" for kind, payload in events) + "]"


def show_payload(payload):
    if len(payload) <= 40:
        return repr(payload)
    return f"{payload[:24]!r}… ({len(payload)} bytes)"
