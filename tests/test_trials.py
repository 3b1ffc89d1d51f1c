import numpy as np
import pytest

from cleaner.audio import write_clip
from cleaner.errors import UsageError
from cleaner.measuring.suite import PARTS, suite_parts
from cleaner.measuring.trials import TrialSettings, heard_in, trials
from cleaner.sound_list import sounds_in

RATE = 16_000


def talk(bursts, seconds=2.0):
    """Hiss at -60 dB with bursts of noise at -20 dB: ``[(start_s, end_s), ...]``."""
    rng = np.random.default_rng(len(bursts))
    sound = rng.normal(0, 1e-3, round(seconds * RATE)).astype(np.float32)
    for start_s, end_s in bursts:
        here = slice(round(start_s * RATE), round(end_s * RATE))
        sound[here] += rng.normal(0, 0.1, here.stop - here.start).astype(np.float32)
    return sound


@pytest.fixture
def sounds(tmp_path):
    rows = ["path,role,class,language,labels"]
    for path, role, label, language, labels, sound in [
        ("speech/a.wav", "speech", "", "en", "", talk([(0.2, 0.8), (0.86, 1.0), (1.4, 1.8)])),
        ("speech/b.wav", "speech", "", "en", "energy is no label", talk([(0.5, 1.5)])),
        ("events/sigh.wav", "event", "sigh", "", "events=0.10-0.30", talk([(0.1, 0.3)], 0.5)),
        ("events/click.wav", "event", "click", "", "", talk([(0.2, 0.26)], 0.4)),
        ("laughter/ha.wav", "laughter", "laughter", "", "", talk([(0.1, 0.6)], 1.0)),
        ("backgrounds/rain.wav", "background", "rain", "", "", talk([(0.0, 2.0)])),
    ]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        write_clip(tmp_path / path, sound[None], RATE)
        rows.append(f"{path},{role},{label},{language},{labels}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    return sounds_in(tmp_path)


def test_speech_is_where_a_clean_recording_is_loud():
    heard = heard_in(talk([(0.4, 1.0), (1.5, 1.52)]))
    assert np.flatnonzero(heard).tolist() == list(range(20, 50))
    assert len(heard_in(talk([(0.1, 0.2)], 0.33))) == 17


def test_every_decision_of_a_trial_is_known(sounds):
    [judged] = trials(sounds, TrialSettings(event_share=1.0), seed=3)
    assert len(judged.samples()) == 320 * len(judged.truth) == 320 * len(judged.kinds)
    assert judged.group == "en"
    marks = judged.marks
    assert (judged.truth[marks["sentence"] | marks["laughter"]] == 1).all()
    assert (judged.truth[marks["breath"] | marks["noise"]] == 0).all()
    assert marks["breath"].any() or marks["noise"].any()
    assert np.isnan(judged.truth).any()


def test_a_pause_within_a_sentence_is_silence_only_if_it_is_quiet(tmp_path):
    """A breath 34 dB below the words is too soft to be speech, and no silence."""
    sound = talk([(0.2, 0.8), (1.4, 1.9), (2.5, 2.8)], 3.0)
    breath = np.random.default_rng(1).normal(0, 0.002, round(0.2 * RATE))
    sound[RATE : RATE + len(breath)] += breath.astype(np.float32)
    write_clip(tmp_path / "a.wav", sound[None], RATE)
    (tmp_path / "manifest.csv").write_text("path,role\na.wav,speech\n")
    [judged] = trials(sounds_in(tmp_path), TrialSettings(background=False), seed=0)
    first = int(np.flatnonzero(judged.marks["sentence"])[0])  # its first word begins at 0.2 s
    assert (judged.truth[first + 30 : first + 60] == 0).all()
    assert (judged.kinds[first + 30 : first + 60] == -1).all()
    assert (judged.kinds[first + 85 : first + 115] == 0).all()
    assert (judged.kinds[:first] == 0).all()  # a pause laid by the mixer


def test_words_lie_between_pauses_of_80_ms(sounds):
    [judged] = trials([one for one in sounds if one.energy_tells], TrialSettings(background=False), seed=0)
    lengths = np.diff(judged.words_s, axis=1).ravel()
    assert lengths == pytest.approx([0.8, 0.4], abs=0.021)


def test_the_same_seed_builds_the_same_recordings(sounds):
    for one, two in zip(trials(sounds, TrialSettings(), 5), trials(sounds, TrialSettings(), 5), strict=True):
        assert (one.samples() == two.samples()).all()
    [other] = trials(sounds, TrialSettings(), 6)
    assert other.samples().shape != one.samples().shape or (other.samples() != one.samples()).any()


def test_trials_go_on_for_the_hours_wished(sounds):
    built = sum(len(one.truth) / 50 for one in trials(sounds, TrialSettings(), 0, hours=0.01))
    assert 36 <= built < 36 + 20


def test_a_background_is_as_far_below_as_said(sounds):
    quiet = TrialSettings(background=False, event_share=0, laughter_share=0)
    loud = TrialSettings(snr_low_db=0, snr_high_db=0, event_share=0, laughter_share=0)
    [clean], [noisy] = trials(sounds, quiet, 1), trials(sounds, loud, 1)
    pause = np.repeat(~clean.marks["sentence"], 320)[: len(noisy.samples())]
    level = 10 * np.log10(np.mean(np.square(noisy.samples()[: len(pause)][pause[: len(noisy.samples())]])))
    assert level == pytest.approx(-26, abs=1.5)


def test_a_folder_without_a_manifest_or_speech_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"has no manifest\.csv"):
        sounds_in(tmp_path)
    with pytest.raises(UsageError, match="no speech"):
        list(trials([], TrialSettings()))


def test_parts_of_the_suite_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UsageError, match="'nothing' of the suite; there are podcast"):
        suite_parts(tmp_path, ("nothing",))
    with pytest.raises(UsageError, match="holds no test suite"):
        suite_parts(tmp_path)


@pytest.mark.parametrize(
    "part", [name for name in PARTS if name not in ("podcast", "tail", "mixes", "noises")]
)
def test_parts_of_the_suite_know_their_truth(part, shared_data):
    judged = next(iter(suite_parts(shared_data, (part,))[part]()))
    assert len(judged.samples()) <= 320 * len(judged.truth) < len(judged.samples()) + 640
    assert np.isfinite(judged.truth).any()


def test_the_tail_of_the_podcast_is_its_last_88_clips(shared_data):
    [judged] = suite_parts(shared_data, ("tail",))["tail"]()
    assert np.isfinite(judged.truth).sum() == pytest.approx(88 * 250, abs=20)
    assert np.isnan(judged.truth[:490]).all()


def test_the_lead_in_of_a_raw_take_is_no_part_of_its_sentence(tmp_path):
    write_clip(tmp_path / "take.wav", talk([(0.1, 0.3), (0.8, 1.4)])[None], RATE)
    (tmp_path / "manifest.csv").write_text(
        "path,role,class,language,labels,speech_start,speech_end\ntake.wav,speech,,en,,0.6,1.6\n"
    )
    [judged] = trials(sounds_in(tmp_path), TrialSettings(background=False, event_share=0))
    ((start_s, end_s),) = judged.words_s
    assert end_s - start_s == pytest.approx(0.6)
