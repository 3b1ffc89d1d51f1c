"""How fast the labeling page is with thousands of clips: start, next clip, save, memory.

    python benchmarks/labeler.py                 # 2,000 clips, as a table
    python benchmarks/labeler.py --clips 500 --json
    python benchmarks/labeler.py --recording episode.mp3       # its first 21 clips instead
    python benchmarks/labeler.py --picture docs/labeler.png    # the page at work on the sample

The clips are 20 of synthetic sound under 2,000 names. The page is a real headless Chromium where Playwright
and Chromium are at hand; without them only what the server does is measured. Labelling is by key events
alone, as fast as they are taken: two stretches a clip are drawn, named and nudged. What a person takes longer
is listening.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cleaner.audio import open_recording  # noqa: E402
from cleaner.audio.clips import write_clip  # noqa: E402
from cleaner.clips import slice_recording  # noqa: E402
from cleaner.label_form import ClipLabel, Removal  # noqa: E402
from cleaner.labels import update_labels  # noqa: E402
from cleaner.manifest import read_manifest, write_manifest  # noqa: E402

RATE_HZ = 22_050
DISTINCT = 20
LABELLED = 20
BARS = {
    "page ready after the address is printed": 1000.0,
    "next clip drawn and playable, median": 150.0,
    "next clip drawn and playable, worst": 150.0,
    "save, median": 50.0,
    "save, worst": 50.0,
}

# Press N as a keyboard would; resolves to the milliseconds until the next clip is drawn, its sound loaded.
NEXT = """() => new Promise((resolve) => {
  const began = performance.now();
  const title = document.querySelector('#clip-id');
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
  }).observe(title, { childList: true, characterData: true, subtree: true });
  document.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyN', bubbles: true, cancelable: true }));
})"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--clips", type=int, default=2000, help="how many clips (default: 2000)")
    options.add_argument("--recording", type=Path, help="label this one instead of synthetic sound")
    options.add_argument("--picture", type=Path, help="save a picture of the page and measure nothing")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.picture:
            take_picture(Path(folder) / "sample", given.picture)
            return
        data = (
            slice_start(given.recording, Path(folder))
            if given.recording
            else make_data(Path(folder), given.clips)
        )
        figures = measure(data)
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        print_table(figures, LABELLED + 1 if given.recording else given.clips)


def slice_start(recording: Path, folder: Path) -> Path:
    """A data folder with as much of a recording as is labelled."""
    with open_recording(recording) as source:
        rate_hz = source.info.sample_rate_hz
        samples = np.concatenate(list(source.blocks(0, 5 * (LABELLED + 1) * rate_hz)), axis=1)
    write_clip(folder / "talk.wav", samples, rate_hz)
    slice_recording(folder / "talk.wav", folder / "data")
    return folder / "data"


def make_data(folder: Path, clips: int) -> Path:
    """A data folder with so many clips, all labelled, of which 20 are different."""
    noise = np.random.default_rng(0).normal(0, 1500, 5 * DISTINCT * RATE_HZ)
    envelope = np.sin(np.arange(len(noise)) / RATE_HZ * np.pi) ** 2
    write_clip(folder / "talk.wav", (noise * envelope).astype(np.int16)[None], RATE_HZ)
    data = folder / "data"
    slice_recording(folder / "talk.wav", data)
    rows = list(read_manifest(data).values())
    made = []
    for index in range(clips):
        like, clip = rows[index % DISTINCT], f"talk_{index}"
        for path, suffix in ((like.wav, ".wav"), (like.mel, ".npy")):
            assert path is not None
            if index >= DISTINCT:
                os.link(path, path.with_name(clip + suffix))
        changes = {"clip": clip, "index": index, "start_s": 5.0 * index}
        made.append(type(like)(**{**vars(like), **changes}))
    write_manifest(data, made)
    label = ClipLabel(
        5.0, tuple(Removal(at, at + 0.3, "silence") for at in (0.2, 1.1, 2.5, 4.0)), reviewed=True
    )
    update_labels(data / "labels.json", lambda _: {row.clip: label for row in made})
    return data


def measure(data: Path) -> dict[str, float]:
    """Start the app over ``data`` and time it; milliseconds, seconds a clip, and MB of memory."""
    began = time.perf_counter()
    with served(data, "--no-model") as (server, address):
        figures = {"address printed after the start": 1000 * (time.perf_counter() - began)}
        figures |= time_page(address)
        figures |= time_saves(address)
        figures["memory without the model (MB)"] = resident_mb(server.pid)
    return figures


