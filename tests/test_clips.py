import os
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from cleaner.audio import analysis_blocks, open_recording
from cleaner.audio.clips import read_clip, write_clip
from cleaner.clips import SliceSettings, parse_clip_seconds, slice_recording
from cleaner.dataset import load_dataset, open_dataset
from cleaner.errors import AudioFileError, CleanerError, LabelsError, UsageError, WriteError
from cleaner.features import log_mel
from cleaner.label_form import ClipLabel, Removal
from cleaner.labels import read_labels, update_labels
from cleaner.manifest import read_manifest
from cleaner.samples import to_float

TWO_SECONDS = SliceSettings(clip_seconds=2.0)


def noise(seconds, rate_hz=8_000, channels=1, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(-8_000, 8_000, (channels, round(seconds * rate_hz)), np.int16)


@pytest.fixture
def recording(tmp_path):
    """5.3 s of stereo noise at 8 kHz."""
    write_clip(tmp_path / "ep.wav", noise(5.3, channels=2), 8_000)
    return tmp_path / "ep.wav"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def whole_mel(path):
    with open_recording(path) as source:
        return log_mel(np.concatenate(list(analysis_blocks(source.blocks(), source.info.sample_rate_hz))))


def test_clips_laid_end_to_end_are_the_recording(recording, data):
    sliced = slice_recording(recording, data, TWO_SECONDS)
    assert [clip.clip for clip in sliced.clips] == ["ep_0", "ep_1", "ep_2"]
    pieces = [read_clip(clip.wav) for clip in sliced.clips]
    assert {rate_hz for _, rate_hz in pieces} == {8_000}
    assert np.array_equal(np.concatenate([piece for piece, _ in pieces], axis=1), read_clip(recording)[0])
    assert [clip.duration_s for clip in sliced.clips] == [2.0, 2.0, pytest.approx(1.3)]


def test_mels_laid_end_to_end_are_the_recordings(recording, data):
    sliced = slice_recording(recording, data, TWO_SECONDS)
    mels = [np.load(clip.mel) for clip in sliced.clips]
    assert [mel.shape for mel in mels] == [(200, 64), (200, 64), (130, 64)]
    assert {mel.dtype for mel in mels} == {np.dtype(np.float32)}
    assert np.allclose(np.concatenate(mels).T, whole_mel(recording), rtol=0, atol=1e-5)


@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100])
@pytest.mark.parametrize("extra_samples", [-1, 0, 1])
def test_no_sample_and_no_frame_is_lost_near_a_border(tmp_path, data, rate_hz, extra_samples):
    samples = noise(4.1, rate_hz)[:, : 202 * rate_hz // 50 + extra_samples]
    write_clip(tmp_path / "a.wav", samples, rate_hz)
    sliced = slice_recording(tmp_path / "a.wav", data, SliceSettings(clip_seconds=2.02))
    assert len(sliced.clips) == (3 if extra_samples > 0 else 2)
    assert sum(clip.samples for clip in sliced.clips) == samples.shape[1]
    frames = [len(np.load(clip.mel)) for clip in sliced.clips]
    assert sum(frames) == whole_mel(tmp_path / "a.wav").shape[1] and set(frames[:-1]) <= {202}
    assert len(list((data / "mels").iterdir())) == len(sliced.clips)
    load_dataset(data)


def test_the_manifest_says_where_each_clip_is_from(recording, data):
    slice_recording(recording, data, TWO_SECONDS)
    header, first, *_ = (data / "manifest.csv").read_text().splitlines()
    assert header == "clip,recording,path,index,start_s,duration_s,sample_rate,channels,fingerprint"
    assert first.startswith("ep_0,ep,../ep.wav,0,0.000000,2.000000,8000,2,")
    assert [clip.start_s for clip in read_manifest(data).values()] == [0.0, 2.0, 4.0]


def test_new_clips_are_entered_as_not_looked_at(recording, data):
    slice_recording(recording, data, TWO_SECONDS)
    labels = read_labels(data / "labels.json")
    assert list(labels) == ["ep_0", "ep_1", "ep_2"]
    assert not any(label.trains for label in labels.values())


def test_a_recording_is_recognised_under_any_name_and_no_label_is_lost(recording, data, tmp_path):
    slice_recording(recording, data, TWO_SECONDS)
    update_labels(
        data / "labels.json", lambda labels: {"ep_1": ClipLabel(2.0, (Removal(0, 1),), reviewed=True)}
    )
    before = (data / "labels.json").read_bytes(), (data / "manifest.csv").read_bytes()
    (tmp_path / "other.wav").write_bytes(recording.read_bytes())
    for path in (recording, tmp_path / "other.wav"):
        sliced = slice_recording(path, data, TWO_SECONDS)
        assert sliced.was_there and sliced.recording == "ep" and len(sliced.clips) == 3
    assert before == ((data / "labels.json").read_bytes(), (data / "manifest.csv").read_bytes())


def test_what_is_missing_is_made_again(recording, data):
    first = slice_recording(recording, data, TWO_SECONDS)
    contents = first.clips[1].wav.read_bytes()
    first.clips[1].wav.unlink()
    first.clips[2].mel.unlink()
    (data / "labels.json").unlink()
    again = slice_recording(recording, data, TWO_SECONDS)
    assert not again.was_there and again.clips == first.clips
    assert again.clips[1].wav.read_bytes() == contents and again.clips[2].mel.exists()
    assert len(read_labels(data / "labels.json")) == 3


def test_two_recordings_of_one_name_live_side_by_side(recording, data, tmp_path):
    slice_recording(recording, data, TWO_SECONDS)
    (tmp_path / "b").mkdir()
    write_clip(tmp_path / "b" / "ep.wav", noise(2.5, seed=1), 8_000)
    second = slice_recording(tmp_path / "b" / "ep.wav", data, TWO_SECONDS)
    assert [clip.clip for clip in second.clips] == ["ep-2_0", "ep-2_1"]
    assert len(read_manifest(data)) == 5 and len(read_labels(data / "labels.json")) == 5


@pytest.mark.parametrize(
    "stem", ["épisode #1 (final)", "a_1", "two\nlines", 'a "quoted", name', "-2", "..x", "ä" * 120]
)
def test_recordings_of_any_name_go_in_and_come_out(tmp_path, data, stem):
    write_clip(tmp_path / f"{stem}.wav", noise(2.5), 8_000)
    assert slice_recording(tmp_path / f"{stem}.wav", data, TWO_SECONDS).recording == stem
    assert slice_recording(tmp_path / f"{stem}.wav", data, TWO_SECONDS).was_there
    assert [record.clip for record in load_dataset(data)] == [f"{stem}_0", f"{stem}_1"]


def test_a_name_that_is_no_text_is_refused(tmp_path, data):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")
    write_clip(path, noise(1), 8_000)
    with pytest.raises(AudioFileError, match=r"\\udcff\.wav' is not UTF-8: rename the file"):
        slice_recording(path, data)


def test_another_clip_length_for_the_same_recording_is_refused(recording, data):
    slice_recording(recording, data, TWO_SECONDS)
    with pytest.raises(LabelsError, match=r"clips of 2 s .* for clips of 5 s take another data folder"):
        slice_recording(recording, data)
    assert len(read_manifest(data)) == 3


def test_a_broken_labels_file_stops_the_work_and_stays(recording, data):
    data.mkdir()
    (data / "labels.json").write_text('{"ep_0": {"duration')
    with pytest.raises(LabelsError, match="not whole JSON"):
        slice_recording(recording, data)
    assert (data / "labels.json").read_text() == '{"ep_0": {"duration'
    assert not (data / "clips").exists()


@pytest.mark.parametrize("name", ["clips/ep_1.wav", "mels/ep_1.npy"])
def test_a_clip_that_cannot_be_written_is_named_and_nothing_is_left_beside(recording, data, name):
    (data / name).mkdir(parents=True)
    with pytest.raises(WriteError, match=rf"{name} cannot be written: Is a directory$"):
        slice_recording(recording, data, TWO_SECONDS)
    assert not list(data.glob("*/.*")) and not (data / "manifest.csv").exists()


def test_a_recording_without_sound_is_named(tmp_path, data):
    write_clip(tmp_path / "none.wav", noise(0), 8_000)
    with pytest.raises(AudioFileError, match=r"none\.wav"):
        slice_recording(tmp_path / "none.wav", data)


@pytest.mark.parametrize("text", ["0", "0.5", "61", "4.99", "nan", "five"])
def test_an_impossible_clip_length_is_refused(text):
    with pytest.raises(UsageError, match=text):
        parse_clip_seconds(text)


def test_progress_goes_up_to_the_whole_length(recording, data):
    seconds = []
    slice_recording(recording, data, TWO_SECONDS, seconds.append)
    assert seconds[-1] == pytest.approx(5.3) and all(a <= b for a, b in pairwise(seconds))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("clip,recording", "has the columns"),
        ("{header}\n../../x_0,../../x,p,0,0,5,8000,1,f", "line 2 is not a clip"),
        ("{header}\nep_0,ep,p,1,0,5,8000,1,f", "'ep_0' is not ep_1"),
        ("{header}\nep_0,ep,p,0,zero,5,8000,1,f", "could not convert"),
        ("{header}\nep_0,ep", "line 2 is not a clip"),
        ("{header}\nep_0,ep,p,0,-1,5,8000,1,f", "line 2 is not a clip: -1 s"),
        ("{header}\nep_0,ep,p,0,0,nan,8000,1,f", "line 2 is not a clip: 0 s, nan s"),
        ("{header}\nep_0,ep,p,0,0,5,0,1,f", "line 2 is not a clip: 0 s, 5 s, 0 Hz"),
        ("{header}\nep_0,ep,p,0,0,5,8000,0,f", "0 channels"),
    ],
)
def test_a_broken_manifest_is_named_by_its_line(data, row, says):
    header = "clip,recording,path,index,start_s,duration_s,sample_rate,channels,fingerprint"
    data.mkdir()
    (data / "manifest.csv").write_text(row.format(header=header) + "\n")
    with pytest.raises(LabelsError, match=says):
        open_dataset(data)


