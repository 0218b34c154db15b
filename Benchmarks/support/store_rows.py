"""The rows of the key-value store, for Benchmarks/redis."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import measure

HERE = pathlib.Path(__file__).resolve().parent


def counted(name, command, cpu=None):
    pinned = ["taskset", "-c", cpu] if cpu else []
    output = subprocess.run([*pinned, *map(str, command)], capture_output=True, text=True)
    result = json.loads(output.stdout or "{}")
    if not result.get("requests") or result["errors"]:
        sys.exit(f"{name}: operations failed: {output.stdout}{output.stderr}")
    return result


def row(name, peer, rounds):
    return {
        "row": name, "peer": peer,
        "ours": statistics.median(ours for ours, _ in rounds) / 1000,
        "theirs": statistics.median(theirs for _, theirs in rounds) / 1000,
        "ratio": statistics.median(ours / theirs for ours, theirs in rounds),
    }


def file_rows(options, cpu):
    """Reads per CPU-second next to SQLite's C API in a loop; durable writes per second next to a transaction for each."""
    measure.need("libsqlite3-dev", "gcc", "libc6-dev")
    loop = measure.compiled("sqlite-load", ["-lsqlite3"])
    bench = measure.product("store-bench")
    rounds = {"store get 1": [], "store get 50": [], "store set 50": []}
    # On a disk: an fsync costs nothing where /tmp is memory.
    with tempfile.TemporaryDirectory(dir=HERE.parent.parent / ".build") as directory:
        for _ in range(options.rounds):
            reads = counted("sqlite", [loop, "get", directory, options.seconds], cpu)
            writes = counted("sqlite", [loop, "set", directory, options.seconds])
            for name, what, callers in [
                ("store get 1", "get", 1), ("store get 50", "get", 50), ("store set 50", "set", 50),
            ]:
                ours = counted("store", [bench, what, directory, callers, options.seconds],
                               cpu if what == "get" else None)
                measured, theirs = ("cpu", reads) if what == "get" else ("wall", writes)
                rounds[name].append(tuple(r["requests"] / r[measured] * 1e9 for r in (ours, theirs)))
    return [
        row(name, "C API, each in a transaction" if "set" in name else "C API in a loop", values)
        for name, values in rounds.items()]


CONFIGURATION = """
workers = 1
control = ""
[[listen]]
address = "127.0.0.1:{port}"
[[route]]
path = "/kv/{{key}}"
store = "{url}"
"""


def route_rows(options, redis_port, server_cpu, client_cpu):
    """GET of the store's route on Redis next to the same in aiohttp with redis-py, per CPU-second of the server."""
    measure.need("wrk", "python3-venv")
    python = measure.python_with("aiohttp, redis, hiredis", "aiohttp", "redis[hiredis]")
    url = f"redis://127.0.0.1:{redis_port}"
    rounds = []
    with tempfile.TemporaryDirectory() as directory:
        ports = [measure.free_port(), measure.free_port()]
        configuration = pathlib.Path(directory) / "martlet.toml"
        configuration.write_text(CONFIGURATION.format(port=ports[0], url=url))
        pinned = ["taskset", "-c", server_cpu]
        servers = [
            measure.Server("martlet", [*pinned, measure.product("martletd"), "run", "--config", configuration], ports[0]),
            measure.Server("aiohttp", [*pinned, python, HERE / "store_peer.py", ports[1], url], ports[1]),
        ]
        try:
            for server in servers:
                server.wait_until_it_listens()
                subprocess.run(
                    ["curl", "-sS", "--fail", "-X", "PUT", "-d", "v" * 100, f"http://127.0.0.1:{server.port}/kv/key"],
                    check=True)
            for _ in range(options.rounds):
                rounds.append(tuple(
                    measure.Load(server, "/kv/key", client_cpu, max(1, round(options.seconds))).per_cpu_second for server in servers))
        finally:
            for server in servers:
                server.stop()
    return [row("store route GET", "aiohttp with redis-py", rounds)]
