"""A real Chromium on the app as it is served: fixtures are states of the page."""

import contextlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import waitress
from waitress import wasyncore

from labeler import LabelerConfig, create_app
from tests.labeler.conftest import data, loudness_detector

playwright = pytest.importorskip(
    "playwright.sync_api", reason="pip install playwright brings the browser's driver"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # unplugged: no name leads anywhere
]

__all__ = ["data"]


class Page:
    """A tab of the app, with the hands of a person."""

    def __init__(self, tab: Any, address: str):
        self.tab, self.address = tab, address
        self.problems: list[str] = []
        self.foreign: list[str] = []
        tab.on("pageerror", lambda error: self.problems.append(str(error)))
        tab.on("console", self._hear)
        tab.on("request", lambda request: self._see(request.url))

    def open(self, clip: str = "talk_1") -> "Page":
        """Load the page at a clip and wait until it can be worked with."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}#{clip}")
        self.tab.wait_for_selector("html[data-ready]")
        self.shows(clip)
        return self

    def shows(self, clip: str) -> None:
        """Wait until the clip is on show."""
        self.tab.wait_for_function("id => document.querySelector('#clip-id').textContent === id", arg=clip)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def x(self, time_s: float) -> float:
        """Where a moment of the clip lies on the screen; the whole clip is on show."""
        box = self.tab.locator("#stage").bounding_box()
        before, after, length = self.tab.evaluate("() => window.labeler.extent()")
        return box["x"] + box["width"] * (time_s + before) / (before + length + after)

    def drag(self, start_s: float, end_s: float, button: str = "left", then: Sequence[str] = ()) -> None:
        """A stroke from one moment to another; ``then`` are keys pressed before it ends."""
        box = self.tab.locator("#stage").bounding_box()
        height = box["y"] + box["height"] * 0.6
        self.tab.mouse.move(self.x(start_s), height)
        self.tab.mouse.down(button=button)
        self.tab.mouse.move(self.x((start_s + end_s) / 2), height)
        self.press(*then)
        self.tab.mouse.move(self.x(end_s), height)
        self.tab.mouse.up(button=button)

    def click(self, time_s: float) -> None:
        box = self.tab.locator("#stage").bounding_box()
        self.tab.mouse.click(self.x(time_s), box["y"] + box["height"] * 0.6)

    def marks(self) -> list[str]:
        """The clip's stretches as a screen reader hears them."""
        return [item.get_attribute("aria-label") for item in self.tab.locator("#marks button").all()]

    def times(self) -> list[tuple[float, float]]:
        """Start and end of the clip's stretches in seconds, to the hundredth."""
        found = [re.search(r"([\d.]+)–([\d.]+) s", label) for label in self.marks()]
        return [(float(match[1]), float(match[2])) for match in found if match]

    def text(self, selector: str) -> str:
        return self.tab.locator(selector).inner_text()

    def until_pressed(self, action: str, pressed: bool = True) -> None:
        """Wait until a button looks pressed, or does not."""
        self.tab.wait_for_selector(f"[data-action={action}][aria-pressed={str(pressed).lower()}]")

    def until(self, what: str, argument: Any = None) -> None:
        """Wait until a JavaScript condition holds."""
        self.tab.wait_for_function(what, arg=argument)

    def until_saved(self) -> None:
        self.until("() => document.querySelector('#save-state').dataset.state === 'saved'")

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "status of 409" not in message.text:
            self.problems.append(message.text)

    def _see(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(url)


class Served:
    """The app on a port, its own unless one is given, as waitress serves it."""

    def __init__(self, data: Path, port: int = 0, **settings: Any):
        self.data = data
        app = create_app(LabelerConfig(data=data, runs=data.parent / "runs", **settings))
        self.sockets: dict[int, Any] = {}
        self.server = waitress.create_server(app, self.sockets, host="127.0.0.1", port=port, threads=8)
        self.address = f"http://127.0.0.1:{self.server.effective_port}/"
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def stored(self, clip: str = "talk_1") -> dict[str, Any]:
        """What labels.json holds of a clip."""
        return json.loads((self.data / "labels.json").read_text())[clip]

    def close(self) -> None:
        """End in the thread that serves, which would ask for ever after a socket closed under it."""
        with contextlib.suppress(OSError):  # woken by a last answer, it may have ended before it is told to
            self.server.trigger.pull_trigger(lambda: wasyncore.close_all(self.sockets))
        self.thread.join()
        self.server.task_dispatcher.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on the path: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serves the app over a folder, until no page asks any more."""
    apps: list[Served] = []

    def new(data: Path, **settings: Any) -> Served:
        apps.append(Served(data, **settings))
        return apps[-1]

    yield new
    for app in apps:
        app.close()


@pytest.fixture
def tab(browser: Any, serve: Callable[..., Served]) -> Iterator[Callable[[str], Page]]:
    """Opens tabs on an address; every problem that a page reports fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    pages: list[Page] = []

    def new(address: str) -> Page:
        pages.append(Page(context.new_page(), address))
        return pages[-1]

    yield new
    context.close()
    assert [problem for page in pages for problem in page.problems] == []
    assert [url for page in pages for url in page.foreign] == []


@pytest.fixture
def served(data: Path, serve: Callable[..., Served]) -> Served:
    """The app over the short recording, without a model."""
    return serve(data)


@pytest.fixture
def advised(data: Path, serve: Callable[..., Served]) -> Served:
    """The app over the short recording, with a model that proposes."""
    return serve(data, load_detector=loudness_detector, checkpoint=Path("loudness.pt"))


@pytest.fixture
def page(served: Served, tab: Callable[[str], Page]) -> Page:
    """The page at clip talk_1, nothing drawn yet."""
    return tab(served.address).open()