def test_a_file_that_is_no_sound_leaves_no_trace(tmp_path, data):
    (tmp_path / "text.mp3").write_text("not a sound" * 100)
    with pytest.raises(CleanerError, match=r"text\.mp3"):
        slice_recording(tmp_path / "text.mp3", data)
    assert not (data / "manifest.csv").exists()


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("uberi-audio-stereo-8-bit-44100Hz.wav", "PCM_U8"),
        ("uberi-audio-stereo-16-bit-44100Hz.flac", "PCM_16"),
        ("uberi-audio-stereo-24-bit-44100Hz.flac", "PCM_24"),
        ("uberi-audio-mono-32-bit-44100Hz.wav", "PCM_32"),
        ("audiomentations-mono_float64.wav", "DOUBLE"),
        ("coqui_tests-LJ001-0010.mp3", "PCM_16"),
        ("whisperkit-8_Channel_ID.m4a", "PCM_16"),
        ("audiomentations-ms_adpcm.wav", "PCM_16"),
    ],
)
def test_clips_have_the_rate_channels_and_depth_of_their_source(shared_data, data, name, stored):
    path = shared_data / "formats" / name
    sliced = slice_recording(path, data, TWO_SECONDS)
    with open_recording(path) as source:
        samples = np.concatenate(list(source.blocks()), axis=1)
    pieces = np.concatenate([read_clip(clip.wav)[0] for clip in sliced.clips], axis=1)
    assert {soundfile.info(clip.wav).subtype for clip in sliced.clips} == {stored}
    assert {clip.sample_rate_hz for clip in sliced.clips} == {source.info.sample_rate_hz}
    assert pieces.shape == samples.shape
    assert np.abs(to_float(pieces) - to_float(samples).clip(-1, 1)).max() <= 2**-15
    assert stored == "PCM_16" or np.array_equal(pieces, samples)
