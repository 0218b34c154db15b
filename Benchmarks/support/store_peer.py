"""GET and PUT of values on a Redis server in aiohttp with redis-py: store_peer.py PORT URL"""

import sys

import redis.asyncio
from aiohttp import web

store = redis.asyncio.Redis.from_url(sys.argv[2])


async def get(request):
    value, kind, version = await store.hmget("peer:" + request.match_info["key"], "v", "t", "n")
    if value is None:
        raise web.HTTPNotFound
    headers = {"ETag": f'"{version.decode()}"', "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=value, content_type=kind.decode(), headers=headers)


async def put(request):
    version = await store.incr("peer-version")
    await store.hset(
        "peer:" + request.match_info["key"],
        mapping={"v": await request.read(), "t": request.content_type, "n": version})
    return web.Response(status=204)


app = web.Application()
app.add_routes([web.get("/kv/{key}", get), web.put("/kv/{key}", put)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
