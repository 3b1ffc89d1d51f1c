"""How a person asks for cuts on the command line, through the real command and the shipped network."""

import json
import shutil

import numpy as np
import pytest
import soundfile

import infer
from cleaner.audio import open_recording
from cleaner.audio.loudness import measure
from cleaner.errors import UsageError


@pytest.fixture
def spoken(shared_data, tmp_path):
    path = tmp_path / "talk.flac"
    shutil.copy(shared_data / "formats" / "openai_whisper-jfk.flac", path)
    return path


def cut_list_of(path):
    return json.loads(path.with_name("talk.cuts.json").read_text())


def kept_s(cut_list):
    stays = [s for s in cut_list["segments"] if s["action"] not in ("cut", "shorten")]
    return sum(s["end"] - s["start"] for s in stays) / cut_list["source"]["sample_rate"]


def run(path, *options):
    return infer.main([str(path), "--quiet", "--force", "--export", "json", *map(str, options)])


def test_a_result_at_a_loudness_passes_its_check(spoken, capsys):
    assert run(spoken, "--loudness", "-16LUFS", "--check", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["faults"] == [] and report["check"][0] == "check: all within limits"
    with open_recording(spoken.with_name("talk_cleaned.flac")) as result:
        assert measure(result.blocks(), result.info).integrated_lufs == pytest.approx(-16, abs=0.5)


def test_presets_and_pace_change_how_much_stays(spoken):
    lengths = {}
    for name in ("tight", "natural", "audiobook", "lecture"):
        run(spoken, "--dry-run", "--preset", name)
        lengths[name] = kept_s(cut_list_of(spoken))
    assert lengths["tight"] < lengths["natural"] < lengths["audiobook"] == pytest.approx(11, abs=0.01)
    assert lengths["tight"] < lengths["lecture"] <= lengths["audiobook"]
    run(spoken, "--dry-run", "--target-duration", "10s")
    assert kept_s(cut_list_of(spoken)) == pytest.approx(10, abs=0.01)


@pytest.mark.parametrize(("target", "nearest"), [("2s", "shortest"), ("1h", "longest")])
def test_a_target_out_of_reach_is_told_with_the_nearest_there_is(spoken, capsys, target, nearest):
    run(spoken, "--dry-run", "--target-duration", target)
    said = capsys.readouterr().err
    assert "cannot be reached by its pauses alone" in said and f"is the {nearest} there is" in said
    run(spoken, "--dry-run", "--target-duration", "10s")
    assert capsys.readouterr().err == ""


def test_a_saved_cut_list_takes_forced_ranges_and_refuses_what_would_decide_again(spoken, tmp_path):
    run(spoken, "--dry-run")
    saved = spoken.with_name("talk.cuts.json")
    again = tmp_path / "again" / "talk.flac"
    again.parent.mkdir()
    assert run(saved, "-o", again, "--cut", "0s,1s", "--keep", "9s,11s") == 0
    segments = cut_list_of(again)["segments"]
    assert segments[0] | {"probability": None} == {
        "start": 0, "end": 44_100, "keep": False, "kind": "", "action": "cut", "probability": None,
        "by": "person",
    }  # fmt: skip
    assert segments[-1]["by"] == "person" and segments[-1]["keep"]
    with pytest.raises(UsageError, match="--preset needs the network's answers; a saved cut list holds none"):
        run(saved, "-o", again, "--preset", "natural")
    with pytest.raises(UsageError, match="--export probabilities needs"):
        run(saved, "-o", again, "--export", "probabilities")
    with pytest.raises(UsageError, match="--margin needs"):
        run(saved, "-o", again, "--margin", "0.1s")


def test_what_is_forced_is_exact_and_survives_later_runs(spoken):
    run(spoken, "--dry-run", "--cut", "1s,2.5s", "--cut", "-1s,end", "--keep", "2s,3s")
    run(spoken, "--dry-run", "--threshold", "0.9")
    rate = cut_list_of(spoken)["source"]["sample_rate"]
    person = [s for s in cut_list_of(spoken)["segments"] if s["by"] == "person"]
    assert [(s["start"] / rate, s["end"] / rate, s["keep"]) for s in person] == [
        (1, 2, False),
        (2, 3, True),
        (10, 11, False),
    ]


def turned_by_hand(path):
    """Turn the first cut of a saved list, as a person does in an editor; returns where it lies."""
    saved = path.with_name("talk.cuts.json")
    content = json.loads(saved.read_text())
    turned = next(s for s in content["segments"] if not s["keep"])
    turned["keep"] = True
    saved.write_text(json.dumps(content))
    return turned["start"], turned["end"]


def by_person_in(path):
    return [(s["start"], s["end"], s["keep"]) for s in cut_list_of(path)["segments"] if s["by"] == "person"]


def test_what_is_turned_by_hand_survives_later_runs(spoken):
    run(spoken, "--dry-run")
    start, end = turned_by_hand(spoken)
    run(spoken, "--dry-run")
    run(spoken, "--dry-run", "--threshold", "0.9")
    assert by_person_in(spoken) == [(start, end, True)]


def test_a_list_beside_the_recording_counts_wherever_the_result_goes(spoken, tmp_path):
    run(spoken, "--dry-run")
    start, end = turned_by_hand(spoken)
    (tmp_path / "out").mkdir()
    run(spoken, "--dry-run", "-o", tmp_path / "out")
    assert by_person_in(tmp_path / "out" / "talk.flac") == [(start, end, True)]


def test_decisions_survive_new_tags_and_are_not_overwritten_by_those_on_another_recording(spoken):
    run(spoken, "--dry-run")
    start, end = turned_by_hand(spoken)
    samples, rate_hz = soundfile.read(spoken, dtype="int16")
    soundfile.write(spoken, samples, rate_hz, compression_level=0.0)
    run(spoken, "--dry-run")
    assert by_person_in(spoken) == [(start, end, True)]
    soundfile.write(spoken, samples[: 5 * rate_hz], rate_hz)
    with pytest.raises(UsageError, match="holds a person's decisions on another recording"):
        run(spoken, "--dry-run")
    assert by_person_in(spoken) == [(start, end, True)]


def test_ranges_may_come_from_a_label_file(spoken, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("0.5\t1.0\tadvert\n3\t4\t\n")
    run(spoken, "--dry-run", "--cut", labels)
    rate = cut_list_of(spoken)["source"]["sample_rate"]
    person = [s for s in cut_list_of(spoken)["segments"] if s["by"] == "person"]
    assert [(s["start"] / rate, s["end"] / rate) for s in person] == [(0.5, 1.0), (3, 4)]


def test_a_saved_cut_list_renders_the_same_without_the_network(spoken, tmp_path):
    run(spoken, "--preset", "natural", "--action", "noise=duck:room", "--crossfade", "20ms")
    again = tmp_path / "again.flac"
    assert infer.main([str(spoken.with_name("talk.cuts.json")), "-o", str(again), "--quiet"]) == 0
    results = []
    for path in (spoken.with_name("talk_cleaned.flac"), again):
        with open_recording(path) as recording:
            results.append(np.concatenate(list(recording.blocks()), axis=1))
    assert np.array_equal(*results)
