"""Collects the verdicts, prints what failed, and writes them as Autobahn's `index.json` does."""

import collections
import json
import time

from .verdict import INFORMATIONAL, NON_STRICT, OK, show


class Report:
    def __init__(self):
        self.agent = "unknown"
        self.verdicts = {}
        self.complaints = []
        self.started = time.monotonic()

    def add(self, case, verdict):
        self.verdicts[case.id] = verdict
        if not verdict.passed:
            print(f"{case.id} {verdict.behavior}, close {verdict.close}: {case.title}")
            print(f"    expected: {expectation(case)}")
            print(f"    happened: {verdict.reason}", flush=True)

    def complain(self, text):
        self.complaints.append(text)
        print(text, flush=True)

    def finish(self, path=None):
        """Prints the totals, writes `path`; whether all is well."""
        count = collections.Counter(self.group(verdict) for verdict in self.verdicts.values())
        totals = ", ".join(f"{number} {name}" for name, number in sorted(count.items()))
        seconds = time.monotonic() - self.started
        print(f"{self.agent}: {len(self.verdicts)} cases in {seconds:.0f} s: {totals}", flush=True)
        if path:
            with open(path, "w", encoding="utf-8") as file:
                json.dump({self.agent: {id: self.entry(self.verdicts[id]) for id in self.verdicts}}, file, indent=1)
        return not self.complaints and all(verdict.passed for verdict in self.verdicts.values())

    def group(self, verdict):
        if verdict.passed:
            return "informational" if verdict.behavior == INFORMATIONAL else "passed"
        return "non-strict" if {verdict.behavior, verdict.close} <= {OK, INFORMATIONAL, NON_STRICT} else "failed"

    def entry(self, verdict):
        return {
            "behavior": verdict.behavior,
            "behaviorClose": verdict.close,
            "remoteCloseCode": verdict.remote_code,
            "duration": verdict.milliseconds,
            "result": verdict.reason,
        }


def expectation(case):
    echoes = "every message echoed" if case.play else show(case.expected)
    return f"{echoes}, {case.ending}"
