"""Writing: the source's own format comes back, to the sample, with all that went along; or nothing does."""

import resource
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile

from cleaner.audio import CONTAINERS, Chapter, Cover, Writer, open_recording, output_format, output_suffix
from cleaner.audio.chunks import without_loudness
from cleaner.audio.mp3.stretches import Mp3Stretches
from cleaner.audio.ogg_pages import checksum
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


@pytest.mark.parametrize(
    ("codec", "bits", "sample_type", "suffix", "notes"),
    [
        ("alac", 32, np.int32, ".m4a", ("alac has no 32-bit integers: 24 bits instead",)),
        ("alac", 24, np.int32, ".m4a", ()),
        ("alac", 32, np.int32, ".flac", ()),
        ("pcm_f32le", 32, np.float32, ".flac", ("flac has no 32-bit floats: 24 bits instead",)),
        ("pcm_f64le", 64, np.float64, ".wv", ("wavpack has no 64-bit floats: 32 bits instead",)),
        ("pcm_f64le", 64, np.float64, ".wav", ()),
        ("pcm_alaw", 8, np.int16, ".wav", ()),
        ("mp3float", None, np.float32, ".flac", ()),
    ],
)
def test_depth_that_is_lost_is_said_whatever_the_codec(tmp_path, codec, bits, sample_type, suffix, notes):
    with open_recording(wav(tmp_path / "a.wav")) as recording:
        info = replace(recording.info, codec=codec, bits=bits, sample_type=np.dtype(sample_type))
    assert output_format(info, suffix).notes == notes


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


@pytest.mark.parametrize("samples", [29_997, 29_998, 29_999])
@pytest.mark.parametrize(("channels", "subtype"), [(1, "PCM_16"), (2, "PCM_U8"), (1, "PCM_24"), (3, "FLOAT")])
def test_the_padding_of_a_wave64_is_no_sound(tmp_path, samples, channels, subtype):
    source = wav(tmp_path / "a.wav", samples=samples, channels=channels, subtype=subtype)
    copy(source, tmp_path / "b.w64")
    np.testing.assert_array_equal(samples_of(tmp_path / "b.w64"), samples_of(source))


@pytest.mark.parametrize("suffix", [".wave", ".rf64", ".aifc"])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_other_endings_of_wav_and_aiff_keep_their_form(tmp_path, suffix, subtype):
    source = wav(tmp_path / "a.wav", subtype=subtype)
    copy(source, tmp_path / f"b{suffix}")
    assert soundfile.info(tmp_path / f"b{suffix}").subtype == subtype
    np.testing.assert_array_equal(samples_of(tmp_path / f"b{suffix}"), samples_of(source))
    nameless = (tmp_path / f"b{suffix}").rename(tmp_path / "nameless")
    with open_recording(nameless) as recording:
        assert output_suffix(recording.info) == (".aiff" if suffix == ".aifc" else ".wav")


def test_an_mp2_keeps_the_bit_rates_that_an_mp3_cannot_have(tmp_path):
    with open_recording(wav(tmp_path / "a.wav", rate_hz=48_000)) as recording:
        info = replace(recording.info, codec="mp2float", bits=None, bit_rate=384_000)
        assert output_format(info, ".mp2").bit_rate == 384_000


