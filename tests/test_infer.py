"""The main job by its command line: a recording goes in, a clean one comes out, nothing is ever lost."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import infer
from cleaner.cli import run

RATE = 16_000
ROOT = Path(infer.__file__).parent
# A second of sound, one of silence, one of sound: cut to two, but for what the edges keep.
PATTERN = [1, 0, 1]
LITERAL = ["--margin", "0s", "--decay", "0s", "--quietest", "0s", "--crossfade", "0s"]


def sound_and_silence(pattern=PATTERN):
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, RATE)
    return np.concatenate([sound * on for on in pattern])


@pytest.fixture
def talk(tmp_path):
    path = tmp_path / "talk.wav"
    soundfile.write(path, sound_and_silence(), RATE)
    return path


@pytest.fixture
def clean(gate_checkpoint, capsys):
    """Run the command line; returns exit code, standard output, standard error."""

    def call(*words):
        with pytest.raises(SystemExit) as exit_:
            run(lambda: infer.main([str(w) for w in [*words, "--checkpoint", gate_checkpoint]]))
        output = capsys.readouterr()
        return exit_.value.code, output.out, output.err

    return call


def test_the_shipped_weights_need_no_torch(talk):
    program = "import sys, infer; infer.main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    command = [sys.executable, "-c", program, talk, "--quiet", "--allow-empty"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0
    assert talk.with_name("talk_cleaned.wav").exists()


def test_silence_is_cut_and_the_rest_is_the_original_bit_for_bit(talk, clean):
    code, out, err = clean(talk, *LITERAL)
    assert (code, err) == (0, "")
    before, _ = soundfile.read(talk, dtype="int16")
    after, rate = soundfile.read(talk.with_name("talk_cleaned.wav"), dtype="int16")
    cut = len(before) - len(after)
    assert rate == RATE
    # The windows of the frames at the border hear some of the sound: a decision or two of grace.
    assert abs(cut - RATE) <= 3 * RATE // 50
    join = next(i for i in range(len(after)) if before[i] != after[i])
    assert np.array_equal(after[join:], before[join + cut :])
    assert "0:03 -> 0:02" in out


def test_a_dry_run_renders_nothing_and_exports_all_the_same(talk, clean):
    code, *_ = clean(
        talk, "--dry-run", "--export", "json", "--export", "audacity", "--export", "csv", "--plot"
    )
    assert code == 0
    made = sorted(path.name for path in talk.parent.iterdir())
    assert made == ["talk.cuts.json", "talk.wav", "talk_cuts.csv", "talk_labels.txt", "talk_plot.png"]


def test_exports_agree_with_the_rendering(talk, clean):
    clean(talk, *["--export", "json", "--export", "removed", "--export", "probabilities"], *LITERAL)
    cut_list = json.loads(talk.with_name("talk.cuts.json").read_text())
    kept = sum(s["end"] - s["start"] for s in cut_list["segments"] if s["keep"])
    assert soundfile.info(talk.with_name("talk_cleaned.wav")).frames == kept
    assert soundfile.info(talk.with_name("talk_removed.wav")).frames == 3 * RATE - kept
    with np.load(talk.with_name("talk_probabilities.npz")) as answers:
        assert answers["keep"].shape == (150,)
        assert answers["keep"][25] > 0.9 > 0.1 > answers["keep"][75]


def test_a_saved_cut_list_renders_what_it_says(talk, clean):
    clean(talk, "--dry-run", "--export", "json")
    path = talk.with_name("talk.cuts.json")
    cut_list = json.loads(path.read_text())
    cut_list["segments"] = [
        {"start": 0, "end": 8_000, "keep": True, "by": "person"},
        {"start": 8_000, "end": 48_000, "keep": False, "kind": "noise", "action": "cut", "by": "person"},
    ]
    path.write_text(json.dumps(cut_list))
    assert clean(path, "-o", talk.with_name("half.flac"))[0] == 0
    assert soundfile.info(talk.with_name("half.flac")).frames == 8_000


def test_a_cut_list_that_was_edited_since_is_not_done(talk, clean):
    clean(talk, "--dry-run", "--export", "json", *LITERAL)
    path, result = talk.with_name("talk.cuts.json"), talk.with_name("talk_cleaned.wav")
    assert clean(path)[0] == 0 and soundfile.info(result).frames < 3 * RATE
    assert clean(path, "--resume") == (0, "", "1 of 1 recordings are done already\n")
    path.write_text(path.read_text().replace('"keep": false', '"keep": true'))
    os.utime(path, (2**32, 2**32))
    code, _, err = clean(path, "--resume")
    assert code == 2 and "talk_cleaned.wav exists and is older than" in err and "talk.cuts.json;" in err
    assert clean(path, "--resume", "--force")[0] == 0
    assert soundfile.info(result).frames == 3 * RATE


def test_a_persons_decisions_survive_a_later_run(talk, clean):
    clean(talk, "--dry-run", "--export", "json", *LITERAL)
    path = talk.with_name("talk.cuts.json")
    cut_list = json.loads(path.read_text())
    cut_list["segments"][1] |= {"keep": True, "action": "keep", "by": "person"}
    path.write_text(json.dumps(cut_list))
    assert clean(talk, "--force", "--export", "json", *LITERAL)[0] == 0
    assert soundfile.info(talk.with_name("talk_cleaned.wav")).frames == 3 * RATE
    assert "person" in path.read_text()


def test_where_keep_and_action_disagree_keep_decides_and_that_is_said(talk, clean):
    clean(talk, "--dry-run", "--export", "json", *LITERAL)
    path = talk.with_name("talk.cuts.json")
    path.write_text(path.read_text().replace('"keep": false', '"keep": true'))
    said = f"{path}: in 1 segment keep and action disagree, first at 0:01; keep decides\n"
    for named in (path, talk):  # rendered as it is, and as what a person decided before
        code, _, err = clean(named, "--force", "--quiet")
        assert code == 0 and err.endswith(said) and err.count("\n") == 1
        assert soundfile.info(talk.with_name("talk_cleaned.wav")).frames == 3 * RATE


def test_marks_that_do_not_count_are_told(talk, clean):
    labels = talk.with_name("labels.txt")
    labels.write_text("1\t1\tchapter\n1\t2\tad\n2.9\t4\tad\n9\t10\tad\n")
    said = [
        f"warning: {talk}: {labels}: 1 mark without length: left out",
        f"warning: {talk}: {labels}: 2 marks outside the recording's 3 s: cut there",
    ]
    decided = clean(talk, "--dry-run", "--export", "json", "--quiet", "--cut", labels)
    assert decided[0] == 0 and decided[2].splitlines() == said
    rendered = clean(talk.with_name("talk.cuts.json"), "--quiet", "--cut", labels, "--keep", labels)
    assert rendered[0] == 0 and rendered[2].splitlines() == said


def test_decisions_that_may_be_on_another_recording_are_told(talk, clean, tmp_path):
    for day, pattern in (("monday", [1, 0, 1]), ("tuesday", [0, 1, 1])):
        (tmp_path / day).mkdir()
        soundfile.write(tmp_path / day / "talk.wav", sound_and_silence(pattern), RATE)
    options = ["-o", tmp_path / "out", "--force", "--export", "json"]
    assert clean(tmp_path / "monday" / "talk.wav", *options, "--cut", "2s,3s")[2] == ""
    code, _, err = clean(tmp_path / "tuesday" / "talk.wav", *options)
    assert (code, err.count("\n")) == (0, 1)
    assert "out/talk.cuts.json was made of another file of this length" in err


def test_the_report_is_json_on_request(talk, clean):
    code, out, _ = clean(talk, "--json", "--dry-run")
    report = json.loads(out)
    assert code == 0
    assert report["recording"] == str(talk)
    assert report["before_s"] == 3
    assert report["cuts"] == 1
    assert report["after_s"] == pytest.approx(3 - sum(report["removed_s"].values()))


def test_a_name_that_is_no_text_is_cleaned_and_told_all_the_same(talk, tmp_path, gate_checkpoint):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/t\xffalk.wav"))
    talk.rename(path)
    words = ["--export", "json", "--export", "csv", "--export", "audacity", "--plot", "--json"]
    process = command(path, *words, "--checkpoint", gate_checkpoint, stdout=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["recording"] == str(path)
    process = command(path.with_name(path.stem + ".cuts.json"), "-o", tmp_path / "again.wav")
    assert process.communicate(timeout=60)[1] == "" and process.returncode == 0


def test_what_stays_but_softer_is_told(talk, clean):
    report = json.loads(clean(talk, "--action", "mute", "--json")[1])
    assert report["removed_s"] == {} and report["cuts"] == 0
    assert report["softened_s"] == {"mute": pytest.approx(1, abs=0.1)}
    assert "stays, but softer: mute 0:00.9" in clean(talk, "--action", "mute", "--force")[1]


def test_a_closed_standard_output_is_no_fault(talk, gate_checkpoint):
    words = [sys.executable, str(ROOT / "infer.py"), str(talk), "--checkpoint", str(gate_checkpoint)]
    done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("gain", "is_told"), [(0.05, False), (0.003, True), (0, False)])
def test_a_recording_too_soft_to_be_heard_is_told(tmp_path, clean, gain, is_told):
    soundfile.write(tmp_path / "soft.wav", sound_and_silence() * gain, RATE, subtype="FLOAT")
    told = "it is very soft, -65 dBFS where it is loud" in clean(tmp_path / "soft.wav", "--allow-empty")[2]
    assert told == is_told


def test_a_closed_standard_error_is_no_fault(talk, gate_checkpoint):
    words = [
        sys.executable,
        str(ROOT / "infer.py"),
        str(talk),
        "--checkpoint",
        str(gate_checkpoint),
        "--json",
    ]
    done = subprocess.run(["bash", "-c", '"$@" 2>&-', "bash", *words], capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["cuts"] == 1


def test_what_is_said_to_programs_goes_through_any_pipe(talk, gate_checkpoint):
    named = talk.rename(talk.with_name("Folge \U0001f600.wav"))
    words = [sys.executable, ROOT / "infer.py", named, "--checkpoint", gate_checkpoint, "--dry-run", "--json"]
    done = subprocess.run(words, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    assert json.loads(done.stdout)["recording"] == str(named)


def test_a_cut_list_of_a_link_gives_what_the_link_itself_gives(talk, clean, tmp_path):
    (tmp_path / "store").mkdir()
    stored, link = talk.rename(tmp_path / "store" / "4f2a.wav"), tmp_path / "episode.wav"
    link.symlink_to(stored)
    clean(link, "--dry-run", "--export", "json")
    assert clean(tmp_path / "episode.cuts.json")[0] == 0
    assert (tmp_path / "episode_cleaned.wav").is_file()
    assert [path.name for path in stored.parent.iterdir()] == ["4f2a.wav"]


def test_what_was_edited_by_hand_survives_later_runs(talk, clean):
    clean(talk, "--export", "json")
    path = talk.with_name("talk.cuts.json")
    path.write_text(path.read_text().replace('"keep": false', '"keep": true').replace('"cut"', '"keep"'))
    assert clean(talk, "--export", "json", "--force")[0] == 0
    assert soundfile.info(talk.with_name("talk_cleaned.wav")).frames == 3 * RATE
    assert clean(talk, "--force")[0] == 0
    assert soundfile.info(talk.with_name("talk_cleaned.wav")).frames == 3 * RATE


def test_what_is_exported_of_a_cut_list_says_how_it_was_joined(talk, clean):
    clean(talk, "--dry-run", "--export", "json")
    path = talk.with_name("talk.cuts.json")
    moved = path.rename(talk.with_name("moved.cuts.json"))
    clean(moved, "--crossfade", "50ms", "--export", "json")
    assert json.loads(path.read_text())["settings"]["crossfade_s"] == 0.05


def test_what_is_only_softer_was_not_removed(talk, clean):
    code, _, err = clean(talk, "--action", "duck:-12dB", "--export", "removed")
    assert code == 0 and "talk_removed.wav is not written: nothing was removed" in err


@pytest.mark.parametrize("name", ["12:30.wav", "file:x.wav", "http:y.wav"])
def test_a_name_is_never_an_address(talk, tmp_path, monkeypatch, clean, name):
    talk.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert clean(name, "-o", f"out:{name}")[0] == 0
    assert soundfile.info(tmp_path / f"out:{name}").frames > 0


def test_a_folder_answers_in_a_list_even_if_it_holds_one_recording(talk, clean, tmp_path):
    assert isinstance(json.loads(clean(talk, "--json", "--dry-run")[1]), dict)
    assert [one["recording"] for one in json.loads(clean(tmp_path, "--json")[1])] == [str(talk)]
    assert json.loads(clean(tmp_path, "--json", "--resume")[1]) == []
    assert json.loads(clean(talk, "--json", "--resume")[1]) == []


def test_a_threshold_to_end_at_above_the_one_to_begin_at_is_refused(talk, clean):
    """The gate's own threshold holds where none is given."""
    for words in (["--exit-threshold", "0.9"], ["--threshold", "0.3", "--exit-threshold", "0.31"]):
        code, out, said = clean(talk, *words)
        assert (code, out) == (2, "") and "must not be above the threshold" in said and said.count("\n") == 1
    assert clean(talk, "--threshold", "0.3", "--exit-threshold", "0.3")[0] == 0


