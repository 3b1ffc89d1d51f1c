"""What the page proposes is what the whole recording would be cut into."""

import threading
from pathlib import Path

import numpy as np
import pytest

from cleaner.clips import SliceSettings, slice_recording
from cleaner.dataset import open_dataset
from cleaner.detect import detect_features, load_detector
from labeler.media import Media
from labeler.proposals import Proposals, propose

DEFAULT = Path(__file__).parents[2] / "weights" / "default.pt"
SAMPLE = Path(__file__).parents[2] / "samples" / "sample.mp3"


@pytest.mark.parametrize("clip_s", [5.0, 3.1])
def test_a_clip_is_answered_as_in_the_whole_recording(clip_s, tmp_path):
    slice_recording(SAMPLE, tmp_path / "data", SliceSettings(clip_s))
    media, detector = Media(open_dataset(tmp_path / "data")), load_detector(DEFAULT)
    clips = sorted(media.dataset.clips.values(), key=lambda clip: clip.index)
    whole = detect_features(detector, np.concatenate([media.dataset.mel(c.clip) for c in clips], axis=1))[0]
    proposed = np.concatenate([propose(detector, media, clip.clip).keep for clip in clips])
    assert len(clips) > 5
    assert np.abs(proposed.astype(np.float32) - whole).max() < 1e-3


def test_a_checkpoint_is_in_use_once_it_is_loaded_and_not_before(tmp_path, wait_until):
    slice_recording(SAMPLE, tmp_path / "data", SliceSettings(5.0))
    may_load, taken = threading.Event(), []

    def load(path):
        may_load.wait(10)
        return load_detector(path)

    proposals = Proposals(Media(open_dataset(tmp_path / "data")), load, lambda clips: None)
    proposals.use(DEFAULT, list, taken.append)
    assert taken == [] and proposals.state == "loading"
    may_load.set()
    wait_until(lambda: proposals.state == "ready")
    assert taken == [DEFAULT]
