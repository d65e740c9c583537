"""Look at the built site as a reader does who has no network.

    python .ci/look.py docs/_build/html index.html chapters/ch01_stochastic.html

First all files are searched for scripts, styles, fonts and pictures that are not beside them. Then,
where there is Chromium or Chrome, the named pages are opened from disk, at the width of a desk and
of a phone: requests that leave the disk or fail, errors in the console, mathematics that was not
typeset, searches without results, and what is cut off.  The exit code is 1 if anything is wrong.
Pictures go to the folder that ``--pictures`` names.  It needs tornado, which Jupyter brings along.
"""

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.websocket import websocket_connect

WIDTHS = {"desk": 1280, "phone": 390}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]
LOOK = """(async () => {
  await document.fonts.ready;
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  await new Promise(done => setTimeout(done, 300));
  const wide = document.documentElement.clientWidth;
  const cut = (e, right) => {  // is it beyond the screen, or a box that does not scroll?
    for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
      const flow = getComputedStyle(box).overflowX;
      if (/(auto|scroll)/.test(flow)) return false;
      if (flow === 'hidden' && right > box.getBoundingClientRect().right + 2) return true;
    }
    return right > wide + 1;
  };
  const over = [...document.querySelectorAll('article *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && !e.closest('mjx-assistive-mml') && cut(e, box.right);
  }).slice(0, 3).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40));
  const search = document.querySelector('#search-results');
  return {
    maths: document.querySelectorAll('.math').length,
    typeset: document.querySelectorAll('.math mjx-container').length,
    wrong: [...document.querySelectorAll('mjx-merror')].map(e => e.textContent),
    found: search ? search.querySelectorAll('li').length : null,
    over, wide, scroll: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
  };
})()"""


class Browser:
    """A headless browser, spoken to in the DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and keep the events that come before its answer."""
        number = next(self.numbers)
        await self.socket.write_message(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while True:
            message = json.loads(await self.socket.read_message())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    async def wait_for(self, event: str) -> None:
        """Read on until an event has come."""
        while not any(each.get("method") == event for each in self.events):
            self.events.append(json.loads(await self.socket.read_message()))

    async def look(self, url: str, width: int, picture: Path | None) -> tuple[list[str], str]:
        """Open a page, and return its faults, and a line about it."""
        self.events.clear()
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        await self.ask("Page.navigate", url=url)
        await self.wait_for("Page.loadEventFired")
        answer = await self.ask(
            "Runtime.evaluate", expression=LOOK, awaitPromise=True, returnByValue=True
        )
        seen = answer["result"].get("value")
        if seen is None:
            return [f"the page can't be asked: {answer}"], ""
        if picture is not None:
            await self.take(picture, width, min(seen["height"], 12_000))
        faults = [*faults_of(self.events), *seen["wrong"]]
        if seen["typeset"] < seen["maths"]:
            faults.append(f"{seen['maths'] - seen['typeset']} formulas are not typeset")
        if seen["scroll"] > seen["wide"] + 1 or seen["over"]:
            faults.append(f"cut off, or wider than the screen ({seen['scroll']}): {seen['over']}")
        if seen["found"] == 0:
            faults.append("the search finds nothing")
        return faults, f"{seen['typeset']} formulas, {seen['height']} pixels high"

    async def take(self, picture: Path, width: int, height: int) -> None:
        """Write a picture of the whole page."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = await self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(base64.b64decode(shot["data"]))


def faults_of(events: list[dict[str, Any]]) -> list[str]:
    """Return what went wrong while a page loaded: requests, and what the console says."""
    faults = []
    for event in events:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                url = told["request"]["url"]
                if urlsplit(url).scheme not in ("file", "data", "blob"):
                    faults.append(f"asks for {url}")
            case "Network.loadingFailed" if not told.get("canceled"):
                faults.append(f"does not get a {told.get('type')}: {told.get('errorText')}")
            case "Runtime.exceptionThrown":
                faults.append(f"throws {told['exceptionDetails'].get('exception') or told}")
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "assert"):
                faults.append(f"the console says {[each.get('value') for each in told['args']]}")
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                faults.append(f"the log says {told['entry']['text']} {told['entry'].get('url')}")
    return faults


async def look_at(site: Path, pages: list[str], pictures: Path | None) -> int:
    """Look at all pages at all widths, and return how many have faults."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("there is no Chromium on the path: no page was opened")
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stderr=subprocess.DEVNULL,
        )
        try:
            browser = await connect(Path(profile))
            bad = 0
            for page, (name, width) in itertools.product(pages, WIDTHS.items()):
                picture = (
                    pictures / f"{re.sub('[^a-zA-Z0-9_.]', '-', page)}-{name}.png"
                    if pictures
                    else None
                )
                file, question, query = page.partition("?")
                url = (site / file).resolve().as_uri() + question + query
                faults, line = await browser.look(url, width, picture)
                print(f"{page} ({name}): {line}", *faults, sep="\n    ")
                bad += bool(faults)
            return bad
        finally:
            process.terminate()
            process.wait(20)


async def connect(profile: Path) -> Browser:
    """Return the browser that uses this profile, as soon as it answers."""
    note = profile / "DevToolsActivePort"
    for _ in range(300):
        with contextlib.suppress(OSError, ValueError):
            port, path = note.read_text().split()
            break
        await asyncio.sleep(0.1)
    else:
        raise SystemExit("the browser does not start")
    whole = Browser(await websocket_connect(f"ws://127.0.0.1:{port}{path}"))
    page = await whole.ask("Target.createTarget", url="about:blank")
    address = f"ws://127.0.0.1:{port}/devtools/page/{page['targetId']}"
    browser = Browser(await websocket_connect(address, max_message_size=2**28))
    for domain in ("Page", "Network", "Runtime", "Log"):
        await browser.ask(f"{domain}.enable")
    return browser


class Addresses(HTMLParser):
    """Collects what a page loads by itself: what has an address and is no link to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of a tag."""
        given = dict(attrs)
        if tag == "link" and given.get("rel") in ("next", "prev", "search", "index", "author"):
            return
        names = ("src", "srcset", "poster", "data") + (("href",) if tag != "a" else ())
        self.loaded += [value for name in names if (value := given.get(name))]


def strangers(site: Path) -> Iterator[str]:
    """Yield what the files of a site load from elsewhere."""
    for page in site.rglob("*.html"):
        reader = Addresses()
        reader.feed(page.read_text("utf-8"))
        for address in reader.loaded:
            if re.match(r"(https?:)?//", address):
                yield f"{page.relative_to(site)} loads {address}"
    for style in site.rglob("*.css"):
        for address in re.findall(
            r"(?:url\(|@import\s)\s*[\"']?((?:https?:)?//[^\"')]*)", style.read_text("utf-8")
        ):
            yield f"{style.relative_to(site)} loads {address}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    if not (options.site / "index.html").exists():
        raise SystemExit(f"there is no site in {options.site}")
    foreign = list(strangers(options.site))
    print(*foreign, f"{len(foreign)} files are loaded from elsewhere", sep="\n")
    bad = asyncio.run(look_at(options.site, options.pages, options.pictures))
    sys.exit(1 if foreign or bad else 0)


if __name__ == "__main__":
    main()
