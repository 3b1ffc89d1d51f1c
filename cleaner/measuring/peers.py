"""Other detectors to be measured beside ours: loudness, WebRTC VAD, Silero VAD, FireRedVAD.

Each peer is one function, found through the table ``PEERS``: a recording's samples at 16 kHz -> one keep
score per decision. Each answers at the time alignment that suits it best, measured against hand-made labels.
None is needed to run a network of ours; a package is imported when its peer is asked for.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaner.errors import UsageError
from cleaner.frames import (
    ANALYSIS_RATE_HZ,
    DECISION_SAMPLES,
    decision_centres_s,
    decisions_heard,
)
from cleaner.mixing import teachers

Peer = Callable[[np.ndarray], np.ndarray]

_LOUDNESS_DECISIONS = 5  # the power of 100 ms: the best of 20 to 180 ms on speech with hand-made labels
_QUIETEST_POWER = 1e-10
_WEBRTC_MODES = (0, 1, 2, 3)
_WEBRTC_LATE_S = 0.03  # it answers late: best 20 to 40 ms earlier than the block it is asked about
_NETWORK_LATE_S = {"silero": 0.012, "fireredvad": 0.0}  # beyond what their own clock says
_LEAST = 1e-6
_SURE_OF_NONE = 0.1


@dataclass(frozen=True)
class PeerKind:
    """How a peer is made, and the threshold that its own users take.

    ``load`` gets the folder with the peers' files (None where none was named) and returns the peer, a
    function float32 ``(M,)`` at 16 kHz in ±1 -> float32 ``(D,)``, higher means keep.
    """

    load: Callable[[Path | None], Peer]
    threshold: float


def load_peer(name: str, folder: Path | None = None, cache: Path | None = None) -> Peer:
    """Return the peer ``name`` of ``PEERS``; answers are kept in the folder ``cache`` if one is given.

    Raises UsageError for an unknown name, a missing package or a missing file.
    """
    if name not in PEERS:
        raise UsageError(f"unknown peer {name!r}; there are {', '.join(PEERS)}")
    try:
        peer = PEERS[name].load(folder)
    except ModuleNotFoundError as error:
        raise UsageError(f"peer {name} needs the package {error.name}: pip install {error.name}") from None
    return peer if cache is None else _remembering(peer, name, cache)


def hearing_no_speech(folder: Path | None, cache: Path | None = None) -> Peer | None:
    """Of clean speech, where Silero and FireRedVAD both are sure to hear none: bool ``(D,)``.

    None where no folder is named; UsageError where it lacks a file, or a package is missing.
    """
    if folder is None:
        return None
    both = [load_peer(name, folder, cache) for name in teachers.TEACHERS]
    return lambda samples: np.max([peer(samples) for peer in both], axis=0) < _SURE_OF_NONE


def level_db(samples: np.ndarray, decisions: int, smooth: int = 1) -> np.ndarray:
    """Power of each decision in dB below full scale, mean of ``smooth`` decisions: float32
    ``(decisions,)``.
    """
    whole = np.zeros((decisions, DECISION_SAMPLES), np.float32)
    whole.ravel()[: len(samples)] = samples[: whole.size]
    power = np.square(whole).mean(axis=1)
    padded = np.pad(power, (smooth - 1) // 2, mode="edge") if decisions else power
    mean = np.convolve(padded, np.full(smooth, 1 / smooth), "valid") if decisions else power
    return (10 * np.log10(mean + _QUIETEST_POWER)).astype(np.float32)


def _loudness(folder: Path | None) -> Peer:
    return lambda samples: level_db(samples, decisions_heard(samples), _LOUDNESS_DECISIONS)


def _webrtc(folder: Path | None) -> Peer:
    import webrtcvad

    def answer(samples: np.ndarray) -> np.ndarray:
        """The share of its four modes that hear speech."""
        decisions = decisions_heard(samples)
        whole = np.zeros(decisions * DECISION_SAMPLES, np.float32)
        whole[: len(samples)] = samples
        blocks = (np.clip(whole, -1, 1) * 32767).astype("<i2").reshape(decisions, -1)
        votes = np.zeros(decisions)
        for mode in _WEBRTC_MODES:
            vad = webrtcvad.Vad(mode)
            votes += [vad.is_speech(block.tobytes(), ANALYSIS_RATE_HZ) for block in blocks]
        centres = decision_centres_s(decisions)
        return np.interp(centres + _WEBRTC_LATE_S, centres, votes / len(_WEBRTC_MODES)).astype(np.float32)

    return answer


def _network(name: str) -> Callable[[Path | None], Peer]:
    def load(folder: Path | None) -> Peer:
        if name == "fireredvad" and folder is None:
            files = "fireredvad_vad.onnx and cmvn.ark"
            raise UsageError(f"peer fireredvad needs --peer-folder, the folder with {files}")
        listener = teachers.load_listener(name, folder or Path())

        def answer(samples: np.ndarray) -> np.ndarray:
            probability, first_s, step_s = listener(_as_16_bit(samples))
            times_s = first_s - _NETWORK_LATE_S[name] + step_s * np.arange(len(probability))
            centres_s = decision_centres_s(decisions_heard(samples))
            return np.interp(centres_s, times_s, probability).astype(np.float32)

        return answer

    return load


def _mean(folder: Path | None) -> Peer:
    both = [_network(name)(folder) for name in teachers.TEACHERS]

    def answer(samples: np.ndarray) -> np.ndarray:
        logits = np.mean([_logit(peer(samples)) for peer in both], axis=0)
        return (1 / (1 + np.exp(-logits))).astype(np.float32)

    return answer


def _logit(probability: np.ndarray) -> np.ndarray:
    p = np.clip(probability.astype(np.float64), _LEAST, 1 - _LEAST)
    return np.log(p / (1 - p))


def _as_16_bit(samples: np.ndarray) -> np.ndarray:
    """What these networks know: below the last of 16 bits a lossy decoder's residue leads them astray."""
    return np.rint(np.clip(samples, -1, 1) * 32767).astype(np.float32) / np.float32(32767)


PEERS = {
    "loudness": PeerKind(_loudness, -45.0),  # power of 100 ms in dB
    "webrtc": PeerKind(_webrtc, 0.5),  # share of its four modes
    "silero": PeerKind(_network("silero"), 0.5),  # 6.2
    "fireredvad": PeerKind(_network("fireredvad"), 0.5),  # of the whole recording
    "mean": PeerKind(_mean, 0.5),  # of Silero's and FireRedVAD's logits
}


def _remembering(peer: Peer, name: str, cache: Path) -> Peer:
    """The same peer, which looks into the folder ``cache`` before it thinks."""
    cache.mkdir(parents=True, exist_ok=True)

    def answer(samples: np.ndarray) -> np.ndarray:
        samples = np.ascontiguousarray(samples, np.float32)
        path = cache / f"{name}_{hashlib.sha256(samples.tobytes()).hexdigest()[:24]}.npy"
        with suppress(OSError, ValueError, EOFError):  # not there, or not whole
            return np.load(path)
        score = peer(samples)
        beside = path.with_suffix(f".{os.getpid()}.tmp")
        with beside.open("wb") as file:
            np.save(file, score)
        beside.replace(path)
        return score

    return answer
