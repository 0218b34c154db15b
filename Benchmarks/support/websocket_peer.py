"""A WebSocket server to compare with: `websocket_peer.py websockets|aiohttp|socketify PORT [deflate]`.

/ws/echo answers a socket with what it sent; /ws/channel/bench sends each message to everyone who is there. Each server
does so in the fastest way that it documents, hence bytes in place of strings. It says "ready" once it listens.
"""

import asyncio
import sys

BACKLOG = 4096


def say_ready():
    print("ready", flush=True)


async def serve_websockets(port, deflates):
    from websockets.asyncio.server import broadcast, serve
    from websockets.exceptions import ConnectionClosed
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

    subscribers = set()

    async def echo(connection):
        while True:
            await connection.send(await connection.recv(decode=False), text=True)

    async def channel(connection):
        subscribers.add(connection)
        try:
            while True:
                broadcast(subscribers, await connection.recv(decode=False), text=True)
        finally:
            subscribers.discard(connection)

    async def handle(connection):
        try:
            await (echo if connection.request.path == "/ws/echo" else channel)(connection)
        except ConnectionClosed:
            pass

    extensions = [ServerPerMessageDeflateFactory()] if deflates else None
    async with serve(
        handle, "127.0.0.1", port, compression=None, extensions=extensions, ping_interval=None, backlog=BACKLOG
    ):
        say_ready()
        await asyncio.Future()


async def serve_aiohttp(port, deflates):
    from aiohttp import WSMsgType, web

    subscribers = set()

    async def echo(request):
        socket = web.WebSocketResponse(compress=deflates, decode_text=False)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_frame(message.data, WSMsgType.TEXT)
        return socket

    async def channel(request):
        socket = web.WebSocketResponse(compress=deflates, decode_text=False)
        await socket.prepare(request)
        subscribers.add(socket)
        try:
            async for message in socket:
                for subscriber in subscribers:
                    await subscriber.send_frame(message.data, WSMsgType.TEXT)
        finally:
            subscribers.discard(socket)
        return socket

    application = web.Application()
    application.add_routes([web.get("/ws/echo", echo), web.get("/ws/channel/bench", channel)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG).start()
    say_ready()
    await asyncio.Future()


def serve_socketify(port, deflates):
    from socketify import App, AppListenOptions, CompressOptions, OpCode

    application = App()
    compression = CompressOptions.SHARED_COMPRESSOR if deflates else CompressOptions.DISABLED
    options = {"compression": compression, "idle_timeout": 0}

    def echo(socket, message, opcode):
        socket.send(message, opcode, deflates)

    def channel(socket, message, opcode):
        application.publish("bench", message, opcode)

    application.ws("/ws/echo", {**options, "message": echo})
    application.ws(
        "/ws/channel/bench", {**options, "open": lambda socket: socket.subscribe("bench"), "message": channel})
    application.listen(AppListenOptions(port=port, host="127.0.0.1"), lambda _: say_ready())
    application.run()


def main():
    name, port, deflates = sys.argv[1], int(sys.argv[2]), "deflate" in sys.argv[3:]
    if name == "socketify":
        serve_socketify(port, deflates)
    elif name == "aiohttp":
        import uvloop

        uvloop.run(serve_aiohttp(port, deflates))
    else:
        asyncio.run(serve_websockets(port, deflates))


main()
