"""Short wav files, whole: clips for labelling and training. libsndfile opens thousands of them in a blink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cleaner.errors import AudioFileError

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
    """Write ``(C, n)`` of any decoder's sample type as a wav file of the same depth.

    int32 holds 24-bit sound where ``bits`` is 24 or less. Raises AudioFileError where it cannot be written.
    """
    sf = _soundfile()
    subtype = next(name for name, kind in _TYPES.items() if kind == samples.dtype)
    if subtype == "PCM_24" and (bits or 32) > 24:
        subtype = "PCM_32"
    if subtype == "PCM_U8":
        samples = (samples.astype(np.int16) - 128) << 8
    try:
        sf.write(path, samples.T, rate_hz, format="WAV", subtype=subtype)
    except (OSError, RuntimeError) as error:
        raise AudioFileError(f"{path} cannot be written: {error}") from None


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
