import csv
import json

import numpy as np
import pytest

import evaluate
from cleaner.audio import write_clip
from cleaner.cutting.decide import CutSettings
from cleaner.cutting.edges import EdgeEnergy, EdgeSettings
from cleaner.errors import CleanerError, LabelsError, UsageError
from cleaner.measuring import comparison, tables, tuning
from cleaner.measuring.comparison import Contender, CountSettings, Scored
from cleaner.measuring.truth import Judged
from cleaner.segments import TidySettings
from cleaner.strict_json import parsed

RATE = 16_000
BARE = CountSettings(
    draws=50,
    cut=CutSettings(
        TidySettings(min_clip_s=0, min_cut_s=0), EdgeSettings(margin_s=(0, 0), decay_s=0, quietest_s=0)
    ),
)


@pytest.fixture
def labelled(tmp_path):
    """Loud where the turns are, and nowhere else: a recording that every detector gets right."""
    folder = tmp_path / "talks"
    folder.mkdir()
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 1e-4, (1, 8 * RATE)).astype(np.float32)
    for start in (1, 3, 6):
        sound[:, start * RATE : (start + 1) * RATE] += rng.normal(0, 0.2, RATE).astype(np.float32)
    write_clip(folder / "talk.wav", sound, RATE)
    turns = "".join(f"SPEAKER talk 1 {start} 1 <NA> <NA> x\n" for start in (1, 3, 6))
    (folder / "talk.rttm").write_text(turns)
    return folder


def silence(decisions):
    collected = EdgeEnergy(RATE)
    collected.push(np.zeros((1, decisions * 320), np.float32))
    return collected.finish()


def scored_talk(scores, truth, name="net", **more):
    truth = np.array(truth, np.float32)
    judged = Judged("talk", lambda: np.zeros(0), truth, np.full(len(truth), -1), **more)
    return Scored(judged, silence(len(truth)), {name: np.array(scores, np.float32)})


def test_checkpoints_and_peers_are_measured_side_by_side(labelled, gate_checkpoint, capsys):
    given = [str(gate_checkpoint), "--data", str(labelled), "--peers", "loudness", "--quiet", "--draws", "50"]
    assert evaluate.main(given) == 0
    told = capsys.readouterr().out
    assert "data: 1 recording, 0.1 min, 38 % of it to be kept" in told
    rows = [line.split() for line in told.splitlines()]
    assert any(row[:2] == ["gate", "1.000"] for row in rows)
    assert any(row[:2] == ["loudness", "1.000"] for row in rows)
    assert "gate ahead of" in told
    assert "removable, 1 s and more" in told


