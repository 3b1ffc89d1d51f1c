"""Writing: the source's own format comes back, to the sample, with all that went along; or nothing does."""

import resource

import numpy as np
import pytest
import soundfile

from cleaner.audio import Chapter, Cover, Writer, open_recording, output_format
from cleaner.errors import AudioFileError

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6360606000000004"
    "000127349a8d0000000049454e44ae426082"
)


def samples_of(path) -> np.ndarray:
    with open_recording(path) as recording:
        return np.concatenate(list(recording.blocks()), axis=1)


def wav(path, samples=30_000, rate_hz=44_100, channels=2, subtype="PCM_16"):
    """A wav file of quiet noise, the same on every call."""
    noise = np.random.default_rng(0).normal(0, 0.05, (samples, channels))
    soundfile.write(path, noise, rate_hz, subtype=subtype)
    return path


def copy(source, target, **extras) -> Writer:
    with open_recording(source) as recording:
        output = output_format(recording.info, target.suffix)
        with Writer(target, output, **extras) as writer:
            for block in recording.blocks():
                writer.write(block)
    return writer


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_depth_of_wav_comes_back_bit_for_bit(tmp_path, subtype, channels):
    source = wav(tmp_path / "a.wav", channels=channels, subtype=subtype)
    writer = copy(source, tmp_path / "b.wav")
    assert writer.warnings == []
    before, after = open_recording(source).info, open_recording(tmp_path / "b.wav").info
    assert (after.codec, after.bits, after.sample_rate_hz) == (
        before.codec,
        before.bits,
        before.sample_rate_hz,
    )
    np.testing.assert_array_equal(samples_of(source), samples_of(tmp_path / "b.wav"))


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_up_to_eight_channels_come_back_bit_for_bit(tmp_path, channels, suffix):
    source = wav(tmp_path / "a.wav", samples=5_000, channels=channels)
    copy(source, tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(samples_of(source), samples_of(tmp_path / f"b{suffix}"))


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".mp4", ".ogg", ".flac", ".aiff", ".mka", ".caf", ".w64"])
@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_a_round_trip_keeps_the_length_to_the_sample_and_the_place(tmp_path, suffix, rate_hz):
    source, target = wav(tmp_path / "a.wav", rate_hz=rate_hz, channels=1), tmp_path / f"b{suffix}"
    copy(source, target)
    before, after = samples_of(source)[0].astype(float), samples_of(target)[0].astype(float)
    assert len(after) == len(before)
    correlation = np.fft.irfft(np.fft.rfft(after, 65_536) * np.conj(np.fft.rfft(before, 65_536)))
    assert np.argmax(correlation) == 0


@pytest.mark.parametrize("suffix", [".opus", ".webm"])
def test_opus_has_the_length_at_its_own_rate_and_says_so(tmp_path, suffix):
    writer = copy(wav(tmp_path / "a.wav", rate_hz=44_100), tmp_path / f"b{suffix}")
    assert writer.warnings == [f"b{suffix}: opus has no 44100 Hz: 48000 Hz instead"]
    assert samples_of(tmp_path / f"b{suffix}").shape == (2, -(-30_000 * 48_000 // 44_100))


def test_mp3_takes_two_channels_at_most_and_says_so(tmp_path):
    writer = copy(wav(tmp_path / "a.wav", channels=6, rate_hz=96_000), tmp_path / "b.mp3")
    assert [line.removeprefix("b.mp3: ") for line in writer.warnings] == [
        "mp3 has no 96000 Hz: 48000 Hz instead",
        "mp3 has no 6 channels: mixed to 2",
    ]
    assert samples_of(tmp_path / "b.mp3").shape == (2, 15_000)


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".flac", ".ogg", ".opus", ".mka"])
def test_tags_cover_and_chapters_go_along(tmp_path, suffix):
    chapters = (Chapter(0, 22_050, "One"), Chapter(22_050, 44_100, "Two, with ä"))
    cover = Cover(PNG, "png", 1, 1)
    tags = {"title": "A title", "artist": "Ängström", "comment": "x"}
    source = wav(tmp_path / "a.wav", samples=44_100)
    writer = copy(source, tmp_path / f"b{suffix}", tags=tags, cover=cover, chapters=chapters)
    info = open_recording(tmp_path / f"b{suffix}").info
    found = {name.lower(): text for name, text in info.tags.items()}
    assert tags.items() <= found.items()
    assert info.cover == cover
    assert [chapter.title for chapter in info.chapters] == ["One", "Two, with ä"]
    scale = info.sample_rate_hz / 44_100
    assert info.chapters[1].start == pytest.approx(22_050 * scale, abs=0.001 * info.sample_rate_hz)
    assert not any("not carried" in line for line in writer.warnings)


