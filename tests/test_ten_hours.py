"""Ten hours pass through in blocks: no piece is long, memory hardly grows, every tick lands to the sample.

The recording is never on the disk: a stand-in makes its blocks, as the door for sound files would.
"""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from cleaner.cutting.decide import CutSettings, decide
from cleaner.cutting.edges import EdgeEnergy
from cleaner.detect import Detector, detect
from cleaner.frames import decision_count, decisions_in
from cleaner.segments import CutList, Segment, Source, TimeMap
from cleaner.splice import JoinSettings, splice

RATE = 8_000
HOURS = 10
SAMPLES = HOURS * 3_600 * RATE
BLOCK = 65_536
TICK = 30_000
LONGEST_PIECE_S = 60


class Talk:
    """Ten hours at 8 kHz: soft noise, ten seconds of it then ten of silence, and a tick every minute."""

    needs_a_decoder = True

    def __init__(self):
        self.info = SimpleNamespace(sample_rate_hz=RATE, channels=1, samples=SAMPLES, duration_s=None)
        self.warnings = []
        self._noise = np.random.default_rng(0).integers(-3_000, 3_000, BLOCK, np.int16)

    def blocks(self, start=0, stop=None, packed=False):
        for position in range(start, SAMPLES if stop is None else stop, BLOCK):
            index = np.arange(position, min(position + BLOCK, SAMPLES))
            block = self._noise[: len(index)] * (index // (10 * RATE) % 2 == 0)
            block[index % (60 * RATE) == 0] = TICK
            yield block[None].astype(np.int16)


def loudness_network(pieces):
    """Keep where the mean log-mel is above -9; notes how long each piece is that it is shown."""

    def network(mel):
        pieces.append(mel.shape[1] / 100)
        level = np.zeros(2 * decision_count(mel.shape[1]), np.float32)
        level[: mel.shape[1]] = mel.mean(axis=0)
        keep = (level.reshape(-1, 2).max(axis=1) > -9).astype(np.float32)
        return np.stack([keep, 1 - keep, 0 * keep, 0 * keep])

    return network


@pytest.fixture(scope="module")
def decided():
    """Segments of the ten hours, the longest piece anybody saw, and the most memory it took in bytes."""
    talk, pieces = Talk(), []
    energy = EdgeEnergy(RATE)

    def tap(block):
        pieces.append(block.shape[1] / RATE)
        energy.push(block)

    tracemalloc.start()
    detection = detect(Detector(loudness_network(pieces), context_frames=100), talk, tap)
    settings = CutSettings()
    segments = decide(detection.keep, detection.kind, SAMPLES, RATE, settings, energy=energy.finish())
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return SimpleNamespace(talk=talk, detection=detection, segments=segments, pieces=pieces, memory=memory)


def test_every_decision_is_there(decided):
    assert decided.detection.keep.shape == (decisions_in(SAMPLES, RATE),)
    assert decided.detection.samples == SAMPLES


def test_nobody_sees_more_than_a_minute_at_once(decided):
    assert max(decided.pieces) <= LONGEST_PIECE_S


def test_memory_is_a_small_part_of_the_recording(decided):
    assert decided.memory < 75e6  # bytes; the samples alone are 576e6


def test_half_of_it_is_removed(decided):
    removed = sum(segment.length for segment in decided.segments if not segment.keep)
    assert removed / SAMPLES == pytest.approx(0.5, abs=0.02)


def test_every_tick_lands_where_the_time_map_says(decided):
    """Ticks lie at the start of kept noise, so each one stays, behind more and more cuts."""
    source = Source("talk.wav", RATE, SAMPLES, 1, "")
    # The decided edges, but for ten samples around every tick, which are kept: no fade reaches a tick.
    segments = _with_ticks_kept(decided.segments)
    cut_list = CutList(source, segments)
    time_map = TimeMap(cut_list)
    expected = [time_map.to_result(minute * 60 * RATE) for minute in range(HOURS * 60)]
    position, found = 0, []
    for block in splice(decided.talk.blocks(), cut_list, JoinSettings(crossfade_s=0)):
        assert block.shape[1] <= LONGEST_PIECE_S * RATE
        found.extend((position + np.flatnonzero(block[0] == TICK)).tolist())
        position += block.shape[1]
    assert position == cut_list.result_samples()
    assert found == expected


def _with_ticks_kept(segments):
    from cleaner.cutting.forced import forced_segments, on_top

    ranges = [(max(0, tick - 10), tick + 10) for tick in range(0, SAMPLES, 60 * RATE)]
    kept = on_top(segments, forced_segments(ranges, keep=True))
    return tuple(segment for segment in kept if isinstance(segment, Segment))