def test_a_cut_list_that_is_rendered_is_an_input_and_never_overwritten(talk, clean, tmp_path):
    clean(talk, "--dry-run", "--export", "json")
    edited = (tmp_path / "talk.cuts.json").read_bytes()
    code, _, said = clean(tmp_path / "talk.cuts.json", "--export", "json", "--force")
    assert code == 2 and "is an input" in said
    assert (tmp_path / "talk.cuts.json").read_bytes() == edited


@pytest.mark.parametrize("option", ["--cut", "--keep"])
def test_a_label_file_is_an_input_and_never_overwritten(talk, clean, option):
    labels = talk.with_name("talk_labels.txt")
    labels.write_text("1.0\t2.0\tmy ad\n")
    code, _, said = clean(talk, option, labels, "--export", "audacity", "--force")
    assert code == 2 and "talk_labels.txt is an input" in said
    assert labels.read_text() == "1.0\t2.0\tmy ad\n"


def test_the_writer_takes_no_more_cores_than_it_may(talk, clean, monkeypatch):
    import cleaner.render

    asked = []
    render = cleaner.render.render
    monkeypatch.setattr(cleaner.render, "render", lambda *a, **k: asked.append(k["jobs"]) or render(*a, **k))
    assert clean(talk, "--jobs", 3)[0] == 0
    assert asked == [3]


