"""What an editor cut or softened becomes labels; what holds words, or was replaced, is not learnt from."""

import numpy as np
import pytest
import soundfile

import preprocess
from cleaner.cli import run
from cleaner.detect import Detector
from cleaner.errors import ImportFormatError
from cleaner.frames import DECISIONS_PER_S, decision_centres_s
from cleaner.imports.edited import labels_of_edit
from cleaner.labels import read_labels
from cleaner.measuring.truth import judged_in
from cleaner.metrics import without_collar

RATE = 16_000


def answering(keep):
    """A detector that is equally sure of everything."""

    def network(mel):
        return np.full((4, -(-mel.shape[1] // 2)), keep, np.float32)

    return Detector(network, context_frames=0)


NO_WORDS, ALL_WORDS = answering(0.1), answering(0.9)


def talk(seconds=12, seed=0):
    """Syllables of 0.1 s, each of another colour, over a soft room."""
    random = np.random.default_rng(seed)
    count = seconds * RATE
    time_s = np.arange(count) / RATE
    pitches = np.repeat(random.uniform(100, 3_000, seconds * 10), RATE // 10)
    sound = np.sin(2 * np.pi * np.cumsum(pitches) / RATE) * np.abs(np.sin(np.pi * 10 * time_s))
    return 0.3 * sound + 0.001 * random.standard_normal(count)


def written(path, sound):
    soundfile.write(path, sound, RATE)
    return path


def at(*spans_s):
    return np.r_[tuple(slice(round(start * RATE), round(end * RATE)) for start, end in spans_s)]


@pytest.fixture
def raw(tmp_path):
    return written(tmp_path / "raw.wav", talk())


def test_what_was_cut_is_removed(raw, tmp_path):
    edited = written(tmp_path / "edited.mp3", 0.4 * talk()[at((0.5, 3), (3.42, 8), (9, 12))])
    found = labels_of_edit(raw, edited, NO_WORDS)
    spans = [(one.start_s, one.end_s, one.kind) for one in found.remove]
    assert [kind for _, _, kind in spans] == [""] * 3
    assert np.array([span[:2] for span in spans]) == pytest.approx(
        np.array([(0, 0.5), (3, 3.42), (8, 9)]), abs=0.03
    )
    assert found.unknown == () and found.notes == ()


def test_what_was_softened_is_removed_and_what_was_replaced_unknown(raw, tmp_path):
    sound = talk()
    sound[at((2, 2.5))] *= 0.1
    sound[at((6, 6.8))] = np.random.default_rng(3).uniform(-0.3, 0.3, int(0.8 * RATE))
    found = labels_of_edit(raw, written(tmp_path / "edited.wav", sound), NO_WORDS)
    (soft,), (replaced,) = found.remove, found.unknown
    assert (soft.start_s, soft.end_s) == pytest.approx((2, 2.5), abs=0.08)
    assert (replaced.start_s, replaced.end_s) == pytest.approx((6, 6.8), abs=0.08)


def test_words_that_were_cut_teach_nothing(raw, tmp_path):
    edited = written(tmp_path / "edited.wav", talk()[at((0, 3), (3.2, 8), (9, 12))])
    found = labels_of_edit(raw, edited, ALL_WORDS)
    (short,), (words,) = found.remove, found.unknown
    assert (short.start_s, short.end_s) == pytest.approx((3, 3.2), abs=0.03)
    assert (words.start_s, words.end_s) == pytest.approx((8, 9), abs=0.03)
    assert found.notes == (f"{edited}: 1.0 s that were cut hold words; nothing is learnt from them",)


def test_a_jingle_is_told(raw, tmp_path):
    edited = written(tmp_path / "edited.wav", np.concatenate([talk(4, seed=5), talk()]))
    found = labels_of_edit(raw, edited, NO_WORDS)
    assert found.remove == found.unknown == ()
    assert found.notes == (f"{edited} holds 4.0 s that are not in the recording",)


def test_what_is_no_edit_is_refused(raw, tmp_path):
    other = written(tmp_path / "other.wav", talk(seed=8))
    with pytest.raises(ImportFormatError, match=r"other\.wav is no edited version of .*raw\.wav: \d+% of it"):
        labels_of_edit(raw, other, NO_WORDS)


def test_the_authors_own_edit_gives_back_his_labels(shared_data, tmp_path):
    """Four minutes of a real podcast, spliced by its author's labels, through a codec at another rate."""
    (judged,) = judged_in(shared_data / "podcast")
    truth = judged.truth[: 240 * DECISIONS_PER_S]
    samples = judged.samples()[: 240 * RATE]
    raw = written(tmp_path / "raw.flac", samples)
    kept = np.repeat(truth > 0.5, RATE // DECISIONS_PER_S)
    soundfile.write(tmp_path / "edited.mp3", 0.5 * samples[kept], RATE)
    found = labels_of_edit(raw, tmp_path / "edited.mp3", NO_WORDS)
    centres_s = decision_centres_s(len(truth))
    removed = np.zeros(len(truth), bool)
    for start_s, end_s, _ in found.remove:
        removed |= (centres_s >= start_s) & (centres_s < end_s)
    clear = np.isfinite(without_collar(truth))
    assert np.mean(removed[clear] == (truth[clear] <= 0.5)) > 0.99
    assert sum(end_s - start_s for start_s, end_s in found.unknown) < 5


def exit_code(*arguments):
    """What the shell would see."""
    with pytest.raises(SystemExit) as exit:
        run(lambda: preprocess.main([str(argument) for argument in arguments]))
    return exit.value.code


def test_the_command_line_labels_clips_and_leaves_a_persons(raw, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "edited.flac", talk()[at((0, 3), (3.2, 12))])
    assert exit_code("raw.wav", "--edited", "edited.flac") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [
        "edited.flac: 0.2 s of raw.wav were removed, in 1 place",
        "edited.flac: labels of 3 clips",
    ]
    labels = read_labels("data/labels.json")
    assert [(label.source, label.trains, len(label.remove)) for label in labels.values()] == [
        ("edit", True, 1),
        ("edit", True, 0),
        ("edit", True, 0),
    ]


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("raw.wav", "--edited", "gone.wav"), "gone.wav: no such file", 1),
        (("raw.wav", "--edited", "text.mp3"), "text.mp3 is not a sound file", 1),
        (("raw.wav", "--edited", "raw.wav"), "--edited raw.wav is the recording itself", 2),
        (("raw.wav", "more.wav", "--edited", "more.wav"), "more.wav is of one recording; 2 are named", 2),
    ],
)
def test_a_wrong_edit_is_told_before_the_work(raw, tmp_path, monkeypatch, capsys, arguments, said, code):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "more.wav", talk(2))
    (tmp_path / "text.mp3").write_text("no sound")
    assert exit_code(*arguments) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
