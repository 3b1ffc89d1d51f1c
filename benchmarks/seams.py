"""What encoding side by side does to the sound: mp3 files in stretches beside those of a single encoder.

    python benchmarks/seams.py ../shared/data/podcast

First table: mp3 with a seam every 5 s (eight times as many as the tool makes), decoded by FFmpeg, libsndfile
and, where Playwright and Chromium are at hand, by a browser. Errors are against the source, so a single
encoder's stands beside; "at seams" looks at four frames to either side. Second table: what would happen to
AAC and Opus.
"""

import argparse
import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from packet_seams import others_table  # noqa: E402

from cleaner.audio import Writer, open_recording, output_format  # noqa: E402
from cleaner.audio.mp3 import encoder, stretches  # noqa: E402
from cleaner.audio.mp3.header import mp3_frame_samples, read_mp3_header  # noqa: E402
from cleaner.audio.mp3.join import find_seam  # noqa: E402
from cleaner.audio.mp3.plan import DELAY_SAMPLES  # noqa: E402
from cleaner.audio.mp3.stretches import Mp3Stretches  # noqa: E402

SECONDS = 60
STRETCH_FRAMES = 200
_ONE_STRETCH = 10_000  # frames, more than there are
NEAR_FRAMES = 4
_SILENT_DB = -120.0
_DECODED_IN_BROWSER = """async files => {
  const context = new OfflineAudioContext(2, 1, files.rate);
  const decoded = [];
  for (const file of files.files)
    decoded.push(await context.decodeAudioData(Uint8Array.from(atob(file), c => c.charCodeAt(0)).buffer));
  let sum = 0;
  const [one, many] = decoded.map(buffer => buffer.getChannelData(0));
  for (let i = 0; i < many.length; i++) sum += (many[i] - one[i]) ** 2;
  return [decoded[1].length, sum / many.length];
}"""


@dataclass(frozen=True)
class Sound:
    """Something to encode: float ``(C, n)`` in ±1."""

    name: str
    rate_hz: int
    samples: np.ndarray


