"""A clip's sound and spectrogram with the neighbours' half seconds at both ends."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cleaner.audio.clips import read_clip, wav_bytes
from cleaner.dataset import Dataset
from cleaner.manifest import Clip

CONTEXT_S = 0.5
FRAMES_PER_S = 100
_MEL_STEPS = 1000  # the page gets thousandths of a neper, as int16


@dataclass(frozen=True)
class Sound:
    """Samples ``(C, n)``: ``before`` of the clip before, the clip, ``after`` of the one after."""

    samples: np.ndarray
    rate_hz: int
    before: int
    after: int

    @property
    def before_s(self) -> float:
        """Seconds before the clip."""
        return self.before / self.rate_hz

    @property
    def after_s(self) -> float:
        """Seconds after the clip."""
        return self.after / self.rate_hz


class Media:
    """Reads clips of a data folder; the last few are kept."""

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self.sound = lru_cache(16)(self._sound)
        self.wav = lru_cache(16)(self._wav)
        self.mel = lru_cache(16)(self._mel)
        self._clip_mel = lru_cache(24)(dataset.mel)

    def _sound(self, clip_id: str) -> Sound:
        clip = self.dataset.clips[clip_id]
        samples, rate_hz = read_clip(clip.wav)
        context = round(CONTEXT_S * rate_hz)
        before = self._neighbour(clip, -1, samples)[:, -context:]
        after = self._neighbour(clip, 1, samples)[:, :context]
        joined = np.concatenate([before, samples, after], axis=1)
        return Sound(joined, rate_hz, before.shape[1], after.shape[1])

    def _neighbour(self, clip: Clip, step: int, like: np.ndarray) -> np.ndarray:
        """Samples of the neighbour, none where there is none or it is of another form."""
        other = self._beside(clip, step)
        same = other and other.sample_rate_hz == clip.sample_rate_hz
        samples = read_clip(other.wav)[0] if other and same else like[:, :0]
        fits = samples.dtype == like.dtype and len(samples) == len(like)
        return samples if fits else like[:, :0]

    def _beside(self, clip: Clip, step: int) -> Clip | None:
        """The clip before or after; none where its files are not there: a clip is shown without it then."""
        other = self.dataset.neighbour(clip, step)
        files = (other.wav, other.mel) if other else ()
        return other if all(file.is_file() for file in files if file) else None

    def _wav(self, clip_id: str) -> bytes:
        sound = self.sound(clip_id)
        return wav_bytes(sound.samples, sound.rate_hz)

    def _mel(self, clip_id: str) -> bytes:
        """The network's own numbers: int16 ``(T, 64)``, thousandths of a neper, context at both ends."""
        sound = self.sound(clip_id)
        clip = self.dataset.clips[clip_id]
        parts = [self._clip_mel(clip_id)]
        if before := round(sound.before_s * FRAMES_PER_S):
            parts.insert(0, self._clip_mel(f"{clip.recording}_{clip.index - 1}")[:, -before:])
        if after := round(sound.after_s * FRAMES_PER_S):
            parts.append(self._clip_mel(f"{clip.recording}_{clip.index + 1}")[:, :after])
        scaled = np.rint(np.concatenate(parts, axis=1).T * _MEL_STEPS).clip(-32768, 32767)
        return scaled.astype("<i2").tobytes()

    def mel_around(self, clip_id: str, frames: int) -> tuple[np.ndarray, int]:
        """The clip's log-mel ``(64, T)`` with at least ``frames`` of its neighbours' at both ends.

        Returns it and how many frames lie before the clip.
        """
        clip = self.dataset.clips[clip_id]
        lead, tail = self._mels_beside(clip, -1, frames), self._mels_beside(clip, 1, frames)
        before = sum(mel.shape[1] for mel in lead)
        return np.concatenate([*reversed(lead), self._clip_mel(clip_id), *tail], axis=1), before

    def _mels_beside(self, clip: Clip, direction: int, frames: int) -> list[np.ndarray]:
        mels: list[np.ndarray] = []
        other = self._beside(clip, direction)
        while other and sum(mel.shape[1] for mel in mels) < frames:
            mels.append(self._clip_mel(other.clip))
            other = self._beside(other, direction)
        return mels