def test_rates_above_those_of_vorbis_are_lowered(tmp_path):
    writer = copy(wav(tmp_path / "a.wav", rate_hz=250_000), tmp_path / "b.ogg")
    assert writer.warnings == ["b.ogg: vorbis has no 250000 Hz: 192000 Hz instead"]
    assert samples_of(tmp_path / "b.ogg").shape == (2, -(-30_000 * 192_000 // 250_000))


def test_more_than_eight_channels_are_refused_before_the_slow_work(tmp_path):
    source = wav(tmp_path / "a.wav", channels=9)
    with pytest.raises(AudioFileError, match=r"a\.wav has 9 channels; 1 to 8 can be cut"):
        open_recording(source)


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
    assert all(chapter.start < chapter.end for chapter in info.chapters)
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


@pytest.mark.parametrize("suffix", sorted(CONTAINERS))
def test_an_empty_result_is_written_whatever_it_should_carry(tmp_path, suffix):
    path = tmp_path / f"b{suffix}"
    with open_recording(wav(tmp_path / "a.wav")) as recording:
        output = output_format(recording.info, suffix)
    with Writer(path, output, tags={"title": "T"}, cover=Cover(PNG, "png", 1, 1)) as writer:
        pass
    assert path.exists()
    told = [line for line in writer.warnings if "not carried" in line]
    assert len(told) <= 1 and all(line.startswith(f"{path.name}: not carried by {suffix}: ") for line in told)


def test_nothing_is_overwritten_unasked(tmp_path):
    source = wav(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_text("mine")
    with pytest.raises(AudioFileError, match=r"b\.wav exists"):
        copy(source, tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_text() == "mine"
    copy(source, tmp_path / "b.wav", overwrite=True)
    assert samples_of(tmp_path / "b.wav").shape == (2, 30_000)


def test_a_link_is_followed_and_stays_one(tmp_path):
    source = wav(tmp_path / "a.wav")
    (tmp_path / "real").mkdir()
    (tmp_path / "link.wav").symlink_to(tmp_path / "real" / "b.wav")
    copy(source, tmp_path / "link.wav")
    assert (tmp_path / "link.wav").is_symlink()
    assert samples_of(tmp_path / "real" / "b.wav").shape == (2, 30_000)
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["b.wav"]


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


def broadcast_wav(path):
    """A wav file with the broadcast chunk that recorders write, and a list of cue points."""
    plain = wav(path).read_bytes()
    texts = [b"a street".ljust(256, b"\0"), b"recorder".ljust(32, b"\0"), b"take 7".ljust(32, b"\0")]
    bext = b"".join(texts) + b"2020-01-0110:11:12" + bytes(8 + 2 + 254)
    extra = b"bext" + len(bext).to_bytes(4, "little") + bext + b"cue \x04\0\0\0" + bytes(4)
    whole = plain[:12] + extra + plain[12:]
    path.write_bytes(whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])
    return path


def test_a_broadcast_chunk_goes_along_and_cue_points_are_named(tmp_path):
    source = broadcast_wav(tmp_path / "a.wav")
    info = open_recording(source).info
    writer = copy(source, tmp_path / "b.wav", tags=info.tags, broadcast=info.broadcast)
    assert writer.warnings == ["b.wav: not carried: chunk cue"]
    written = (tmp_path / "b.wav").read_bytes()
    assert all(text in written for text in (b"a street", b"recorder", b"take 7", b"2020-01-0110:11:12"))
    assert open_recording(tmp_path / "b.wav").info.tags == open_recording(source).info.tags
    writer = copy(source, tmp_path / "b.flac", tags=open_recording(source).info.tags)
    assert writer.warnings == ["b.flac: not carried: chunk bext, cue"]


def test_a_broadcast_chunk_stays_what_it_was_whatever_else_the_file_says(tmp_path):
    source = broadcast_wav(tmp_path / "a.wav")
    plain = source.read_bytes()
    words = b"INFO" + b"".join(name + b"\x05\0\0\0else\0\0" for name in (b"ICMT", b"ITCH", b"ICRD"))
    source.write_bytes(plain + b"LIST" + len(words).to_bytes(4, "little") + words)
    info = open_recording(source).info
    assert info.tags["comment"] == "else" and info.broadcast.startswith(b"a street\0")
    copy(source, tmp_path / "b.wav", tags=info.tags, broadcast=info.broadcast)
    written = open_recording(tmp_path / "b.wav").info
    assert written.broadcast == info.broadcast and written.tags["comment"] == "else"


@pytest.mark.parametrize(("version", "loudness"), [(1, bytes(10)), (2, b"\xff\x7f" * 5)])
def test_at_another_loudness_a_broadcast_chunk_tells_none(version, loudness):
    fields = bytes(346) + bytes([version]) + bytes(255)
    told = without_loudness(fields)
    assert told == fields[:412] + loudness + fields[422:]
    assert without_loudness(b"") == b""


def test_a_variable_bit_rate_is_one_of_the_same_quality_or_else_the_same_on_average(tmp_path):
    with open_recording(wav(tmp_path / "a.wav")) as recording:
        info = replace(recording.info, codec="mp3float", bits=None, variable_bit_rate=True, bit_rate=97_000)
    told = output_format(replace(info, mp3_quality=2), ".mp3")
    assert (told.variable_bit_rate, told.mp3_quality, told.bit_rate) == (True, 2, None)
    untold = output_format(info, ".mp3")
    assert (untold.variable_bit_rate, untold.mp3_quality, untold.bit_rate) == (True, None, 97_000)


def test_bit_rates_are_kept_and_say_of_which_kind_they_are(tmp_path):
    swell = np.sin(np.arange(5 * 44_100) / 9_000)[:, None]
    noise = np.random.default_rng(0).normal(0, 0.1, (len(swell), 2))
    soundfile.write(tmp_path / "a.wav", noise * swell, 44_100)
    with open_recording(tmp_path / "a.wav") as recording:
        info = replace(recording.info, codec="mp3float", bits=None, variable_bit_rate=False, bit_rate=96_000)
        formats = {"constant": info, "variable": replace(info, variable_bit_rate=True, bit_rate=130_000)}
        for name, lossy in formats.items():
            with Writer(tmp_path / f"{name}.mp3", output_format(lossy, ".mp3")) as writer:
                for block in recording.blocks():
                    writer.write(block)
    constant, variable = (open_recording(tmp_path / f"{name}.mp3").info for name in formats)
    assert (constant.bit_rate, constant.variable_bit_rate) == (96_000, False)
    assert variable.variable_bit_rate
    assert variable.bit_rate not in (None, 96_000, 128_000)


def test_a_change_of_rate_on_the_way_is_said_and_survived(tmp_path):
    for name, rate_hz, channels in (("one", 44_100, 2), ("two", 22_050, 1)):
        source = wav(tmp_path / f"{name}.wav", samples=2 * rate_hz, rate_hz=rate_hz, channels=channels)
        copy(source, tmp_path / f"{name}.mp3")
    both = tmp_path / "both.mp3"
    both.write_bytes((tmp_path / "one.mp3").read_bytes() + (tmp_path / "two.mp3").read_bytes())
    with open_recording(both) as recording:
        samples = sum(block.shape[1] for block in recording.blocks())
    assert samples == pytest.approx(4 * 44_100, rel=0.05)
    assert any("change on the way" in line for line in recording.warnings)


def test_every_good_file_comes_back_in_its_own_format(shared_data, tmp_path):
    for source in sorted((shared_data / "formats").iterdir()):
        if any(word in source.name for word in ("empty", "invalid", "zero", "columbia")):
            continue
        before = open_recording(source).info
        target = tmp_path / f"{source.stem}-again{source.suffix.lower()}"
        copy(source, target, tags=before.tags, cover=before.cover, chapters=before.chapters)
        after = open_recording(target).info
        kept = ("container", "codec", "sample_rate_hz", "channels", "layout", "bits", "sample_type")
        assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
        if before.bits:
            np.testing.assert_array_equal(samples_of(target), samples_of(source))
        elif before.codec in ("adpcm_ms", "aac") and before.container in ("wav", "aac"):
            assert 0 <= samples_of(target).shape[1] - samples_of(source).shape[1] <= 2_048  # whole blocks
        else:
            assert samples_of(target).shape == samples_of(source).shape


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".flac", ".mp3", ".m4a"])
def test_a_large_cover_goes_along_and_the_sound_stays_whole(tmp_path, suffix):
    picture = Cover(PNG + np.random.default_rng(0).bytes(300_000), "png", 1, 1)
    source = wav(tmp_path / "a.wav", samples=3 * 48_000, rate_hz=48_000)
    copy(source, tmp_path / f"plain{suffix}")
    writer = copy(source, tmp_path / f"b{suffix}", tags={"title": "T"}, cover=picture)
    assert writer.warnings == []
    assert open_recording(tmp_path / f"b{suffix}").info.cover == picture
    with_cover, plain = (samples_of(tmp_path / f"{name}{suffix}") for name in ("b", "plain"))
    np.testing.assert_array_equal(with_cover, plain)


def test_ogg_pages_carry_the_checksum_that_decoders_check(tmp_path):
    soundfile.write(tmp_path / "a.ogg", np.zeros(1_000), 8_000)
    data = (tmp_path / "a.ogg").read_bytes()
    end = data.find(b"OggS", 4)
    first = bytearray(data[:end])
    stored = int.from_bytes(first[22:26], "little")
    first[22:26] = bytes(4)
    assert checksum(bytes(first)) == stored


@pytest.mark.parametrize("rate_hz", [8_000, 192_000])
@pytest.mark.parametrize("suffix", sorted(CONTAINERS))
def test_every_extension_takes_every_rate(tmp_path, suffix, rate_hz):
    writer = copy(wav(tmp_path / "a.wav", samples=9_000, rate_hz=rate_hz), tmp_path / f"b{suffix}")
    with open_recording(tmp_path / f"b{suffix}") as recording:
        samples = sum(block.shape[1] for block in recording.blocks())
    changed = recording.info.sample_rate_hz != rate_hz
    assert changed == any(f"has no {rate_hz} Hz" in line for line in writer.warnings)
    assert recording.warnings == []
    # Codecs of whole frames, in containers that do not tell where the sound ends, add silence.
    surplus = samples - -(-9_000 * recording.info.sample_rate_hz // rate_hz)
    assert 0 <= surplus <= (4_096 if suffix in (".aac", ".ac3", ".mp2", ".wma") else 0)


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".opus", ".ogg", ".flac", ".wav"])
def test_the_file_is_the_same_to_the_bit_for_any_number_of_jobs(tmp_path, monkeypatch, suffix):
    """Seams in an mp3 lie where the stretches end, whoever encodes them."""
    short = partial(Mp3Stretches, stretch_frames=20)
    monkeypatch.setattr("cleaner.audio.mp3.encoder.Mp3Stretches", short)
    source, target = wav(tmp_path / "noise.wav", samples=200_000), tmp_path / f"same{suffix}"
    contents = []
    for jobs in (1, 2, 3):
        copy(source, target, jobs=jobs, overwrite=True)
        contents.append(target.read_bytes())
    if suffix in (".opus", ".ogg"):  # a stream's serial number is drawn at random
        contents = [samples_of_bytes(tmp_path / f"{i}{suffix}", data) for i, data in enumerate(contents)]
    assert contents[0] == contents[1] == contents[2]


def samples_of_bytes(path, data: bytes) -> bytes:
    path.write_bytes(data)
    return samples_of(path).tobytes()