def sounds(podcast: Path) -> Iterator[Sound]:
    """A minute of speech, and what encoders find hardest and easiest."""
    with open_recording(podcast) as recording:
        rate_hz = recording.info.sample_rate_hz
        speech = np.concatenate(list(recording.blocks(60 * rate_hz, (60 + SECONDS) * rate_hz)), axis=1)
    yield Sound("podcast", rate_hz, speech / 32_768)
    count = SECONDS * 44_100
    noise = np.random.default_rng(0).standard_normal((2, count)) * 0.1
    ticks = np.zeros((2, count))
    ticks[0, :: 44_100 // 9], ticks[1, :: 44_100 // 7] = 0.6, -0.3
    yield from (Sound("noise", 44_100, noise), Sound("ticks", 44_100, ticks))
    yield Sound("silence", 44_100, np.zeros((2, count)))


@contextmanager
def stretches_of(frames: int) -> Iterator[list[int]]:
    """Encode in stretches of so many frames; gathers the frame of each seam."""
    seams: list[int] = []
    count = 0

    def noted(earlier: list[bytes], later: list[bytes]) -> int | None:
        nonlocal count
        count += 1
        seam = find_seam(earlier, later)
        if seam is not None:
            seams.append(count * frames + seam)
        return seam

    encoder.Mp3Stretches = lambda settings, jobs: Mp3Stretches(settings, jobs, frames)  # type: ignore
    stretches.find_seam = noted
    try:
        yield seams
    finally:
        encoder.Mp3Stretches = Mp3Stretches  # type: ignore[misc]
        stretches.find_seam = find_seam


def written(sound: Sound, wav: Path, path: Path, frames: int, rate: dict[str, Any]) -> list[int]:
    """Write ``sound`` as mp3 in stretches of ``frames``; returns the frames of the seams."""
    soundfile.write(wav, sound.samples.T, sound.rate_hz, subtype="PCM_16")
    with open_recording(wav) as recording, stretches_of(frames) as seams:
        output = replace(output_format(recording.info, ".mp3"), **rate)
        with Writer(path, output, overwrite=True, jobs=2) as writer:
            for block in recording.blocks():
                writer.write(block)
    return seams


def row(sound: Sound, name: str, rate: dict[str, Any], folder: Path, browser: Any) -> str:
    """One line of the first table."""
    wav, one, many = folder / "sound.wav", folder / "one.mp3", folder / "many.mp3"
    written(sound, wav, one, _ONE_STRETCH, rate)
    seams = written(sound, wav, many, STRETCH_FRAMES, rate)
    source = soundfile.read(wav, always_2d=True)[0].T
    alone, joined = (_decoded(path) for path in (one, many))
    lengths = [joined.shape[1], soundfile.info(many).frames]
    libsndfile = soundfile.read(many, always_2d=True)[0].T
    same_there = _db(libsndfile[:, : joined.shape[1]] - joined[:, : libsndfile.shape[1]])
    in_browser = "–"
    if browser:
        length, difference = browser(sound.rate_hz, one, many)
        lengths.append(length)
        in_browser = _shown(10 * np.log10(difference + 1e-30))
    near = _near(seams, sound.rate_hz, source.shape[1])
    headers = [read_mp3_header(path) for path in (one, many)]
    one_of_them, other = (replace(header, bit_rate=None, sound_start=0) for header in headers)
    right = one_of_them == other
    cells = [
        *(f"{sound.name}, {name}", str(len(seams))),
        *(_shown(_db(error)) for error in (alone - source, joined - source)),
        *(_shown(_db(error[:, near])) for error in (alone - source, joined - source)),
        *(_shown(_db(joined - alone)), _shown(same_there), in_browser),
        " ".join(f"{length - source.shape[1]:+d}" for length in lengths),
        "right" if right and headers[1].samples == source.shape[1] else "WRONG",
    ]
    return f"| {' | '.join(cells)} |"


def _decoded(path: Path) -> np.ndarray:
    with open_recording(path) as recording:
        return np.concatenate(list(recording.blocks()), axis=1)


def _near(seams: list[int], rate_hz: int, samples: int) -> np.ndarray:
    """Which samples are within a few frames of a seam: bool ``(n,)``."""
    frame = mp3_frame_samples(rate_hz)
    near = np.zeros(samples, bool)
    for seam in seams:
        start = seam * frame - DELAY_SAMPLES
        near[max(0, start - NEAR_FRAMES * frame) : start + NEAR_FRAMES * frame] = True
    return near


def _db(error: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(error, dtype=np.float64)) + 1e-30)) if error.size else -300.0


def _shown(level_db: float) -> str:
    return f"{level_db:.2f}" if level_db > _SILENT_DB else "0"


@contextmanager
def chromium() -> Iterator[Any]:
    """Decode two files in a browser: rate, file, file -> length of the second, power of the difference."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if not program:
        yield None
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def decode(rate_hz: int, *paths: Path) -> list[float]:
            files = [base64.b64encode(path.read_bytes()).decode() for path in paths]
            return page.evaluate(_DECODED_IN_BROWSER, {"rate": rate_hz, "files": files})

        yield decode
        browser.close()


RATES: dict[str, dict[str, Any]] = {
    "128 kbit/s": {"bit_rate": 128_000, "mp3_quality": None},
    "V4": {"bit_rate": None, "mp3_quality": 4},
}
HEAD = (
    "| sound | seams | error alone, dB | in stretches | alone, at seams | in stretches, at seams "
    "| difference | libsndfile − FFmpeg | Chromium: difference | length − source's | header |"
)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("podcast", type=Path, help="folder with the podcast's .flac")
    podcast = next(parser.parse_args().podcast.glob("*.flac"))
    print(HEAD, "|---" * HEAD.count(" | ") + "|---|", sep="\n")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for sound in sounds(podcast):
            for name, rate in RATES.items():
                print(row(sound, name, rate, Path(folder), browser), flush=True)
    print("", others_table(podcast), sep="\n")


if __name__ == "__main__":
    main()
