"""Short wav files, whole: clips for labelling and training. libsndfile opens thousands of them in a blink."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.errors import AudioFileError
from cleaner.files import written_whole
from cleaner.samples import from_float, interleaved, to_float

# How a wav file stores a sample, and the numpy type that holds it without loss.
_TYPES = {
    "PCM_U8": np.uint8,
    "PCM_16": np.int16,
    "PCM_24": np.int32,
    "PCM_32": np.int32,
    "FLOAT": np.float32,
    "DOUBLE": np.float64,
}


def write_clip(path: str | Path, samples: np.ndarray, rate_hz: int, bits: int | None = None) -> None:
    """Write ``(C, n)`` of any decoder's sample type as a wav file of the same depth, whole or not at all.

    int32 holds 24-bit sound where ``bits`` is 24 or less. Raises WriteError.
    """
    channels, length = samples.shape
    little = samples.dtype.newbyteorder("<")
    stored = interleaved(samples).astype(little, copy=False)
    width = stored.itemsize
    if stored.dtype == np.int32 and (bits or 32) <= 24:
        width = 3
        stored = stored.view(np.uint8).reshape(length, channels, 4)[..., 1:]
    data = stored.tobytes()
    with written_whole(path, flush=False) as file:
        file.write(_header(len(data), channels, rate_hz, width, samples.dtype.kind == "f"))
        file.write(data + b"\0" * (len(data) % 2))


def _header(size: int, channels: int, rate_hz: int, width: int, is_float: bool) -> bytes:
    """RIFF header of a short wav file with ``size`` bytes of samples, ``width`` bytes each.

    libsndfile would write it too, but it flushes every file to the disk: for thousands of clips that takes
    longer than all the rest.
    """
    step = channels * width
    form = struct.pack("<HHIIHH", 3 if is_float else 1, channels, rate_hz, rate_hz * step, step, 8 * width)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(body) + size + size % 2) + body


def wav_bytes(samples: np.ndarray, rate_hz: int) -> bytes:
    """``(C, n)`` samples of any type as a 16-bit wav file, in memory."""
    file = io.BytesIO()
    _soundfile().write(file, from_float(to_float(samples), np.int16).T, rate_hz, "PCM_16", format="WAV")
    return file.getvalue()


def read_clip(path: str | Path) -> tuple[np.ndarray, int]:
    """Samples ``(C, n)``, of the type that holds them without loss, and their rate.

    Raises AudioFileError for a file that is missing or no wav file.
    """
    with _opened(path) as file:
        kind = _TYPES.get(file.subtype, np.float32)
        samples = file.read(dtype=np.dtype("int16" if kind is np.uint8 else kind).name, always_2d=True).T
        if kind is np.uint8:
            samples = ((samples >> 8) + 128).astype(np.uint8)
        return samples, file.samplerate


def clip_info(path: str | Path) -> tuple[int, int, int]:
    """Samples, rate and channels of a wav file, from its header. Raises AudioFileError as ``read_clip``."""
    with _opened(path) as file:
        return file.frames, file.samplerate, file.channels


def _opened(path: str | Path) -> Any:
    sf = _soundfile()
    if not Path(path).is_file():
        raise AudioFileError(f"{path} is missing")
    try:
        return sf.SoundFile(path)
    except (OSError, RuntimeError) as error:
        raise AudioFileError(f"{path} cannot be read as a wav file: {error}") from None


def _soundfile() -> Any:
    """Imported when a clip is met, so that cleaning a recording does not wait for it."""
    import soundfile

    return soundfile
