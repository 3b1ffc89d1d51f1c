"""Fixtures are states: a folder with one short recording in clips, the app over it, the same with a model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from cleaner.audio.clips import write_clip
from cleaner.clips import SliceSettings, slice_recording
from cleaner.detect import Detector
from labeler import LabelerConfig, create_app

RATE_HZ = 16_000
CLIP_S = 1.0
SECONDS = 3.5


def recording_samples() -> np.ndarray:
    """3.5 s of tone and near silence taking turns every quarter second: int16 ``(1, n)``."""
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    loud = (time_s % 0.5) < 0.25
    noise = np.random.default_rng(0).normal(0, 20, len(time_s))
    return (noise + 8000 * np.sin(2 * np.pi * 440 * time_s) * loud).astype(np.int16)[None]


def loudness_network(mel: np.ndarray) -> np.ndarray:
    """Keeps what is loud and calls the rest silence: ``(64, T)`` -> ``(4, ceil(T / 2))``."""
    level = mel.max(axis=0)
    level = np.append(level, level[-1:])[: 2 * ((len(level) + 1) // 2)].reshape(-1, 2).mean(axis=1)
    keep = 1 / (1 + np.exp(-(level + 6)))
    return np.stack([keep, np.full_like(keep, 0.8), np.full_like(keep, 0.1), np.full_like(keep, 0.1)]).astype(
        "f4"
    )


def loudness_detector(_: Path) -> Detector:
    """A detector that needs no training."""
    return Detector(loudness_network, context_frames=20, name="loudness")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one recording of 3.5 s, called talk, in clips of a second."""
    source = tmp_path / "talk.wav"
    write_clip(source, recording_samples(), RATE_HZ)
    slice_recording(source, tmp_path / "data", SliceSettings(CLIP_S))
    return tmp_path / "data"


@pytest.fixture
def make_app(data: Path) -> Callable[..., Flask]:
    """Builds the app over the data folder, with other settings if given."""

    def make(**settings: object) -> Flask:
        return create_app(LabelerConfig(data=data, runs=data.parent / "runs", **settings))  # type: ignore[arg-type]

    return make


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of the app without a model."""
    return make_app().test_client()
