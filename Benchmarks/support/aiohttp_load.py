"""Loads a server with aiohttp's client, and prints what it did and the CPU time it took: aiohttp_load.py URL CALLERS SECONDS"""

import asyncio
import json
import resource
import sys

import aiohttp


def cpu_nanoseconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)


async def main(url, callers, seconds):
    requests, errors, is_over = 0, 0, False

    async def call(session):
        nonlocal requests, errors
        while not is_over:
            async with session.get(url) as response:
                body = await response.read()
                if response.status != 200 or len(body) != 13:
                    errors += 1
            requests += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=callers)) as session:
        tasks = [asyncio.create_task(call(session)) for _ in range(callers)]
        await asyncio.sleep(0.2)
        before, cpu = requests, cpu_nanoseconds()
        await asyncio.sleep(seconds)
        count, spent = requests - before, cpu_nanoseconds() - cpu
        is_over = True
        await asyncio.gather(*tasks)
    print(json.dumps({"requests": count, "errors": errors, "cpu": spent}))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
