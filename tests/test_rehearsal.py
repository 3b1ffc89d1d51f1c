"""Labelled crops changed for fine-tuning: what stays true of them, and that no sound breaks it."""

import numpy as np
import pytest
import torch

from cleaner.features import log_mel
from cleaner.training.losses import rehearsal_loss
from cleaner.training.rehearsal import unfamiliar, varied

FLOOR = np.log(np.float32(1e-6))


@pytest.fixture
def talk() -> np.ndarray:
    """Eight crops of 2 s of hiss that is loud and soft in turns of a quarter second: float32 (8, 64, 200)."""
    loud = np.repeat([1.0, 0.01] * 4, 4_000)
    rng = np.random.default_rng(0)
    return np.stack([log_mel((rng.normal(0, 0.1, 32_000) * loud).astype(np.float32)) for _ in range(8)])


@pytest.mark.parametrize("change", [varied, unfamiliar])
def test_the_same_seed_makes_the_same_sound(talk, change):
    first, again, other = (change(talk, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.shape == talk.shape
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("change", [varied, unfamiliar])
def test_what_was_there_is_left_as_it_was(talk, change):
    before = talk.copy()
    change(talk, np.random.default_rng(0))
    assert np.array_equal(talk, before)


def test_what_was_labelled_stays_where_it_was(talk):
    level = varied(talk, np.random.default_rng(0)).mean(axis=1).reshape(8, 8, 25)[:, :, 3:-3].mean(axis=2)
    assert (level[:, ::2].min(axis=1) > level[:, 1::2].max(axis=1) + 2).all()


def test_unfamiliar_sounds_are_at_all_levels(talk):
    loud = np.quantile(
        unfamiliar(np.tile(talk, (8, 1, 1)), np.random.default_rng(0)).mean(axis=1), 0.9, axis=1
    )
    assert np.ptp(loud) * 10 / np.log(10) > 30


@pytest.mark.parametrize("change", [varied, unfamiliar])
@pytest.mark.parametrize("frames", [2, 10, 100])
@pytest.mark.parametrize("level", [float(FLOOR), -13.8, 8.0])
def test_silence_full_scale_and_short_crops_stay_sound(change, frames, level):
    rng = np.random.default_rng(0)
    for _ in range(5):
        changed = change(np.full((3, 64, frames), level, np.float32), rng)
        assert np.isfinite(changed).all()
        assert changed.min() >= FLOOR - 1e-3


def test_nothing_pulls_where_nothing_is_forgotten():
    mel = torch.randn(2, 64, 20)
    answers = torch.randn(2, 4, 10).clamp(-3, 3)
    logits = answers.clone().requires_grad_()
    rehearsal_loss(lambda _: logits, lambda _: answers, mel).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6
