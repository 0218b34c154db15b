"""A headless Chromium, driven through its DevTools protocol."""

import asyncio
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import tempfile

from websockets.asyncio.client import connect

OPTIONS = [
    # A test may be run by root, and in a container without much of /dev/shm.
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
]


class Page:
    """A tab."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    async def call(self, method, **parameters):
        return await self.browser.call(method, self.session, **parameters)

    async def value(self, expression):
        """What a JavaScript expression comes to."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def eventually(self, expression):
        """Waits until it comes to something true."""
        while not await self.value(expression):
            await asyncio.sleep(0.02)


class Browser:
    """What the browser answers to what it is asked for."""

    def __init__(self, socket):
        self.socket = socket
        self.numbers = itertools.count(1)
        self.answers = {}

    async def read(self):
        async for message in self.socket:
            answer = json.loads(message)
            if waiting := self.answers.pop(answer.get("id"), None):
                waiting.set_result(answer)

    async def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps(message))
        answer = await self.answers[number]
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def open(self, url):
        """A new tab, whose page has been loaded."""
        target = (await self.call("Target.createTarget", url=url))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = Page(self, session)
        await page.eventually(f"location.href.startsWith({json.dumps(url)}) && document.readyState == 'complete'")
        return page


@contextlib.asynccontextmanager
async def running():
    """A browser with a profile of its own, of which nothing is left afterwards."""
    profile = tempfile.mkdtemp(prefix="martlet-browser-")
    process = await asyncio.create_subprocess_exec(
        # Nor may it be left when this program is killed.
        "setpriv", "--pdeathsig", "KILL", "chromium", *OPTIONS, f"--user-data-dir={profile}", "about:blank",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        # It starts processes of its own, which are to end together with it.
        start_new_session=True)
    try:
        async with connect(await address(process), max_size=None) as socket:
            browser = Browser(socket)
            reading = asyncio.create_task(browser.read())
            yield browser
            reading.cancel()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        shutil.rmtree(profile, ignore_errors=True)


async def address(process):
    """Where its DevTools listen, as it prints it."""
    seen = b""
    while line := await process.stderr.readline():
        seen += line
        if match := re.search(rb"DevTools listening on (ws://\S+)", line):
            # What else it prints must not fill the pipe.
            process.drain = asyncio.create_task(process.stderr.read())
            return match[1].decode()
    raise RuntimeError(f"chromium has ended: {seen.decode(errors='replace')}")
