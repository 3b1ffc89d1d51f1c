"""The only door for onnxruntime: a checkpoint in ONNX form as a Detector, without torch."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cleaner.detect import Detector
from cleaner.errors import CheckpointError
from cleaner.frames import FeatureConfig
from cleaner.kinds import KIND_NAMES

if TYPE_CHECKING:
    import onnxruntime


def load_detector(path: Path, device: str = "cpu") -> Detector:
    """Load ``path``, whose metadata hold what a ``.pt`` checkpoint holds beside its weights.

    ``device`` is ``cpu`` or ``cuda``, which needs the package onnxruntime-gpu. Raises CheckpointError for
    a file that is not ours, is of another feature set, or cannot run on the device.
    """
    import onnxruntime

    session = _open_session(path, device)
    metadata = session.get_modelmeta().custom_metadata_map
    try:
        description = json.loads(metadata["checkpoint"])
        context_frames = int(metadata["context_frames"])
        kinds = ", ".join(description["kinds"])
        threshold = float(description["threshold"])
        features = description["features"]
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(
            f"{path}: not a checkpoint of this project (its metadata are missing)"
        ) from None
    if features != asdict(FeatureConfig()):
        raise CheckpointError(f"{path}: made for other features, {features}; needed: {FeatureConfig()}")
    if kinds != ", ".join(KIND_NAMES):
        raise CheckpointError(f"{path}: made for the kinds {kinds}; needed: {', '.join(KIND_NAMES)}")

    def network(mel: np.ndarray) -> np.ndarray:
        try:
            return session.run(["probabilities"], {"mel": np.ascontiguousarray(mel, np.float32)})[0]
        except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument as error:
            raise CheckpointError(f"{path}: does not answer as a network of this project: {error}") from None

    return Detector(network, context_frames, threshold, name=path.stem)


def _open_session(path: Path, device: str) -> "onnxruntime.InferenceSession":
    import onnxruntime

    providers = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
    if providers.get(device) not in onnxruntime.get_available_providers():
        raise CheckpointError(f"device {device!r} cannot run {path}; it must be cpu, or cuda where installed")
    options = onnxruntime.SessionOptions()
    # One thread each: windows are small, and the decoder and the encoder want the other cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[providers[device]])
    except Exception as error:  # onnxruntime's own types share no base but this
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {reason}") from None