def test_figures_are_written_as_json_csv_and_curves(labelled, gate_checkpoint, tmp_path, capsys):
    out = tmp_path / "figures"
    given = [str(gate_checkpoint), "--data", str(labelled), "--output", str(out), "--quiet", "--draws", "50"]
    assert evaluate.main([*given, "--json"]) == 0
    parts = parsed((out / "figures.json").read_text())
    assert parsed(capsys.readouterr().out) == parts
    frames = parts["data"]["contenders"]["gate"]["frames"]
    assert frames["auc"] == 1
    rows = list(csv.DictReader((out / "figures.csv").read_text().splitlines()))
    auc = next(row for row in rows if row["figure"] == "frames.auc")
    assert (auc["contender"], float(auc["value"]), float(auc["high"])) == ("gate", 1, 1)
    assert (out / "curves_data.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(UsageError, match="--force overwrites it"):
        evaluate.main(given)


def test_checkpoints_of_one_name_are_told_apart(tmp_path):
    paths = [tmp_path / name for name in ("a/best.pt", "b/best.pt", "b/best.onnx")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert evaluate._short_names(paths[:1]) == ["best"]
    assert evaluate._short_names(paths[:2]) == ["a/best", "b/best"]
    assert evaluate._short_names(paths[1:]) == ["best.pt", "best.onnx"]
    assert evaluate._short_names(paths) == [str(path) for path in paths]


def test_a_tuned_copy_carries_the_chosen_threshold(labelled, gate_checkpoint, tmp_path, capsys):
    from model import load_checkpoint

    copy = tmp_path / "mine.pt"
    given = [str(gate_checkpoint), "--data", str(labelled), "--tuned", str(copy), "--quiet", "--draws", "10"]
    assert evaluate.main([*given, "--tune", "recall >= 0.9"]) == 0
    chosen = load_checkpoint(copy).threshold
    assert f"threshold {chosen:g}" in capsys.readouterr().out
    assert evaluate.main([*given, "--tune", "recall >= 0.9", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["recordings"] == 1
    assert load_checkpoint(gate_checkpoint).threshold == 0.15
    with pytest.raises(UsageError, match=r"mine\.pt is there already"):
        evaluate.main([*given, "--tune", "recall >= 0.9"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--peers", "nobody"], "'nobody'"),
        (["nowhere.pt"], r"nowhere\.pt does not exist"),
        (["nowhere.pt", "--tune", "happiness >= 1"], "'happiness' is no figure to tune"),
        (["nowhere.pt", "--tune", "recall"], "is no wish"),
        (["a.pt", "b.pt", "--tune", "recall >= 0.9"], "exactly one checkpoint"),
        (["--peers", "loudness", "--data", "nowhere"], "nowhere does not exist"),
        (["--peers", "loudness", "--suite", "nowhere"], "holds no test suite"),
        (["--peers", "loudness", "--suite", "a", "--mix", "b"], "exclude each other"),
        (["--parts", "podcast"], "say which with --suite"),
        (["--labels", "a.txt", "--mix", "b"], "has labels of its own"),
        (["--tuned", "b.pt"], "say with --tune what is wished for"),
        (["--peers", "loudness,loudness"], "named twice"),
        (["--threshold", "0.3", "--exit-threshold", "0.5"], "--exit-threshold 0.5 must not be above"),
    ],
)
def test_mistakes_are_named(given, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CleanerError, match=message):
        evaluate.main([*given, "--quiet"])


@pytest.mark.parametrize("draws", ["0", "10001", "99999999999"])
def test_more_draws_than_memory_holds_are_refused(draws):
    assert evaluate.parse_draws("10000") == 10_000
    with pytest.raises(UsageError):
        evaluate.parse_draws(draws)


def test_a_recall_of_nothing_is_refused(capsys):
    with pytest.raises(SystemExit):
        evaluate.main(["--at-recall", "0"])
    assert "it must be above 0 and at most 1" in capsys.readouterr().err


def test_a_threshold_is_chosen_on_one_part_of_a_suite(shared_data, tmp_path):
    wish = ["--tune", "recall >= 0.9", "--tuned", str(tmp_path / "a.pt")]
    with pytest.raises(UsageError, match="name one part of the suite with --parts"):
        evaluate.main(["--suite", str(shared_data), *wish])


def test_the_built_mixes_are_measured(shared_data, capsys):
    given = ["--mix", str(shared_data / "test"), "--hours", "0.01", "--peers", "loudness", "--quiet"]
    assert evaluate.main([*given, "--draws", "20"]) == 0
    told = capsys.readouterr().out
    assert "share kept of" in told
    assert "loudness, at 99 % of sentences" in told
    assert "without --peer-folder" in told


def test_a_folder_of_peers_without_their_files_is_named(shared_data, tmp_path):
    pytest.importorskip("kaldi_native_fbank")
    given = ["--mix", str(shared_data / "test"), "--peer-folder", str(tmp_path), "--peers", "loudness"]
    with pytest.raises(UsageError, match=r"teacher's file is missing: .*fireredvad_vad\.onnx"):
        evaluate.main(given)


@pytest.mark.parametrize(
    ("part", "folder", "said"),
    [
        ("mixes", None, {"peers_doubt": False}),
        ("mix", "models", {"peers_doubt": True}),
        ("podcast", None, {}),
    ],
)
def test_figures_of_built_recordings_say_whether_peers_doubted(part, folder, said):
    assert evaluate._doubt_of(part, evaluate.PeerSettings(peer_folder=folder)) == said


def test_the_first_contender_leads_by_paired_differences():
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.random(300) < 0.6, 20) * 1.0
    noise = rng.normal(size=len(truth))
    one = scored_talk(truth * 3 + noise, truth)
    one.scores["peer"] = (truth * 2.5 + noise).astype(np.float32)
    contenders = [Contender("net", 0.5, None), Contender("peer", 0.5, None)]
    part = comparison.compare([one], contenders, BARE)
    lead = part["contenders"]["peer"]["intervals"]["lead"]["auc"]
    assert 0 < lead["low"] < lead["value"] < lead["high"]
    assert "lead" not in part["contenders"]["net"]["intervals"]
    assert tables.leads_table(part).startswith("net ahead of")


def test_groups_and_marks_are_told_apart():
    marks = {"sentence": np.array([True, True, False, False]), "noise": np.array([False, False, True, False])}
    one = scored_talk([0.9, 0.1, 0.2, 0.0], [1, 1, 0, 0], group="ja", marks=marks)
    two = scored_talk([0.9, 0.9, 0.1, 0.0], [1, 1, 0, 0], group="ru")
    part = comparison.compare([one, two], [Contender("net", 0.15, None)], BARE)
    net = part["contenders"]["net"]
    assert (net["groups"]["ja"]["auc"], net["groups"]["ru"]["auc"]) == (0.75, 1)
    assert net["kept"]["at 0.15"] == {"sentence": 0.5, "noise": 1.0}
    assert net["kept"]["at 99 % of sentences"] == {"sentence": 1.0, "noise": 1.0}
    assert "0.750 0.500" in tables.groups_table(part)


def test_answers_a_decision_short_are_stretched_and_others_refused():
    truth = np.ones(4, np.float32)
    judged = Judged("talk", lambda: np.zeros(1280, np.float32), truth, np.full(4, -1))
    answers = {"short": np.ones(3, np.float32), "long": np.ones(5, np.float32)}
    for name, answer in answers.items():
        contender = Contender(name, 0.5, lambda heard, answer=answer: (answer, None))
        assert len(comparison.score([contender], [judged])[0].scores[name]) == 4
    with pytest.raises(ValueError, match="9 answers for 4 decisions"):
        comparison.score([Contender("wrong", 0.5, lambda heard: (np.ones(9), None))], [judged])


def test_a_threshold_is_as_bold_as_the_wish_allows():
    # Two words of ten decisions; four of the second are faint, two of them beyond the collar.
    truth = [0] * 10 + [1] * 10 + [0] * 10 + [1] * 10
    scores = [0.0] * 10 + [0.9] * 10 + [0.3] * 10 + [0.4] * 4 + [0.9] * 6
    one, net = scored_talk(scores, truth), Contender("net", 0.15, None)

    def tuned(wish):
        return tuning.tuned_threshold([one], net, tuning.parse_wish(wish), BARE)

    assert tuned("clipped words per hour <= 0") == (0.4, 0)
    assert tuned("junk seconds left per hour <= 0") == (0.31, 0)
    assert tuned("Share  removed >= 1") == (0.31, 1)
    assert tuned("recall >= 0.8") == (0.9, 0.8)
    with pytest.raises(UsageError, match=r"no threshold gives net precision >= 1\.5; the nearest is 1"):
        tuned("precision >= 1.5")


@pytest.mark.parametrize(("truth", "lacking"), [([1, 1], "remove"), ([0, 0, np.nan], "keep")])
def test_nothing_to_choose_between_is_told(truth, lacking):
    one = scored_talk([0.5] * len(truth), truth)
    contender = Contender("net", 0.15, lambda heard: (heard.samples, None))
    wish = tuning.parse_wish("recall >= 0.9")
    with pytest.raises(LabelsError, match=f"nothing to {lacking} in the labels"):
        tuning.tuned_threshold([one], contender, wish, BARE)


def test_words_are_heard_with_the_margins_of_the_cuts():
    one = scored_talk([0.0] * 20 + [0.9] * 10 + [0.0] * 20, [0] * 18 + [1] * 14 + [0] * 18)
    edges = EdgeSettings(margin_s=(0.04, 0.03), decay_s=0, quietest_s=0)
    kept = comparison.share_kept(one, "net", 0.5, CutSettings(edges=edges))
    assert kept[[17, 18, 31]].tolist() == [0, 1, 0.5]
    assert kept.sum() == pytest.approx(13.5)


def test_tables_are_as_wide_as_they_must_be():
    table = tables.text_table(("name", "n"), [("a", "1"), ("longer", "22")])
    assert table == "name     n\na        1\nlonger  22"
    assert tables.share(float("nan")) == "-"