def test_what_cannot_be_carried_is_named(tmp_path):
    writer = copy(
        wav(tmp_path / "a.wav"),
        tmp_path / "b.wav",
        tags={"title": "T", "mood": "calm"},
        cover=Cover(PNG, "png", 1, 1),
        chapters=(Chapter(0, 10, "One"),),
    )
    assert writer.warnings == ["b.wav: not carried by .wav: tag mood, chapters, cover"]


def test_nothing_is_overwritten_unasked(tmp_path):
    source = wav(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_text("mine")
    with pytest.raises(AudioFileError, match=r"b\.wav exists"):
        copy(source, tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_text() == "mine"
    copy(source, tmp_path / "b.wav", overwrite=True)
    assert samples_of(tmp_path / "b.wav").shape == (2, 30_000)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg"])
def test_a_failure_leaves_no_trace(tmp_path, suffix):
    source = wav(tmp_path / "a.wav")
    with open_recording(source) as recording, pytest.raises(KeyboardInterrupt):
        output = output_format(recording.info, suffix)
        with Writer(tmp_path / f"b{suffix}", output) as writer:
            for block in recording.blocks():
                writer.write(block)
                raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("place", ["missing/b.wav", "../proc/b.wav"])
def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path, place):
    target = tmp_path / place if place.startswith("missing") else type(tmp_path)("/proc/b.wav")
    with pytest.raises(AudioFileError, match=r"b\.wav cannot be written") as caught:
        copy(wav(tmp_path / "a.wav"), target)
    assert "\n" not in str(caught.value)


def test_an_extension_that_cannot_be_written_names_those_that_can(tmp_path):
    with pytest.raises(AudioFileError, match=r"cannot write \.xyz; known are \.aac"):
        copy(wav(tmp_path / "a.wav"), tmp_path / "b.xyz")


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a", ".ogg"])
@pytest.mark.parametrize("short_by", [1, 5_000])
def test_a_full_disk_is_one_line_and_leaves_no_trace(tmp_path, suffix, short_by):
    source, target = wav(tmp_path / "a.wav", samples=100_000), tmp_path / f"b{suffix}"
    copy(source, target)
    limit = target.stat().st_size - short_by
    target.unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(AudioFileError, match=rf"b{suffix} cannot be written") as caught:
            copy(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("suffix", [".flac", ".m4a", ".opus", ".ogg", ".mka"])
@pytest.mark.parametrize("channels", [3, 5, 6, 8])
def test_every_channel_arrives_in_its_place(tmp_path, suffix, channels):
    # Channel c is a tone of 300 + 200 c Hz.
    time_s = np.arange(24_000) / 48_000
    tones = np.stack([0.2 * np.sin(2 * np.pi * (300 + 200 * c) * time_s) for c in range(channels)])
    soundfile.write(tmp_path / "a.wav", tones.T, 48_000)
    copy(tmp_path / "a.wav", tmp_path / f"b{suffix}")
    spectra = np.abs(np.fft.rfft(samples_of(tmp_path / f"b{suffix}").astype(float) * np.hanning(24_000)))
    heard_hz = np.argmax(spectra, axis=1) * 2
    expected_hz = 300 + 200 * np.arange(channels)
    effects = 3 if suffix == ".ogg" and channels == 6 else None  # a low-pass channel in Vorbis
    assert [hz for c, hz in enumerate(heard_hz) if c != effects] == [
        hz for c, hz in enumerate(expected_hz) if c != effects
    ]
