"""Training episodes: what is laid where, and that its truth is known."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cleaner.errors import UsageError
from cleaner.mixing.canvas import AFTER, PIECE, SURE, Canvas
from cleaner.mixing.episodes import MixSettings, episodes
from cleaner.mixing.material import Material, is_set_aside, speech_activity, training_sounds
from cleaner.mixing.pieces import BREATH, NOISE, SILENCE, active_level_db, event, faded, speech_piece
from cleaner.mixing.pool import SHARD_EPISODES, load_pool, make_shard, pool_folder, shard_path
from cleaner.mixing.soft_targets import soft_target

TONE = np.sin(2 * np.pi * 440 * np.arange(320) / 16_000).astype(np.float32)


def spoken(pattern: str) -> np.ndarray:
    """A decision of tone for each ``s``, a decision of near silence for each ``.``."""
    return np.concatenate([TONE * (0.3 if letter == "s" else 1e-4) for letter in pattern])


@pytest.fixture
def folder(tmp_path):
    """Material made on the spot: a talker, a breath, a knock and a laugh, with their manifest."""
    sounds = {
        "talker.wav": (
            "speech",
            "",
            "anna",
            spoken("." * 20 + "s" * 50 + "." * 30 + "s" * 40 + "." * 10),
            "",
        ),
        "breath.wav": ("event", "breath_deep", "bob", spoken("s" * 20), "events=0.00-0.40"),
        "knock.wav": ("event", "bump", "", spoken("." * 10 + "s" * 5 + "." * 10), ""),
        "laugh.wav": ("laughter", "laughter", "carla", spoken("s" * 30), "KEEP; events=0.00-0.20;0.30-0.60"),
    }
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "role", "class", "speaker", "seconds", "speech_start", "speech_end", "labels"])
        for name, (role, label, speaker, samples, labels) in sounds.items():
            soundfile.write(tmp_path / name, samples, 16_000)
            rows.writerow([name, role, label, speaker, len(samples) / 16_000, "", "", labels])
    return tmp_path


@pytest.fixture
def material(folder):
    everything = Material(folder)
    assert not any(is_set_aside(sound) for sound in training_sounds(folder))
    return everything


def test_energy_tells_speech_from_pauses():
    activity = speech_activity(spoken("." * 10 + "s" * 20 + "." * 20 + "s" * 10))
    assert activity[:9].max() == 0 and activity[32:48].max() == 0
    assert activity[11:29].min() == 1 and activity[52:].min() == 1


def test_a_short_pause_ranks_between_words_and_silence():
    activity = speech_activity(spoken("." * 20 + "s" * 20 + "." * 6 + "s" * 20 + "." * 20))
    assert 0 < activity[43] < 1


def test_a_teacher_who_hears_nothing_overrules_the_energy():
    samples = spoken("." * 10 + "s" * 20 + "." * 10)
    assert speech_activity(samples, np.full(40, -9.0)).max() < 0.01
    assert speech_activity(samples, np.full(40, 9.0))[15] == pytest.approx(1, abs=1e-3)


def test_no_manifest_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"manifest\.csv"):
        Material(tmp_path)


def test_voices_set_aside_never_train(shared_data):
    train = Material(shared_data / "train")
    aside = Material(shared_data / "train", set_aside=True)
    speakers = [
        {
            clip.speaker
            for clip in one.by_role["speech"]
            if clip.speaker not in ("kerstin", "picovoice", "precise")
        }
        for one in (train, aside)
    ]
    assert len(speakers[1]) > 30
    assert not speakers[0] & speakers[1]
    assert not any("ja_JP" in clip.path.name for clip in train.by_role["speech"])


def test_what_is_beyond_full_scale_is_clipped(tmp_path):
    samples = np.array([0.5, 1.08, -1.08, -0.25], np.float32)
    soundfile.write(tmp_path / "loud.wav", samples, 16_000, "FLOAT")
    (tmp_path / "manifest.csv").write_text("path,role,seconds\nloud.wav,speech,1\n")
    material = Material(tmp_path)
    heard = material.samples(material.by_role["speech"][0])
    assert heard == pytest.approx([0.5, 1, -1, -0.25], abs=2e-5)


def test_sounds_on_a_canvas_add_up():
    canvas = Canvas(4)
    canvas.add(320, np.ones(320, np.float32), gain_db=0)
    canvas.add(480, np.ones(9_999, np.float32), gain_db=-20)
    assert canvas.samples[319] == 0 and canvas.samples[320] == 1
    assert canvas.samples[480] == pytest.approx(1.1)
    assert canvas.samples[-1] == pytest.approx(0.1)


def test_a_canvas_knows_what_is_kept_and_what_kind_is_removed():
    canvas = Canvas(12)
    canvas.keep(2, np.array([1, 0, 1], np.float32))
    canvas.add_removable(7 * 320, np.tile(TONE, 2), 0, BREATH)
    canvas.unmark(10, 9)
    assert canvas.inside.tolist() == [0, 0, PIECE, PIECE, PIECE, AFTER, AFTER, 0, 0, 0, 0, 0]
    assert canvas.kind.tolist() == [0, 0, -1, 0, -1, 0, 0, 1, 1, 0, -1, -1]


def test_a_breath_that_nobody_hears_has_no_kind():
    canvas = Canvas(12)
    canvas.add_removable(0, np.tile(TONE, 12), -40, BREATH)
    canvas.add(6 * 320, np.tile(TONE, 6), -20)
    assert canvas.heard_kinds().tolist() == [1] * 5 + [-1] * 7


def test_a_target_is_soft_inside_and_nothing_where_nobody_speaks():
    activity = np.array([1.0, 0.5, 0, 0, 0, 0, 0.5])
    inside = np.array([PIECE, PIECE, AFTER, 0, 0, 0, SURE])
    kind = np.array([-1, -1, SILENCE, SILENCE, BREATH, NOISE, -1])
    assert soft_target(activity, inside, kind).tolist() == [1.0, 0.5, 0, 0, 0, 0, 0.5]
    heard = np.full(7, 30.0)
    soft = soft_target(activity, inside, kind, heard, share=0.5)
    assert soft.round(3).tolist() == pytest.approx([1.0, 0.75, 0.25, 0.047, 0.029, 0.002, 0.5])


def test_a_piece_has_an_activity_for_each_of_its_decisions(material):
    rng = np.random.default_rng(0)
    clip = material.by_role["speech"][0]
    for _ in range(20):
        sound, activity = speech_piece(material, rng, clip, 0.2)
        assert len(activity) == -(-len(sound) // 320)
        assert activity.max() == 1


def test_level_is_that_of_the_speech_alone():
    sound = spoken("s" * 10 + "." * 30)
    assert active_level_db(sound, np.repeat([1.0, 0.0], [10, 30])) == pytest.approx(-13.5, abs=0.1)


def test_fades_begin_and_end_at_nothing_and_leave_the_source_alone():
    sound = np.ones(400, np.float32)
    result = faded(sound)
    assert result[0] == result[-1] == 0 and result[200] == 1 and sound[0] == 1
    assert len(faded(np.ones(0, np.float32))) == 0


def test_events_are_of_the_kind_asked_for(material):
    rng = np.random.default_rng(1)
    assert {event(material, rng, 1.0)[1] for _ in range(5)} == {BREATH}
    assert {event(material, rng, 0.0)[1] for _ in range(5)} == {NOISE}


def test_an_episode_follows_from_seed_and_number_alone(material):
    settings = MixSettings(episode_s=4.0)
    first = [next(episodes(material, settings, seed=3, start=index)) for index in (0, 1)]
    again = [episode for _, episode in zip(range(2), episodes(material, settings, seed=3), strict=False)]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.samples, other.samples)
        assert np.array_equal(one.kind, other.kind)
    assert not np.array_equal(first[0].samples, first[1].samples)


def test_what_is_kept_has_no_kind_and_what_is_removed_is_not_inside(material):
    for _, episode in zip(range(8), episodes(material, MixSettings(episode_s=5.0), seed=0), strict=False):
        assert len(episode.samples) == 80_000 and len(episode.activity) == 250
        assert np.abs(episode.samples).max() <= 1.2
        assert (episode.kind[episode.activity > 0.5] == -1).all()
        assert (episode.activity[episode.inside < PIECE] == 0).all()
        assert set(np.unique(episode.kind)) <= {-1, SILENCE, BREATH, NOISE}


def test_where_nobody_is_near_nothing_is_kept(material):
    episode = next(episodes(material, MixSettings(episode_s=5.0, nobody_near=1.0), seed=0))
    assert episode.activity.max() == 0


def test_a_pool_holds_the_episodes_in_order(material, tmp_path):
    settings = MixSettings(episode_s=0.4)
    path = shard_path(tmp_path / "pool", 5, 1)
    make_shard(material, settings, lambda samples: np.full(20, 2.0), 5, 1, path)
    pool = load_pool([path, path])
    assert pool.mel.shape == (2 * SHARD_EPISODES, 64, 40)
    third = next(episodes(material, settings, 5, start=SHARD_EPISODES + 2))
    assert np.array_equal(pool.kind[2], third.kind)
    assert np.array_equal(pool.inside[2], third.inside)
    assert (pool.teacher == 2).all()


def test_a_pool_without_teachers_says_so(material, tmp_path):
    path = shard_path(tmp_path, 0, 0)
    make_shard(material, MixSettings(episode_s=0.4), None, 0, 0, path)
    assert np.isnan(load_pool([path]).teacher).all()


def test_other_sounds_settings_or_judges_make_another_pool(tmp_path):
    sound, teacher = tmp_path / "train" / "a.wav", tmp_path / "models" / "cmvn.ark"
    for path in (sound, teacher):
        path.parent.mkdir()
        path.write_bytes(b"1234")

    def place(manifest="path,role\ntrain/a.wav,speech\n", settings=None, judge=teacher.parent):
        (tmp_path / "manifest.csv").write_text(manifest)
        return pool_folder(tmp_path / "pool", tmp_path / "train", settings or MixSettings(), judge)

    assert place() == place()
    others = [place("path,role\n"), place(settings=MixSettings(bleed=0.1)), place(judge=None), place()]
    for path in (sound, teacher):
        path.write_bytes(b"12345")
        others.append(place())
        os.utime(path, (0, 0))
        others.append(place())
    assert len(set(others)) == len(others)


MIXING = """
import multiprocessing, signal, sys, threading, time
from pathlib import Path
from cleaner.cli import run
from cleaner.interrupt import leave_at_once
from cleaner.mixing import mixed_data

def tell():
    while len(multiprocessing.active_children()) < 2:
        time.sleep(0.05)
    print(*(worker.pid for worker in multiprocessing.active_children()), flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)
leave_at_once()
mixed_data.usable_cores = lambda: 2
mixing = mixed_data._Mixing(Path(sys.argv[1]), False, mixed_data.MixedSettings(pool=sys.argv[2]), 0)
threading.Thread(target=tell, daemon=True).start()
run(lambda: mixed_data._make_shards(mixing, [0, 1]))
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGKILL", -9)], ids=["Ctrl-C", "told", "killed"]
)
def test_however_mixing_ends_nobody_goes_on_with_it(folder, wait_until, name, code):
    command = [sys.executable, "-c", MIXING, str(folder), str(folder / "pool")]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout and program.stderr
        workers = [Path("/proc") / pid.decode() / "cmdline" for pid in program.stdout.readline().split()]
        program.send_signal(getattr(signal, name))
        wait_until(lambda: not any(path.exists() and path.read_bytes() for path in workers))
        said = program.stderr.read().decode()
    assert len(workers) == 2 and program.returncode == code
    assert "Traceback" not in said
