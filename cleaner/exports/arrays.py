"""Arrays for training elsewhere, ``<clip>.npz`` with ``mel`` and ``label``, as the original exported them."""

import io
from collections.abc import Iterator

import numpy as np

from cleaner.exports.labels import Labelled
from cleaner.frames import DECISION_FRAMES, DECISION_S, decision_count
from cleaner.targets import target_of


def files(labelled: Labelled) -> Iterator[tuple[str, bytes]]:
    """One file a clip.

    A row per 10 ms: ``mel`` float32 ``(t, 64)``, ``label`` float32 ``(t, 1)``, 1 keep, 0 remove, NaN unknown;
    ``frame_seconds`` is the step.
    """
    for clip, label in labelled.clips:
        mel = labelled.mel(clip.clip).T
        target = np.repeat(target_of(label, decision_count(len(mel))), DECISION_FRAMES)[: len(mel), None]
        buffer = io.BytesIO()
        np.savez(buffer, mel=mel, label=target, frame_seconds=DECISION_S / DECISION_FRAMES)
        yield f"{clip.clip}.npz", buffer.getvalue()