@contextlib.contextmanager
def served(data: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The app over ``data``, and its address."""
    command = [
        sys.executable,
        str(ROOT / "main.py"),
        "--data",
        str(data),
        "--no-browser",
        "--port",
        "0",
        *words,
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found, "the app did not start"
        yield server, found.group()
    finally:
        server.kill()
        server.communicate()


@contextlib.contextmanager
def tab() -> Iterator[Any]:
    """A tab of a real browser; None where there is none."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if not chromium:
        yield None
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def time_page(address: str) -> dict[str, float]:
    """Page, next clip and twenty clips labelled in a real browser; nothing where there is none."""
    with tab() as page:
        if page is None:
            return {}
        page.goto("about:blank")
        began = time.perf_counter()
        page.goto(f"{address}#talk_0")
        page.wait_for_selector("html[data-ready]")
        ready = 1000 * (time.perf_counter() - began)
        nexts = [_timed_next(page) for _ in range(LABELLED)]
        labelling_s = _time_labelling(page)
    return {
        "page ready after the address is printed": ready,
        "next clip drawn and playable, median": statistics.median(nexts),
        "next clip drawn and playable, worst": max(nexts),
        "labelled by keys alone, a clip (s)": labelling_s / LABELLED,
    }


def _time_labelling(page: Any) -> float:
    """Seconds for twenty clips, from the first on: two stretches each by keys, then next."""
    _go_to(page, "talk_0")
    page.keyboard.press("Shift+Delete")
    began = time.perf_counter()
    for clip in range(LABELLED):
        for start, length, kind in ((1 + clip % 5, 2, "1"), (10 + clip % 7, 3, "2")):
            for key in (
                "Home",
                *["Shift+ArrowRight"] * start,
                "i",
                *["Shift+ArrowRight"] * length,
                "o",
                kind,
            ):
                page.keyboard.press(key)
            for key in ("]", "[", "]"):
                page.keyboard.press(key)
        page.keyboard.press("n")
        _wait_for(page, f"talk_{clip + 1}")
    return time.perf_counter() - began


def _go_to(page: Any, clip: str) -> None:
    page.keyboard.press("g")
    page.keyboard.type(clip)
    page.keyboard.press("Enter")
    _wait_for(page, clip)


def _wait_for(page: Any, clip: str) -> None:
    page.wait_for_function("id => document.querySelector('#clip-id').textContent === id", arg=clip)


def take_picture(data: Path, picture: Path) -> None:
    """The page over the sample with the shipped weights: three clips accepted, the fourth on show."""
    slice_recording(ROOT / "samples" / "sample.mp3", data)
    with served(data) as (_, address), tab() as page:
        if page is None:
            sys.exit("a picture needs Playwright and Chromium")
        page.set_viewport_size({"width": 1440, "height": 860})
        page.goto(f"{address}#sample_0")
        for clip in range(3):
            _wait_for(page, f"sample_{clip}")
            page.wait_for_selector("#clip-state[data-state=proposal]")
            page.keyboard.press("q")
        _wait_for(page, "sample_3")
        page.wait_for_selector("#clip-state[data-state=proposal]")
        page.keyboard.press("c")
        page.wait_for_timeout(3000)  # the doubt of every clip, and the toast away
        page.screenshot(path=picture)


def _timed_next(page: Any) -> float:
    page.wait_for_timeout(400)  # somebody looks at the clip; its neighbours are fetched meanwhile
    return float(page.evaluate(NEXT))


def time_saves(address: str, saves: int = 50) -> dict[str, float]:
    """A save as the page makes it, from the request to the answer: the file is on disk by then."""
    taken = []
    for revision in range(saves):
        body = {"revision": revision, "remove": [[0.1, 0.4, "breath"]], "unknown": [], "reviewed": True}
        clip = f"{address}api/clips/talk_{LABELLED}/labels"
        body["revision"] = revision
        request = urllib.request.Request(
            clip, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        began = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            answer.read()
        taken.append(1000 * (time.perf_counter() - began))
    return {"save, median": statistics.median(taken), "save, worst": max(taken)}


def resident_mb(pid: int) -> float:
    """Resident memory of a process; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def print_table(figures: dict[str, float], clips: int) -> None:
    """Figures beside their bars."""
    print(f"{clips} clips, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when measured\n")
    print(f"{'':42} {'measured':>10} {'bar':>10}")
    for name, value in figures.items():
        unit = next((unit for unit in ("MB", "s") if f"({unit})" in name), "ms")
        bar = 400.0 if unit == "MB" else BARS.get(name)
        digits = 2 if unit == "s" else 0
        print(f"{name:42} {value:7.{digits}f} {unit:2} {f'{bar:.0f} {unit}' if bar else '':>10}")


if __name__ == "__main__":
    main()
