"""A server for the tests of the HTTP client: serve-aiohttp.py [CERTIFICATE KEY]. Prints its port."""

import asyncio
import ssl
import sys

from aiohttp import web


async def echo(request):
    response = web.StreamResponse()
    await response.prepare(request)
    async for piece in request.content.iter_any():
        await response.write(piece)
    return response


async def gzip(request):
    response = web.Response(text="compressed " * 1000)
    response.enable_compression()
    return response


async def close(request):
    response = web.Response(text="closed")
    response.force_close()
    return response


async def cut(request):
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"cut")
    request.transport.close()
    return response


async def hello(request):
    return web.Response(text="hello")


async def large(request):
    return web.Response(body=b"x" * (8 << 20))


async def redirect(request):
    return web.Response(status=302, headers={"Location": "/hello"}, text="moved")


async def main(certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    application = web.Application()
    routes = {"/hello": hello, "/echo": echo, "/large": large, "/gzip": gzip, "/redirect": redirect, "/close": close, "/cut": cut}
    for path, handler in routes.items():
        application.router.add_route("*", path, handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
