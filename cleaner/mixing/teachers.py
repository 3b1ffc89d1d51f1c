"""What others' voice-activity networks answer: an option of training, and peers to be measured beside.

FireRedVAD (arXiv 2603.10420, Apache-2.0) is read from a folder with ``fireredvad_vad.onnx`` and
``cmvn.ark``; Silero VAD (MIT) from the installed package ``silero-vad``. Nothing here is needed to run a
shipped network or to fine-tune one, so the packages are imported when a teacher is asked for.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.errors import UsageError
from cleaner.frames import (
    ANALYSIS_RATE_HZ,
    decision_centres_s,
    decisions_heard,
)

Teacher = Callable[[np.ndarray], np.ndarray]
Listener = Callable[[np.ndarray], tuple[np.ndarray, float, float]]

TEACHERS = ("fireredvad", "silero")
FIREREDVAD_FILES = ("fireredvad_vad.onnx", "cmvn.ark")
LOGIT_LIMIT = 9.0

_SILERO_BLOCK = 512
_SILERO_CONTEXT = 64
_FIRERED_FRAMES_AT_ONCE = 30_000


def load_teacher(name: str, folder: Path) -> Teacher:
    """Return a callable: float32 ``(M,)`` at 16 kHz in ±1 -> speech logits float32 ``(D,)``.

    ``name`` is one of ``TEACHERS``; ``folder`` holds FireRedVAD's files. Raises ``UsageError`` where a
    file or a package is missing.
    """
    listener = load_listener(name, folder)
    return lambda samples: _at_decisions(*listener(samples), samples)


def load_listener(name: str, folder: Path) -> Listener:
    """As ``load_teacher``, on the network's own clock.

    The callable returns speech probabilities float32 ``(n,)``, the centre of the first and the step, in
    seconds.
    """
    if name not in TEACHERS:
        raise UsageError(f"unknown teacher {name!r}: allowed are {', '.join(TEACHERS)}")
    try:
        return _fireredvad(Path(folder)) if name == "fireredvad" else _silero()
    except ModuleNotFoundError as error:
        package = error.name
        raise UsageError(f"teacher {name} needs the package {package}: pip install {package}") from None


def mean_logits(teachers: list[Teacher]) -> Teacher:
    """The mean of several teachers' logits, which is better than each of them."""

    def answer(samples: np.ndarray) -> np.ndarray:
        return np.stack([teacher(samples) for teacher in teachers]).mean(axis=0)

    return answer


def _session(path: Path) -> Any:
    import onnxruntime

    if not path.is_file():
        raise UsageError(f"teacher's file is missing: {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _fireredvad(folder: Path) -> Listener:
    import kaldi_native_fbank
    import kaldiio

    network, statistics = (folder / name for name in FIREREDVAD_FILES)
    session = _session(network)
    if not statistics.is_file():
        raise UsageError(f"teacher's file is missing: {statistics}")
    sums, squares = np.asarray(kaldiio.load_mat(str(statistics)), np.float64)
    mean = sums[:-1] / sums[-1]
    deviation = np.sqrt(np.maximum(squares[:-1] / sums[-1] - mean**2, 1e-20))
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = 80

    def answer(samples: np.ndarray) -> tuple[np.ndarray, float, float]:
        bank = kaldi_native_fbank.OnlineFbank(options)
        # Rounded as a file of 16 bit is: what is fainter than one step would be normalised into sound.
        bank.accept_waveform(ANALYSIS_RATE_HZ, np.rint(np.asarray(samples, np.float32) * 32768))
        bank.input_finished()
        frames = bank.num_frames_ready
        if frames == 0:
            return np.zeros(1, np.float32), 0.0125, 0.01
        features = np.stack([bank.get_frame(i) for i in range(frames)])
        features = ((features - mean) / deviation).astype(np.float32)
        parts = [
            session.run(None, {"feat": features[None, start : start + _FIRERED_FRAMES_AT_ONCE]})[0].ravel()
            for start in range(0, frames, _FIRERED_FRAMES_AT_ONCE)
        ]
        return np.concatenate(parts), 0.0125, 0.01

    return answer


def _silero() -> Listener:
    # Located, not imported: the package's import pulls in torch.
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("silero-vad", name="silero-vad")
    session = _session(Path(spec.origin).parent / "data" / "silero_vad_16k_sequence.onnx")
    rest = np.zeros((1, 1, 128), np.float32)

    def answer(samples: np.ndarray) -> tuple[np.ndarray, float, float]:
        blocks = -(-len(samples) // _SILERO_BLOCK)
        if blocks == 0:
            return np.zeros(1, np.float32), 0.0, 0.032
        padded = np.zeros(_SILERO_CONTEXT + blocks * _SILERO_BLOCK, np.float32)
        padded[_SILERO_CONTEXT : _SILERO_CONTEXT + len(samples)] = samples
        windows = np.lib.stride_tricks.sliding_window_view(padded, _SILERO_CONTEXT + _SILERO_BLOCK)
        inputs = {"input": windows[::_SILERO_BLOCK], "h": rest, "c": rest}
        probability = session.run(["speech_probs"], inputs)[0]
        # Its answer fits best 16 ms before its block's middle, measured on speech with known pauses.
        return probability.ravel(), 0.0, 0.032

    return answer


def _at_decisions(probability: np.ndarray, first_s: float, step_s: float, samples: np.ndarray) -> np.ndarray:
    """Logits interpolated at the decisions' centres: float32 ``(D,)``, within ±``LOGIT_LIMIT``."""
    p = np.clip(probability.astype(np.float64), 1e-6, 1 - 1e-6)
    logits = np.clip(np.log(p / (1 - p)), -LOGIT_LIMIT, LOGIT_LIMIT)
    centres = decision_centres_s(decisions_heard(samples))
    return np.interp(centres, first_s + step_s * np.arange(len(logits)), logits).astype(np.float32)