def test_where_nothing_is_removed_nothing_is_claimed_to_hold_it(tmp_path, clean):
    path = tmp_path / "all.wav"
    soundfile.write(path, sound_and_silence([1]), RATE)
    code, out, err = clean(path, "--export", "removed", "--json")
    assert code == 0 and "all_removed.wav is not written: nothing was removed" in err
    assert json.loads(out)["files"] == [str(tmp_path / "all_cleaned.wav")]
    assert json.loads(clean(path, "--export", "removed", "--json", "--resume")[1]) == []


def test_force_overwrites_results_and_exports(talk, clean):
    exports = ["--export", "json", "--export", "removed", "--plot"]
    assert clean(talk, *exports)[0] == 0
    first = talk.with_name("talk_cleaned.wav").read_bytes()
    assert clean(talk, *exports)[0] == 2
    code, _, err = clean(talk, *exports, "--force", "--threshold", "0")
    assert code == 0
    assert "nothing was removed" in err
    assert clean(talk, *exports, "--force")[0] == 0
    assert talk.with_name("talk_cleaned.wav").read_bytes() == first


def test_quiet_says_nothing(talk, clean):
    assert clean(talk, "--quiet") == (0, "", "")


def test_a_folder_is_cleaned_into_a_folder_and_one_bad_file_does_not_stop_the_rest(talk, clean, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF, not really")
    code, _, err = clean(tmp_path, "-o", tmp_path / "out")
    assert code == 1
    assert "broken.wav" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["talk_cleaned.wav"]


def test_nothing_but_silence_is_said_and_not_written(tmp_path, clean):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    code, _, err = clean(path, "--plot")
    assert code == 3
    assert "holds no speech" in err
    assert list(tmp_path.iterdir()) == [path]
    assert clean(path, "--plot", "--allow-empty")[0] == 0


def test_empty_results_are_written_when_allowed(tmp_path, clean):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    assert clean(path, "--allow-empty")[0] == 0
    assert soundfile.info(tmp_path / "silence_cleaned.wav").frames == 0
    assert clean(path, "--allow-empty", "--check", "--force")[0] == 0  # there is nothing to be heard in it


@pytest.mark.parametrize("samples", [1, 399, 400, 401, 639])
def test_the_shortest_recordings_are_kept_whole(tmp_path, clean, samples):
    path = tmp_path / "short.wav"
    soundfile.write(path, sound_and_silence([1])[:samples], RATE)
    code, _, err = clean(path, "--min-clip", "0s")
    assert (code, err) in [(0, ""), (3, err)]
    if code == 0:
        assert soundfile.info(tmp_path / "short_cleaned.wav").frames == samples


BAD_USAGE = {
    "no such file": ["missing.wav"],
    "a time without a unit": ["talk.wav", "--margin", "0.2"],
    "a probability beyond 1": ["talk.wav", "--threshold", "1.5"],
    "NaN": ["talk.wav", "--threshold", "nan"],
    "an unknown export": ["talk.wav", "--export", "premiere"],
    "an unknown action": ["talk.wav", "--action", "explode"],
    "the output is the input": ["talk.wav", "-o", "talk.wav", "--force"],
    "no such output folder": ["talk.wav", "-o", "missing/talk.wav"],
    "an output folder that takes no files": ["talk.wav", "-o", "/proc/talk.wav"],
    "an output that exists": ["talk.wav", "-o", "taken.wav"],
    "an empty folder": ["empty"],
    "an empty range": ["talk.wav", "--cut", "2s,1s"],
    "an unknown format": ["talk.wav", "-o", "talk.xyz"],
    "standard output": ["talk.wav", "-o", "-"],
}


@pytest.mark.parametrize("words", BAD_USAGE.values(), ids=BAD_USAGE.keys())
def test_a_mistake_is_one_line_and_changes_nothing(talk, clean, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken.wav").write_bytes(b"somebody's")
    there = {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = clean(*words)
    assert code == 2
    assert (out, err.count("\n")) == ("", 1)
    assert there == {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}


BAD_FILES = {
    "empty": b"",
    "not audio": b"Dear diary, today I recorded nothing.\n" * 40,
    "a header and no sound": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0"
    b"data\0\0\0\0",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_one_line_and_leaves_nothing_behind(tmp_path, clean, content):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    code, out, err = clean(path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "bad.wav" in err
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("option", [["--plot"], ["--export", "probabilities"]])
def test_what_a_saved_cut_list_cannot_tell_is_said_beforehand(talk, clean, option):
    clean(talk, "--dry-run", "--export", "json")
    code, _, err = clean(talk.with_name("talk.cuts.json"), *option)
    assert code == 2
    assert option[-1] in err


BROKEN_CUT_LISTS = {
    "not JSON": lambda text: text[: len(text) // 2],
    "a gap": lambda text: text.replace('"start": 0', '"start": 5'),
    "another recording": lambda text: text.replace('"fingerprint": "', '"fingerprint": "1'),
    "another rate": lambda text: text.replace('"sample_rate": 16000', '"sample_rate": 8000'),
    "another version": lambda text: text.replace('"version": 1', '"version": 9'),
}


@pytest.mark.parametrize("broken", BROKEN_CUT_LISTS.values(), ids=BROKEN_CUT_LISTS.keys())
def test_a_broken_cut_list_is_one_line(talk, clean, broken):
    clean(talk, "--dry-run", "--export", "json")
    path = talk.with_name("talk.cuts.json")
    path.write_text(broken(path.read_text()))
    code, out, err = clean(path, "-o", talk.with_name("out.wav"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert not talk.with_name("out.wav").exists()


@pytest.mark.parametrize(("name", "words"), [("talk.cuts.json", []), ("labels.txt", ["--cut", "labels.txt"])])
def test_what_can_be_read_beforehand_is_refused_before_the_slow_work(
    talk, clean, tmp_path, monkeypatch, name, words
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cleaner.deciding.detect", lambda *_: pytest.fail("this is slow"))
    (tmp_path / name).write_text("nonsense")
    code, out, err = clean(talk, *words)
    assert (code, out, err.count("\n")) == (1, "", 1) and name in err


def test_help_names_every_option_and_preset(capsys):
    with pytest.raises(SystemExit):
        infer.main(["--help"])
    text = capsys.readouterr().out
    names = "threshold exit-threshold margin min-cut min-clip crossfade dry-run export checkpoint device plot"
    for name in [*names.split(), "quiet", "json", "force", "allow-empty", "action", "preset", "max-pause"]:
        assert f"--{name}" in text
    for preset in ["tight", "natural", "audiobook", "lecture"]:
        assert preset in text


def command(*words, **options):
    return subprocess.Popen(
        [sys.executable, ROOT / "infer.py", *map(str, words)], stderr=subprocess.PIPE, text=True, **options
    )


# infer.py, but that it waits to be interrupted once the first samples are written.
HALF_WAY = """
import runpy, sys, time
from cleaner.audio import Writer
write = Writer.write
def write_and_wait(self, block):
    write(self, block)
    print("half-way", flush=True)
    time.sleep(60)
Writer.write = write_and_wait
runpy.run_path("infer.py", run_name="__main__")
"""


def test_ctrl_c_leaves_nothing_half_written(talk, gate_checkpoint):
    words = [talk, "-o", talk.with_name("clean.flac"), "--checkpoint", gate_checkpoint]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", HALF_WAY, *words], cwd=ROOT, **pipes)
    assert process.stdout.readline() == "half-way\n"
    assert len(list(talk.parent.iterdir())) == 2
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert list(talk.parent.iterdir()) == [talk]


@pytest.mark.parametrize(
    ("room", "words"),
    [(200_000, []), (10_000, ["--plot", "--dry-run"]), (500, ["--export", "json", "--dry-run"])],
)
def test_a_full_disk_is_one_line_and_leaves_nothing_behind(tmp_path, gate_checkpoint, room, words):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(sound_and_silence(), 20), RATE)

    def small_files_only():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = command(
        path, *words, "--checkpoint", gate_checkpoint, preexec_fn=small_files_only, env={**os.environ}
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("error: ") and err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == [path]
