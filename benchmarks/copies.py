"""What copying frames does to the sound: cleaned mp3 files beside the same cuts, all of it encoded anew.

    python benchmarks/copies.py ../shared/data/podcast

Three minutes of the podcast as FFmpeg makes mp3 files of them, cleaned with the defaults. Errors are against
what the source decodes to, spliced, in dB of full scale; "at joins" looks at 60 ms to either side. The result
is decoded by FFmpeg, libsndfile and, where Playwright and Chromium are at hand, by a browser.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from seams import chromium  # noqa: E402

from cleaner.audio import Writer, open_recording, output_format  # noqa: E402
from cleaner.audio.mp3.frames import split_frames  # noqa: E402
from cleaner.audio.mp3.header import read_mp3_header  # noqa: E402
from cleaner.cutting.decide import CutSettings  # noqa: E402
from cleaner.deciding import decide_recording  # noqa: E402
from cleaner.detect import load_detector, shipped_checkpoint  # noqa: E402
from cleaner.render import render, rendered_blocks  # noqa: E402
from cleaner.samples import to_float  # noqa: E402
from cleaner.segments import CutList, TimeMap  # noqa: E402

FROM_S, SECONDS = 60, 180
NEAR_S = 0.06
FORMS = {
    "V2, stereo": ["-ar", "44100", "-ac", "2", "-q:a", "2"],
    "128 kbit/s, stereo": ["-ar", "44100", "-ac", "2", "-b:a", "128k"],
    "160 kbit/s, no joint frames": ["-ar", "44100", "-ac", "2", "-joint_stereo", "0", "-b:a", "160k"],
    "64 kbit/s, mono": ["-ar", "44100", "-ac", "1", "-b:a", "64k"],
    "V5, mono, 22 kHz": ["-ar", "22050", "-ac", "1", "-q:a", "5"],
    "128 kbit/s, no tag": ["-ar", "44100", "-ac", "2", "-b:a", "128k", "-write_xing", "0"],
    "128 kbit/s, cut out uncoded": ["-ar", "44100", "-ac", "2", "-b:a", "128k"],
}
CUT_OUT = {"128 kbit/s, cut out uncoded": ["-ss", "7", "-c", "copy"]}
HEAD = (
    "| mp3 | joins | frames copied | samples as in the source | error at joins, copied | encoded anew "
    "| error elsewhere, encoded anew | libsndfile − FFmpeg | Chromium − FFmpeg | kbit/s before | after |"
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("podcast", type=Path, help="folder with the podcast's .flac")
    parser.add_argument("--checkpoint", type=Path, default=shipped_checkpoint())
    given = parser.parse_args()
    print(HEAD, "|---" * HEAD.count(" | ") + "|---|", sep="\n")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, options in FORMS.items():
            source = Path(folder) / "source.mp3"
            make(next(given.podcast.glob("*.flac")), source, options, CUT_OUT.get(name))
            print(f"| {name} | {' | '.join(row(source, given.checkpoint, browser))} |", flush=True)


def make(recording: Path, path: Path, options: list[str], cut_out: list[str] | None) -> None:
    """Let FFmpeg write an mp3 of a part of the recording, and perhaps cut a part out of that."""
    whole = path.with_name("whole.mp3") if cut_out else path
    ffmpeg("-ss", str(FROM_S), "-t", str(SECONDS), "-i", str(recording), *options, str(whole))
    if cut_out:
        ffmpeg("-i", str(whole), *cut_out, str(path))


def ffmpeg(*words: str) -> None:
    """Run FFmpeg."""
    import imageio_ffmpeg

    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *words], check=True)


def row(source: Path, checkpoint: Path, browser: Any) -> list[str]:
    """The cells of one line but the first."""
    copied, again = source.with_name("copied.mp3"), source.with_name("again.mp3")
    with open_recording(source) as recording:
        cut_list, _ = decide_recording(recording, load_detector(checkpoint), CutSettings())
        wanted = np.concatenate([to_float(b) for b in rendered_blocks(recording, cut_list)], axis=1)
        render(recording, cut_list, copied, overwrite=True)
        with Writer(again, output_format(recording.info, ".mp3"), overwrite=True) as writer:
            for block in rendered_blocks(recording, cut_list):
                writer.write(block)
        rate_hz = recording.info.sample_rate_hz
    heard, heard_again = decoded(copied), decoded(again)
    by_libsndfile = soundfile.read(copied, always_2d=True, dtype="float32")[0].T
    near = near_joins(cut_list, wanted.shape[1])
    frames, theirs = frames_of(copied), set(frames_of(source))
    return [
        str(len(cut_list.joins())),
        f"{sum(frame in theirs for frame in frames) / len(frames):.1%}",
        f"{(heard == wanted).all(axis=0).mean():.1%}",
        *(db((one - wanted)[:, near]) for one in (heard, heard_again)),
        db((heard_again - wanted)[:, ~near]),
        db(by_libsndfile - heard),
        in_browser(browser, rate_hz, copied, heard),
        *(f"{open_recording(path).info.bit_rate / 1_000:.0f}" for path in (source, copied)),
    ]


def in_browser(browser: Any, rate_hz: int, path: Path, heard: np.ndarray) -> str:
    """How far a browser's samples are from FFmpeg's, where both have as many."""
    if browser is None:
        return "–"
    wav = path.with_suffix(".wav")
    soundfile.write(wav, heard.T, rate_hz, subtype="FLOAT")
    length, difference = browser(rate_hz, wav, path)
    same_length = length == heard.shape[1]
    return (
        f"{10 * np.log10(difference + 1e-30):.1f}" if same_length else f"{length - heard.shape[1]:+d} samples"
    )


def frames_of(path: Path) -> list[bytes]:
    """The frames of an mp3 file that sound."""
    return split_frames(path.read_bytes()[read_mp3_header(path).sound_start :])


def near_joins(cut_list: CutList, samples: int) -> np.ndarray:
    """Which samples of the result are near a join: bool ``(n,)``."""
    near, time_map = np.zeros(samples, bool), TimeMap(cut_list)
    reach = int(NEAR_S * cut_list.source.sample_rate)
    for start, _ in cut_list.joins():
        place = time_map.to_result(start)
        near[max(0, place - reach) : place + reach] = True
    return near


def decoded(path: Path) -> np.ndarray:
    """A whole file by FFmpeg: float32 ``(C, n)``."""
    with open_recording(path) as recording:
        return np.concatenate([to_float(block) for block in recording.blocks()], axis=1)


def db(error: np.ndarray) -> str:
    """Mean power in dB of full scale."""
    power = float(np.mean(np.square(error, dtype=np.float64)))
    return f"{10 * np.log10(power):.1f}" if power > 1e-14 else "0"


if __name__ == "__main__":
    main()
