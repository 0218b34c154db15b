"""What loop-bench does, in asyncio: `loop_peer.py asyncio|uvloop rows NAME=N…`, or `serve KIND WHERE`.

A row prints `name figure`: nanoseconds of the process's CPU time for each of its N operations, or bytes.
"""

import asyncio
import contextlib
import re
import sys
import time

CHUNK = 1 << 16


def nothing():
    pass


async def number(value=1):
    return value


# --- pure-loop rows: each does `n` operations ----------------------------------------------------------------------


async def call_soon(n):
    loop = asyncio.get_running_loop()
    for _ in range(n // 1000):
        for _ in range(999):
            loop.call_soon(nothing)
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


async def spawn(n):
    for _ in range(n):
        await asyncio.create_task(number())


async def spawn_100(n):
    for _ in range(n // 100):
        for task in [asyncio.create_task(number()) for _ in range(100)]:
            await task


async def future(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        answer = loop.create_future()
        loop.call_soon(answer.set_result, 1)
        await answer


async def yielding(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def yielding_100(n):
    await asyncio.gather(*(yielding(n // 100) for _ in range(100)))


async def timers(n, at_once):
    loop = asyncio.get_running_loop()
    for _ in range(n // at_once):
        handles = [loop.call_later(60 + i % 3600, nothing) for i in range(at_once)]
        for handle in handles:
            handle.cancel()
        await asyncio.sleep(0)  # the loop throws cancelled timers away in its next turn


async def timers_1000(n):
    await timers(n, 1000)


async def timers_100000(n):
    await timers(n, 100_000)


async def timers_1000000(n):
    await timers(n, 1_000_000)


async def queue(n):
    items = asyncio.Queue(16)
    for i in range(n):
        await items.put(i)
        await items.get()


async def queue_handoff(n):
    items = asyncio.Queue(1)

    async def produce():
        for i in range(n):
            await items.put(i)

    producer = asyncio.create_task(produce())
    for _ in range(n):
        await items.get()
    await producer


async def lock(n):
    guard = asyncio.Lock()
    for _ in range(n):
        async with guard:
            pass


async def lock_contended(n):
    guard = asyncio.Lock()

    async def contend():
        for _ in range(n // 10):
            async with guard:
                await asyncio.sleep(0)

    await asyncio.gather(*(contend() for _ in range(10)))


async def gather(n):
    for _ in range(n // 1000):
        await asyncio.gather(*(number(i) for i in range(1000)))


async def fan_out(n):
    permits = asyncio.Semaphore(10)

    async def limited():
        async with permits:
            await asyncio.sleep(0)

    for _ in range(n // 1000):
        await asyncio.gather(*(limited() for _ in range(1000)))


async def offload(n):
    for _ in range(n):
        await asyncio.to_thread(nothing)


ROWS = {
    "call_soon": call_soon,
    "spawn": spawn,
    "spawn x100": spawn_100,
    "future": future,
    "yield": yielding,
    "yield x100": yielding_100,
    "timers 1e3": timers_1000,
    "timers 1e5": timers_100000,
    "timers 1e6": timers_1000000,
    "queue": queue,
    "queue handoff": queue_handoff,
    "lock": lock,
    "lock contended": lock_contended,
    "gather": gather,
    "fan-out": fan_out,
    "offload": offload,
}


async def measure(row, n):
    await row(max(n // 10, 1))
    began = time.process_time_ns()
    await row(n)
    return (time.process_time_ns() - began) / n


# --- memory ---------------------------------------------------------------------------------------------------------


def private_bytes():
    with open("/proc/self/smaps_rollup") as f:
        return sum(int(kib) * 1024 for kib in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", f.read(), re.M))


async def sleeping_tasks(n):
    before = private_bytes()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(n)]
    await asyncio.sleep(0.1)
    after = private_bytes()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return (after - before) / n


async def rows(wanted):
    for word in wanted:
        name, n = word.split("=")
        figure = await (sleeping_tasks(int(n)) if name == "sleeping task" else measure(ROWS[name], int(n)))
        print(f"{name} {figure}", flush=True)


# --- echo servers ---------------------------------------------------------------------------------------------------


async def echo_stream(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


class EchoProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class EchoDatagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def serve(kind, where):
    loop = asyncio.get_running_loop()
    if kind == "tcp":
        await asyncio.start_server(echo_stream, "127.0.0.1", int(where), backlog=4096)
    elif kind == "unix":
        await asyncio.start_unix_server(echo_stream, where, backlog=4096)
    elif kind == "tcp-protocol":
        await loop.create_server(EchoProtocol, "127.0.0.1", int(where), backlog=4096)
    elif kind == "unix-protocol":
        await loop.create_unix_server(EchoProtocol, where, backlog=4096)
    elif kind == "udp":
        await loop.create_datagram_endpoint(EchoDatagrams, local_addr=("127.0.0.1", int(where)))
    print("ready", flush=True)
    await asyncio.Event().wait()


def main():
    loop, command, *arguments = sys.argv[1:]
    if loop == "uvloop":
        import uvloop

        uvloop.install()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(*arguments) if command == "serve" else rows(arguments))


main()
