"""The catalogue of the cases, numbered as Autobahn|Testsuite numbers them."""

import fnmatch

from . import closing, compression, control, fragmentation, framing, limits, reserved, utf8


def all_cases():
    groups = (framing, control, reserved, fragmentation, utf8, closing, limits, compression)
    cases = [case for group in groups for case in group.cases()]
    return sorted(cases, key=lambda case: [int(part) for part in case.id.split(".")])


def select(patterns):
    """The cases whose number matches one of the comma-separated `patterns`, such as `1.*,6.4.*`."""
    patterns = [pattern.strip() for pattern in patterns.split(",")]
    cases = all_cases()
    for pattern in patterns:
        if not fnmatch.filter([case.id for case in cases], pattern):
            raise SystemExit(f"no case matches {pattern!r}; the cases are 1.1.1 to 13.7.18")
    return [case for case in cases if any(fnmatch.fnmatchcase(case.id, pattern) for pattern in patterns)]
