"""The network's answers, for whoever wants to decide otherwise."""

import io
from pathlib import Path

import numpy as np

from cleaner.exports import Decided
from cleaner.files import write_whole
from cleaner.frames import DECISION_S
from cleaner.kinds import KIND_NAMES


def write(path: Path, decided: Decided) -> None:
    """Write ``path``: ``keep`` float32 ``(D,)``, ``kinds`` float32 ``(K, D)``, their names, their clock."""
    assert decided.detection is not None and decided.detection.kinds is not None, "planning asks for them"
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
