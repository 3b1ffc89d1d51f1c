"""What a network shall answer on a mixed episode: exact truth and a teacher's answer, joined."""

import numpy as np
from scipy.ndimage import maximum_filter1d

from cleaner.mixing.canvas import AFTER, PIECE, SURE
from cleaner.mixing.pieces import BREATH, SILENCE

_AUDIBLE_DECISIONS = 5  # 0.1 s
# The most that a target says where nothing is to be kept. A breath is no worse than that: what is learnt from
# a few dozen people's breaths for longer is sure of them, and then of the breath in laughter too.
_SILENCE_LOGIT, _BREATH_LOGIT, _SOUND_LOGIT = -3.0, -3.5, -6.5


def audible(heard: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Where a teacher's probability ``(..., D)`` of speech passes ``least`` within 0.1 s: bool, as large.

    Speech that is too faint or drowned is not audible; soft ends of words that are heard are.
    """
    return maximum_filter1d(heard.astype(np.float32), 2 * _AUDIBLE_DECISIONS + 1, axis=-1) > least


def soft_target(
    activity: np.ndarray,
    inside: np.ndarray,
    kind: np.ndarray,
    teacher_logits: np.ndarray | None = None,
    share: float = 0.5,
) -> np.ndarray:
    """Target of each decision, float32 in 0..1, of the shape of ``activity``.

    Inside pieces the truth and the teacher's answer on the mix, by ``share``; but where the teacher hears no
    speech within 0.1 s it is too faint or drowned, and the teacher stands alone. Just behind a piece, where
    its room still rings, a part of that answer. Where truth knows of no speech a teacher only says how far it
    is, whatever it hears: in silence at most 0.05, in a breath 0.03, in another sound next to nothing.
    """
    activity = activity.astype(np.float32)
    if teacher_logits is None:
        return np.where(inside >= PIECE, activity, np.float32(0))
    logits = teacher_logits.astype(np.float32)
    heard = 1 / (1 + np.exp(-logits))
    ceiling = np.select([kind == SILENCE, kind == BREATH], [_SILENCE_LOGIT, _BREATH_LOGIT], _SOUND_LOGIT)
    nothing = 1 / (1 + np.exp(-np.minimum(logits, ceiling)))
    in_piece = (1 - share) * activity + share * heard
    in_piece = np.where(audible(heard), in_piece, np.minimum(in_piece, heard))
    choices = [activity, in_piece, 0.5 * share * heard]
    return np.select([inside == SURE, inside == PIECE, inside == AFTER], choices, nothing).astype(np.float32)
