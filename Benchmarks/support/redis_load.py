"""Loads a Redis server with redis-py's asyncio client and hiredis, and prints what it did and the CPU time it took:
redis_load.py get|set|pipelined-get|pipelined-set URL CALLERS|DEPTH SECONDS"""

import asyncio
import json
import resource
import sys

import hiredis  # noqa: F401  redis-py parses with it when it is there
import redis.asyncio

KEY, VALUE = "bench:key", "v" * 32


def cpu_nanoseconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)


async def main(what, url, count, seconds):
    client = redis.asyncio.Redis.from_url(url)
    await client.set(KEY, VALUE)
    requests, errors, is_over = 0, 0, False

    async def one():
        nonlocal requests, errors
        if what == "get":
            errors += len(await client.get(KEY)) != 32
        else:
            errors += not await client.set(KEY, VALUE)
        requests += 1

    async def pipeline():
        nonlocal requests, errors
        async with client.pipeline(transaction=False) as pipe:
            for _ in range(count):
                if what == "pipelined-get":
                    pipe.get(KEY)
                else:
                    pipe.set(KEY, VALUE)
            answers = await pipe.execute()
        errors += sum(1 for answer in answers if not answer)
        requests += count

    async def call():
        body = pipeline if what.startswith("pipelined") else one
        while not is_over:
            await body()

    tasks = [asyncio.create_task(call()) for _ in range(1 if what.startswith("pipelined") else count)]
    await asyncio.sleep(0.2)
    before, cpu = requests, cpu_nanoseconds()
    await asyncio.sleep(seconds)
    done, spent = requests - before, cpu_nanoseconds() - cpu
    is_over = True
    await asyncio.gather(*tasks)
    await client.aclose()
    print(json.dumps({"requests": done, "errors": errors, "cpu": spent}))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
