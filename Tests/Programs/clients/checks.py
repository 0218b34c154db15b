"""Runs the checks of a module one after the other, against the server at the address on the command line."""

import asyncio
import sys
import traceback


def run(checks):
    """Ends the process: 0 when all checks hold, 1 when not."""
    address = sys.argv[1]
    failed = 0
    for check in checks:
        try:
            asyncio.run(asyncio.wait_for(check(address), 15))
        except Exception:
            failed += 1
            print(f"{check.__name__}: {check.__doc__}", file=sys.stderr)
            traceback.print_exc()
    print(f"{len(checks) - failed} of {len(checks)} hold")
    sys.exit(1 if failed else 0)
