"""Recording -> keep probability and kind per decision, in blocks, in memory that hardly grows."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaner.audio import Recording, analysis_blocks, blocks_ahead
from cleaner.errors import CheckpointError
from cleaner.features import log_mel_blocks
from cleaner.frames import DECISION_FRAMES, FeatureConfig, decision_count
from cleaner.kinds import KIND_NAMES
from cleaner.pipeline import prefetch
from cleaner.segments import DEFAULT_THRESHOLD

# The module that owns a kind of checkpoint is imported when one is loaded: torch and onnxruntime are slow to
# start, and each is needed only by its own files.
_LOADERS = {".pt": "model", ".onnx": "cleaner.onnx_network"}
_SHIPPED = Path(__file__).resolve().parents[1] / "weights"

# 48 s, with the context a minute: long enough that the context costs little, short enough for little memory.
_WINDOW_FRAMES = 4_800

Network = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Detector:
    """A network as the rest of the program sees it.

    ``network`` maps a log-mel spectrogram, float32 ``(mel_bands, T)``, to float32 ``(1 + K, D)``: the keep
    probability, then a softmax over ``KIND_NAMES``. ``context_frames`` (even) is at least half its receptive
    field.
    """

    network: Network
    context_frames: int
    threshold: float = DEFAULT_THRESHOLD
    name: str = "default"


@dataclass(frozen=True)
class Detection:
    """What the network answered for a recording of ``samples``.

    ``keep``: float32 ``(D,)``; ``kind``: uint8 ``(D,)``, the likeliest by its number; ``kinds``: the
    probabilities of all, float16 ``(K, D)``, where they were asked for.
    """

    samples: int
    keep: np.ndarray
    kind: np.ndarray
    kinds: np.ndarray | None


def shipped_checkpoint(device: str = "cpu") -> Path:
    """The weights that come along, in the form that suits a device.

    A processor loads and answers with onnxruntime in half the time that torch needs; others are torch's.
    """
    return _SHIPPED / ("default.onnx" if device == "cpu" else "default.pt")


def load_detector(path: str | Path, device: str = "cpu") -> Detector:
    """Load a checkpoint, ``.pt`` or ``.onnx``. Raises CheckpointError in one line."""
    path = Path(path)
    if path.suffix not in _LOADERS:
        raise CheckpointError(f"checkpoint {path} must end in one of {', '.join(_LOADERS)}")
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} does not exist")
    try:
        return importlib.import_module(_LOADERS[path.suffix]).load_detector(path, device)
    except ModuleNotFoundError as error:
        missing = f"the package {error.name}: pip install {error.name}"
        raise CheckpointError(f"checkpoint {path} needs {missing}") from None


def detect(
    detector: Detector,
    recording: Recording,
    tap: Callable[[np.ndarray], None] | None = None,
    all_kinds: bool = False,
) -> Detection:
    """Decide over a whole recording: decode, mono at 16 kHz, log-mel, network.

    ``tap`` is shown every source block ``(C, n)`` on its way, for whatever else wants to hear the recording
    without decoding it again (progress, energy for the edges, the plot's peaks). It runs in another thread.
    ``all_kinds``: hold the probabilities of all kinds too, more than all else that is held of a decision.
    """
    samples = 0

    def shown() -> Iterator[np.ndarray]:
        nonlocal samples
        for block in blocks_ahead(recording):
            samples += block.shape[1]
            if tap:
                tap(block)
            yield block

    # Decoding, which takes about as long as all the rest, is beside already; resampling gets a thread.
    analysis = prefetch(analysis_blocks(shown(), recording.info.sample_rate_hz))
    keep, kind, kinds = bytearray(), bytearray(), bytearray()
    for answer in detect_stream(detector, log_mel_blocks(analysis)):
        keep += answer[0].tobytes()
        kind += answer[1:].argmax(axis=0).astype(np.uint8).tobytes()
        if all_kinds:
            kinds += answer[1:].T.astype(np.float16).tobytes()
    return Detection(
        samples=samples,
        keep=np.frombuffer(keep, np.float32),
        kind=np.frombuffer(kind, np.uint8),
        kinds=np.frombuffer(kinds, np.float16).reshape(-1, len(KIND_NAMES)).T if all_kinds else None,
    )


def detect_features(detector: Detector, mel: np.ndarray) -> np.ndarray:
    """Answer for a log-mel spectrogram in memory: float32 ``(mel_bands, T)`` -> float32 ``(1 + K, D)``."""
    answers = list(detect_stream(detector, [mel]))
    return np.concatenate(answers, axis=1) if answers else np.zeros((1 + len(KIND_NAMES), 0), np.float32)


def detect_stream(
    detector: Detector, mel_blocks: Iterable[np.ndarray], window_frames: int = _WINDOW_FRAMES
) -> Iterator[np.ndarray]:
    """Answer for log-mel blocks ``(mel_bands, t)`` of any length; the answers ``(1 + K, d)`` laid end to end
    equal the network's answer for the whole.

    Each window carries ``context_frames`` on both sides and its answers there are thrown away; the first and
    the last window begin and end where the recording does, so the network sees the true edges.
    """
    context = detector.context_frames
    blocks = [np.zeros((FeatureConfig.mel_bands, 0), np.float32)]  # as they came, until a window is full
    held = lead = 0  # frames in them; those at their start whose answers are out already
    for block in mel_blocks:
        blocks.append(block)
        held += block.shape[1]
        if held < lead + window_frames + context:
            continue
        pending = np.concatenate(blocks, axis=1)
        while pending.shape[1] >= lead + window_frames + context:
            window = np.ascontiguousarray(pending[:, : lead + window_frames + context])
            yield _answers(detector, window, lead, window_frames)
            done = lead + window_frames
            lead = min(context, done)
            pending = pending[:, done - lead :]
        blocks, held = [pending], pending.shape[1]
    if held > lead:
        pending = np.ascontiguousarray(np.concatenate(blocks, axis=1))
        yield _answers(detector, pending, lead, held - lead)


def _answers(detector: Detector, window: np.ndarray, lead: int, frames: int) -> np.ndarray:
    answer = detector.network(window)
    first = lead // DECISION_FRAMES
    return answer[:, first : first + decision_count(frames)]
