"""Make the short sample that the README cleans: synthetic speech with pauses, breaths and bumps mixed in.

    python samples/make_sample.py samples/sample.mp3

Beside it goes sample_labels.txt, an Audacity label track of what is in the pauses. Needs espeak-ng.
Everything else is made here, so the repository may hold the result.
"""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

RATE_HZ = 22_050
SEED = 0
ROOM_TONE_DB = -62.0

SENTENCES = [
    ("en-gb", "Welcome back. Today we look at how recordings are cleaned."),
    ("en-gb", "When people speak they pause, they breathe, and now and then they touch the microphone."),
    ("en-us", "Cutting all of that out by hand takes longer than the recording itself."),
    ("en-us", "So we teach a small network what should stay."),
    ("en-gb", "Everything else is spliced out, and the words are left as they were."),
]
# What lies before each sentence and after the last: seconds of pause and what happens in it.
PAUSES = [(1.4, "bump"), (1.8, "breath"), (2.6, "click"), (1.5, "breath"), (3.2, "bump"), (1.6, "silence")]


def speak(voice: str, text: str) -> np.ndarray:
    """One sentence from espeak-ng without its leading and trailing zeros: float64 ``(n,)``, peak 0.5."""
    wav = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", "155", "--stdout", text], check=True, capture_output=True
    ).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(wav))
    assert rate_hz == RATE_HZ
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    samples = samples[loud[0] : loud[-1] + 1]
    return 0.5 * samples / np.abs(samples).max()


def breath(rng: np.random.Generator) -> np.ndarray:
    """An intake of air: band-passed noise that swells and stops short, some 25 dB below the speech."""
    length = int(0.45 * RATE_HZ)
    air = sosfilt(butter(2, [700, 5_000], "bandpass", fs=RATE_HZ, output="sos"), rng.normal(size=length))
    swell = np.sin(np.pi * np.linspace(0, 1, length) ** 0.7) ** 2
    return 0.02 * air * swell / air.std()


def bump(rng: np.random.Generator) -> np.ndarray:
    """A touched microphone: a low thump that rings down, with a little rustle on top."""
    time_s = np.arange(int(0.35 * RATE_HZ)) / RATE_HZ
    thump = np.sin(2 * np.pi * 65 * time_s) * np.exp(-time_s / 0.06)
    rustle = rng.normal(size=len(time_s)) * np.exp(-time_s / 0.03)
    return 0.35 * thump + 0.04 * rustle


def click(rng: np.random.Generator) -> np.ndarray:
    """A mouth click: a few milliseconds of bright noise."""
    time_s = np.arange(int(0.03 * RATE_HZ)) / RATE_HZ
    return 0.15 * rng.normal(size=len(time_s)) * np.exp(-time_s / 0.003)


EVENTS = {"breath": breath, "bump": bump, "click": click}


KINDS = {"breath": "breath", "bump": "noise", "click": "noise"}


def pause(
    seconds: float, event: str, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, int, str]]]:
    """A pause with one event in its middle, float64 ``(n,)``, and what it consists of, in samples."""
    samples = np.zeros(int(seconds * RATE_HZ))
    if event not in EVENTS:
        return samples, [(0, len(samples), "silence")]
    sound = EVENTS[event](rng)
    start = (len(samples) - len(sound)) // 2
    end = start + len(sound)
    samples[start:end] += sound
    return samples, [(0, start, "silence"), (start, end, KINDS[event]), (end, len(samples), "silence")]


def room_tone(length: int, rng: np.random.Generator) -> np.ndarray:
    """Pink-ish noise under everything: float64 ``(length,)``."""
    tone = sosfilt(butter(1, 400, fs=RATE_HZ, output="sos"), rng.normal(size=length))
    return 10 ** (ROOM_TONE_DB / 20) * tone / tone.std()


def main(path: str) -> None:
    rng = np.random.default_rng(SEED)
    parts: list[np.ndarray] = []
    labels: list[str] = []

    def add_pause(seconds: float, event: str) -> None:
        offset = sum(map(len, parts))
        samples, stretches = pause(seconds, event, rng)
        parts.append(samples)
        for start, end, kind in stretches:
            labels.append(f"{(offset + start) / RATE_HZ:.6f}\t{(offset + end) / RATE_HZ:.6f}\t{kind}\n")

    for silence, (voice, text) in zip(PAUSES, SENTENCES, strict=False):
        add_pause(*silence)
        parts.append(speak(voice, text))
    add_pause(*PAUSES[-1])
    samples = np.concatenate(parts)
    soundfile.write(path, samples + room_tone(len(samples), rng), RATE_HZ)
    Path(path).with_name(f"{Path(path).stem}_labels.txt").write_text("".join(labels))


if __name__ == "__main__":
    main(*sys.argv[1:])
