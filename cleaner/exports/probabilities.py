"""The network's answers, for whoever wants to decide otherwise."""

import io
from pathlib import Path

import numpy as np

from cleaner.errors import UsageError
from cleaner.exports import Decided
from cleaner.files import write_whole
from cleaner.frames import DECISION_S
from cleaner.kinds import KIND_NAMES


def write(path: Path, decided: Decided) -> None:
    """Write ``path``: ``keep`` float32 ``(D,)``, ``kinds`` float32 ``(K, D)``, their names and their clock.

    Raises UsageError where the decisions were read from a saved cut list, which holds no probabilities.
    """
    if decided.detection is None or decided.detection.kinds is None:
        raise UsageError("--export probabilities needs the network's answers; a saved cut list holds none")
    data = io.BytesIO()
    np.savez_compressed(
        data,
        keep=decided.detection.keep,
        kinds=decided.detection.kinds.astype(np.float32),
        kind_names=np.array(KIND_NAMES),
        frame_seconds=DECISION_S,
        start_seconds=DECISION_S / 2,
    )
    write_whole(path, data.getvalue())
