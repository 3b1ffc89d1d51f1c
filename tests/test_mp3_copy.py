"""An mp3 is cut without coding it again: frames are copied, and only what lies around joins is encoded."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

import infer
from cleaner.audio import Writer, open_recording, output_format
from cleaner.audio.mp3.copy import Mp3Copy
from cleaner.audio.mp3.frames import SHORT, START, STOP, data_start, shape, side_info, split_frames
from cleaner.audio.mp3.header import DECODER_DELAY, read_mp3_header, state_length
from cleaner.audio.mp3.lame import LameSettings, lame_encode, lame_library
from cleaner.audio.mp3.packing import packed, put_behind
from cleaner.audio.mp3.plan import (
    DELAY_SAMPLES,
    Copy,
    copies,
    delay_of_result,
    longest_patch,
    whole,
)
from cleaner.audio.mp3.source import Mp3Source
from cleaner.audio.original import Original, Untouched
from cleaner.cutting.grid import on_grid
from cleaner.render import original_of, render, rendered_blocks
from cleaner.samples import to_float
from cleaner.segments import CutList, Segment, Source
from cleaner.splice import JoinSettings

pytestmark = pytest.mark.skipif(lame_library() is None, reason="no library of LAME")

SECONDS = 14
FORMS = {
    "V4 stereo": (44_100, 2, {"variable_bit_rate": True, "mp3_quality": 4}),
    "128 kbit stereo": (44_100, 2, {"bit_rate": 128_000}),
    "64 kbit mono": (48_000, 1, {"bit_rate": 64_000}),
    "V5 mono of half the rate": (22_050, 1, {"variable_bit_rate": True, "mp3_quality": 5}),
    "48 kbit mono of half the rate": (22_050, 1, {"bit_rate": 48_000}),
    "320 kbit stereo": (44_100, 2, {"bit_rate": 320_000}),
}


def speechlike(rate_hz, channels):
    """Syllables of a gliding voice over a soft room, and pauses of a second where only the room is heard."""
    time_s = np.arange(SECONDS * rate_hz) / rate_hz
    random = np.random.default_rng(4)
    voice = sum(np.sin(2 * np.pi * k * (150 * time_s + 8 * np.sin(2 * time_s))) / k for k in range(1, 12))
    syllables = np.maximum(0, np.sin(2 * np.pi * 3 * time_s)) * (np.sin(2 * np.pi * time_s / 3.5) > -0.4)
    room = 0.002 * random.standard_normal((channels, len(time_s)))
    gain = np.linspace(1, 0.6, channels)[:, None]
    return (8_000 * (gain * 0.5 * voice * syllables + room)).astype(np.int16)


def write_mp3(path, samples, rate_hz, **changes):
    wav = path.with_suffix(".wav")
    soundfile.write(wav, samples.T, rate_hz, subtype="PCM_16")
    with open_recording(wav) as recording:
        info = replace(recording.info, bits=None, codec="mp3float", **changes)
        with Writer(path, output_format(info, ".mp3")) as writer:
            writer.write(samples)
    return path


@pytest.fixture(params=FORMS)
def source(request, tmp_path):
    rate_hz, channels, changes = FORMS[request.param]
    return write_mp3(tmp_path / "source.mp3", speechlike(rate_hz, channels), rate_hz, **changes)


def cut_list_of(path, *cuts, action="cut"):
    """Cuts in frames of the recording."""
    with open_recording(path) as recording:
        info = recording.info
    segments, position = [], 0
    for first, last in cuts:
        start, end = int(first * info.grid_samples), int(last * info.grid_samples)
        segments += [Segment(position, start, True)] * (start > position)
        segments.append(Segment(start, end, False, "breath", action))
        position = end
    samples = info.samples or decoded_samples(path)
    segments.append(Segment(position, samples, True))
    return CutList(Source(str(path), info.sample_rate_hz, samples, info.channels, ""), tuple(segments))


def heard(path):
    with open_recording(path) as recording:
        blocks = list(recording.blocks())
        assert recording.warnings == []
    return np.concatenate([to_float(block) for block in blocks], axis=1)


def wanted(path, cut_list):
    with open_recording(path) as recording:
        return np.concatenate([to_float(b) for b in rendered_blocks(recording, cut_list)], axis=1)


def cleaned(path, cut_list, name="result.mp3", **options):
    with open_recording(path) as recording:
        render(recording, cut_list, path.with_name(name), overwrite=True, **options)
    return path.with_name(name)


def coded_again(path, cut_list):
    """What one encoder makes of the same result, decoded."""
    with open_recording(path) as recording:
        again = path.with_name("again.mp3")
        with Writer(again, output_format(recording.info, ".mp3"), overwrite=True) as writer:
            for block in rendered_blocks(recording, cut_list):
                writer.write(block)
    return heard(again)


def power(samples):
    return float(np.mean(np.square(samples, dtype=np.float64)))


def frames_of(path):
    return split_frames(path.read_bytes()[read_mp3_header(path).sound_start :])


def copied_share(source, result):
    theirs = set(frames_of(source))
    mine = frames_of(result)
    return sum(frame in theirs for frame in mine) / len(mine)


def check_stream(frames):
    """What decoders rely on: data in order and within their room, windows that fit, one kind of frame."""
    check_data(frames)
    channels = shape(frames[0][:4]).channels
    for before, after in pairwise(side_info(frame).block_types for frame in frames):
        for last, first in zip(before[-channels:], after[:channels], strict=True):
            assert (last in (START, SHORT)) == (first in (SHORT, STOP))


def check_data(frames):
    forms = {(shape(f[:4]).rate_hz, shape(f[:4]).channels, f[3] & 0xCF) for f in frames}
    assert len(forms) == 1
    start, free = 0, 0
    for frame in frames:
        info = side_info(frame)
        assert free <= start - info.borrowed_bytes
        free = start - info.borrowed_bytes + info.data_bytes
        start += len(frame) - data_start(frame)
        assert free <= start


CUTS = [(90, 120), (200.0, 233), (300, 340)]


def test_away_from_joins_every_sample_is_what_the_source_decodes_to(source):
    cut_list = cut_list_of(source, *CUTS)
    result = cleaned(source, cut_list)
    want, have, again = wanted(source, cut_list), heard(result), coded_again(source, cut_list)
    assert have.shape == want.shape
    frame = open_recording(source).info.grid_samples
    away, gone = np.ones(want.shape[1], bool), 0
    for first, last in CUTS:
        join, gone = int(first * frame) - gone, gone + int((last - first) * frame)
        away[max(0, join - 10_000) : join + 10_000] = False
        near = slice(join - frame, join + frame)
        assert power((have - want)[:, near]) < 8 * power((again - want)[:, near])
    away[-14_000:] = False
    assert away.mean() > 0.6
    assert np.array_equal(have[:, away], want[:, away])


def test_the_stream_is_sound_and_keeps_its_kind_of_bit_rate(source):
    result = cleaned(source, cut_list_of(source, *CUTS))
    check_stream(frames_of(source))
    check_stream(frames_of(result))
    assert copied_share(source, result) > 0.75
    old, new = open_recording(source).info, open_recording(result).info
    assert new.variable_bit_rate == old.variable_bit_rate
    assert new.bit_rate == pytest.approx(old.bit_rate, rel=0.25 if old.variable_bit_rate else 0)


def test_the_checksum_of_the_tag_covers_all_in_front_of_it(source):
    data = cleaned(source, cut_list_of(source, *CUTS)).read_bytes()
    tag = max(data.find(b"Xing"), data.find(b"Info"))
    info = open_recording(source).info
    start = tag - 4 - {(1_152, 2): 32, (1_152, 1): 17, (576, 1): 9}[info.grid_samples, info.channels]
    crc = 0
    for byte in data[start : tag + 154]:  # CRC-16/ARC, bit by bit
        for bit in range(8):
            mixed = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ 0xA001 * mixed
    assert data[tag + 154 : tag + 156] == crc.to_bytes(2, "big")


def test_a_cut_at_the_start_and_one_at_the_end(source):
    cut_list = cut_list_of(source, (0, 40), (250, 260))
    end = cut_list.source.samples - 20_001
    last = cut_list.segments[-1]
    tail = (replace(last, end=end), Segment(end, last.end, False, "silence", "cut"))
    cut_list = replace(cut_list, segments=(*cut_list.segments[:-1], *tail))
    result = cleaned(source, cut_list)
    check_stream(frames_of(result))
    want, have = wanted(source, cut_list), heard(result)
    assert have.shape == want.shape
    frame = open_recording(source).info.grid_samples
    middle = slice(40 * frame, 190 * frame)
    assert np.array_equal(have[:, middle], want[:, middle])


def test_the_result_does_not_depend_on_threads(source):
    cut_list = cut_list_of(source, *CUTS)
    alone = cleaned(source, cut_list, jobs=1).read_bytes()
    assert cleaned(source, cut_list, "other.mp3", jobs=3).read_bytes() == alone


def test_around_what_is_ducked_frames_are_copied_too(source):
    cut_list = cut_list_of(source, (90.3, 120.1), (222.2, 240.9), action="duck:-12dB")
    result = cleaned(source, cut_list)
    check_stream(frames_of(result))
    assert copied_share(source, result) > 0.5
    want, have, again = wanted(source, cut_list), heard(result), coded_again(source, cut_list)
    frame = open_recording(source).info.grid_samples
    assert np.array_equal(have[:, : 80 * frame], want[:, : 80 * frame])
    ducked = slice(95 * frame, 115 * frame)
    assert power((have - want)[:, ducked]) < 8 * power((again - want)[:, ducked])


def test_behind_a_cut_that_is_off_the_grid_all_is_encoded_anew(source):
    cut_list = cut_list_of(source, (90, 120.5))
    result = cleaned(source, cut_list)
    check_stream(frames_of(result))
    assert copied_share(source, result) < 0.2
    want, have, again = wanted(source, cut_list), heard(result), coded_again(source, cut_list)
    assert power(have - want) < 1.5 * power(again - want)


def test_louder_or_damaged_it_is_all_encoded_anew(source):
    louder = cleaned(source, cut_list_of(source, *CUTS), loudness_lufs=-16.0)
    assert copied_share(source, louder) < 0.05
    with open_recording(source) as recording:
        recording.warnings.append("a frame is damaged")
        form = output_format(recording.info, ".mp3")
        assert original_of(recording, form, cut_list_of(source, *CUTS), None) is None


def test_a_stereo_file_without_joint_frames_decodes_from_its_first_frame(tmp_path):
    rate_hz = 44_100
    path = write_mp3(tmp_path / "a.mp3", speechlike(rate_hz, 2), rate_hz, bit_rate=160_000)
    head = path.read_bytes()[: read_mp3_header(path).sound_start]
    sound = lame_encode(LameSettings(rate_hz, 2, constant_kbit=160, joint=False), speechlike(rate_hz, 2))
    path.write_bytes(head + sound)
    cut_list = cut_list_of(path, (0, 40), (200, 233))
    result = cleaned(path, cut_list)
    assert copied_share(path, result) > 0.75
    want, have = wanted(path, cut_list), heard(result)
    middle = slice(40 * 1_152, 140 * 1_152)
    assert np.array_equal(have[:, middle], want[:, middle])


def _id3(data):
    """Where the ID3 tag ends: the tag of the encoder lies in a mono frame."""
    return data.index(b"Info") - 4 - 17


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data, start: data[:start] + data[start + 3 :],  # the first frame begins late
        lambda data, start: data[: start + 40_000] + b"\0" * 50 + data[start + 40_000 :],
        lambda data, start: data[: _id3(data)] + b"\0" + data[_id3(data) :],  # FFmpeg believes no such tag
        lambda data, start: data + data[start : start + 30 * 209],  # more than its tag says
        lambda data, start: data[: start + 3] + bytes([data[start + 3] ^ 8]) + data[start + 4 :],  # copyright
    ],
)
def test_irregular_files_are_not_copied_from(tmp_path, spoil):
    path = write_mp3(tmp_path / "a.mp3", speechlike(44_100, 1), 44_100, bit_rate=64_000)
    assert Mp3Source.open(path, decoded_samples(path)) is not None
    path.write_bytes(spoil(path.read_bytes(), read_mp3_header(path).sound_start))
    assert Mp3Source.open(path, decoded_samples(path)) is None


def decoded_samples(path):
    with open_recording(path) as recording:
        return sum(block.shape[1] for block in recording.blocks())


def test_tags_behind_the_sound_do_no_harm(tmp_path):
    path = write_mp3(tmp_path / "a.mp3", speechlike(44_100, 1), 44_100, bit_rate=64_000)
    path.write_bytes(path.read_bytes() + b"TAG" + b"x" * 125)
    assert Mp3Source.open(path, open_recording(path).info.samples) is not None


def without_tag(path):
    """As voice recorders and streams write it: the sound's frames alone."""
    path.write_bytes(path.read_bytes()[read_mp3_header(path).sound_start :])


def broken_off(path):
    """No tag, and the last frame is not all there."""
    without_tag(path)
    path.write_bytes(path.read_bytes()[:-30])


def cut_off(path):
    """The first 40 frames are gone, and with them data of those behind."""
    path.write_bytes(b"".join(frames_of(path)[40:]))


def cut_off_with_a_tag(path):
    """The same as FFmpeg does it: its tag knows of no delay."""
    head, frames = path.read_bytes()[: read_mp3_header(path).sound_start], frames_of(path)[40:]
    tag = head.index(b"Info" if b"Info" in head else b"Xing")
    head = head[: tag + 8] + len(frames).to_bytes(4, "big") + head[tag + 12 :]
    path.write_bytes(head + b"".join(frames))
    state_length(path, len(frames) * open_recording(path).info.grid_samples - DECODER_DELAY, DECODER_DELAY)


def of_a_slow_encoder(path):
    """More delay than LAME's, and off the grid."""
    state_length(path, open_recording(path).info.samples - 1_000, 1_000 + DELAY_SAMPLES)


@pytest.mark.parametrize("change", [without_tag, broken_off, cut_off, cut_off_with_a_tag, of_a_slow_encoder])
def test_whatever_the_delay_frames_are_copied(source, change):
    change(source)
    cut_list = cut_list_of(source, *CUTS)
    result = cleaned(source, cut_list)
    check_stream(frames_of(result))
    assert copied_share(source, result) > 0.7
    want, have = wanted(source, cut_list), heard(result)
    assert have.shape == want.shape
    frame = open_recording(source).info.grid_samples
    for first, last in ((40, 80), (130, 160), (210, 220)):
        assert np.array_equal(have[:, first * frame : last * frame], want[:, first * frame : last * frame])
    start, again = slice(40 * frame), coded_again(source, cut_list)
    assert power((have - want)[:, start]) < 2 * power((again - want)[:, start])
    same = soundfile.read(result, always_2d=True)[0].T
    assert same.shape == have.shape and np.abs(same - have).max() < 1e-4


def test_frames_by_number_are_those_of_the_file(source):
    frames = frames_of(source)
    opened = Mp3Source.open(source, open_recording(source).info.samples)
    for index in (0, 1, 5, 3, 70, 40, 300, 290):
        assert opened.frame(index) == frames[index]
    assert opened.frames == len(frames)
    opened.close()


def test_which_frames_hear_only_what_is_untouched():
    # 100,000 samples from the start; then 100,000 more, 10 frames later there; then some off the grid.
    spans = [Untouched(0, 100_000, 0), Untouched(100_441, 200_000, 111_961), Untouched(200_441, 300_000, 1)]
    assert copies(spans, 1_152) == [Copy(0, 86, 0), Copy(89, 173, 10)]
    assert copies([Untouched(0, 100_000, 1_152)], 1_152) == [Copy(1, 86, 1)]  # nothing lies in front of it
    assert copies([Untouched(0, 31_000, 0)], 1_152) == []  # too short
    # Without a delay of the recording, LAME's takes one more frame; the samples stay on the grid.
    assert delay_of_result(0, 1_152) == 1_152 and delay_of_result(529, 1_152) == 1_681
    assert copies(spans, 1_152, 0) == [Copy(1, 86, -1), Copy(89, 173, 9)]
    assert delay_of_result(DELAY_SAMPLES, 576) == DELAY_SAMPLES and delay_of_result(0, 576) == 1_152
    assert whole([Copy(1, 86, -1), Copy(89, 173, 9)], 3) == [Copy(5, 86, -1), Copy(89, 173, 9)]
    assert whole([Copy(1, 86, -1), Copy(89, 173, 9)], 60) == [Copy(89, 173, 9)]
    assert longest_patch([Copy(2, 86, 0), Copy(89, 173, 10)], 180) == 7


def test_too_long_a_patch_is_none(source):
    with open_recording(source) as recording:
        rate_hz, channels = recording.info.sample_rate_hz, recording.info.channels
        samples = recording.info.samples
    settings = LameSettings(rate_hz, channels, vbr_quality=4)
    spans = [Untouched(0, 5 * rate_hz, 0), Untouched(150 * rate_hz, 155 * rate_hz, 150 * rate_hz)]
    assert Mp3Copy.of(Original(source, samples, 155 * rate_hz, spans), settings, 1) is None
    assert Mp3Copy.of(Original(source, samples, 155 * rate_hz, spans[:1]), settings, 1) is None
    assert Mp3Copy.of(Original(source, samples, samples, []), settings, 1) is None
    assert Mp3Copy.of(Original(source, samples, 6 * rate_hz, spans[:1]), settings, 1) is not None


def test_frames_may_be_so_small_that_sound_data_lie_far_in_front(tmp_path):
    """Gated pauses of a low rate are frames with a few bytes of room each; what is borrowed spans many."""
    samples = speechlike(24_000, 2)
    gated = samples * (np.abs(samples).max(axis=0) > 200)
    source = write_mp3(tmp_path / "a.mp3", gated, 24_000, variable_bit_rate=True, mp3_quality=5)
    frames = frames_of(source)
    at = next(index for index in range(200, 300) if _spanned(frames, index) > 40)
    cut_list = cut_list_of(source, (at - 60, at - 2))
    result = cleaned(source, cut_list)
    check_stream(frames_of(result))
    assert copied_share(source, result) > 0.5
    want, have = wanted(source, cut_list), heard(result)
    behind = slice((at - 58 + 10) * 576, want.shape[1] - 14_000)
    assert np.array_equal(have[:, behind], want[:, behind])


def _spanned(frames, index):
    """In how many frames lies what a frame keeps in front of itself."""
    borrowed, count = side_info(frames[index]).borrowed_bytes, 0
    while borrowed > 0:
        count += 1
        borrowed -= len(frames[index - count]) - data_start(frames[index - count])
    return count


@pytest.mark.parametrize("cuts", [[(90, 120)], [(90, 120), (125, 160), (200, 201)], [(10, 20), (21, 300)]])
def test_bare_splices_short_pieces_and_short_cuts(source, cuts):
    cut_list = cut_list_of(source, *cuts)
    result = cleaned(source, cut_list, join=JoinSettings(crossfade_s=0.0))
    check_stream(frames_of(result))
    assert heard(result).shape[1] == cut_list.result_samples()


@pytest.mark.parametrize("seed", [0, 1])
def test_any_cut_list_gives_a_sound_stream_of_its_length(source, seed):
    with open_recording(source) as recording:
        info = recording.info
    rng = np.random.default_rng(seed)
    edges = np.unique(rng.integers(1, info.samples, 24))
    segments, position = [], 0
    for end in [*edges.tolist(), info.samples]:
        action = ["cut", "cut", "mute", "duck:room"][rng.integers(4)]
        goes = bool(segments) and segments[-1].keep
        segments.append(Segment(position, end, not goes, *(("breath", action) if goes else ())))
        position = end
    segments = on_grid(segments, info.grid_samples, info.sample_rate_hz, None)
    whose = Source(str(source), info.sample_rate_hz, info.samples, info.channels, "")
    cut_list = CutList(whose, tuple(segments))
    result = cleaned(source, cut_list, join=JoinSettings(float(rng.choice([0.0, 0.01, 0.1]))))
    check_data(frames_of(result))
    assert heard(result).shape[1] == cut_list.result_samples()


# --- room -------------------------------------------------------------------------------------------------


def encoded(**settings):
    rate_hz, channels = 44_100, 2
    sound = speechlike(rate_hz, channels)[:, : 2 * rate_hz]
    return split_frames(lame_encode(LameSettings(rate_hz, channels, reservoir=False, **settings), sound))


def test_pushed_together_frames_hold_the_same_data_and_have_room_behind():
    frames, behind = encoded(constant_kbit=96), bytes(range(1, 201))
    made = packed(frames[10:20], 100, behind, may_widen=True)
    room = b"\0" * (100 - len(made.in_front)) + made.in_front
    room += b"".join(frame[data_start(frame) :] for frame in made.frames)
    assert room.endswith(behind)
    start = 100
    for old, new in zip(frames[10:20], made.frames, strict=True):
        place = start - side_info(new).borrowed_bytes
        data = old[data_start(old) :][: side_info(old).data_bytes]
        assert room[place : place + len(data)] == data
        assert side_info(new) == replace(side_info(old), borrowed_bytes=start - place)
        start += len(new) - data_start(new)


def test_where_nothing_may_widen_there_may_be_no_room():
    frames = encoded(constant_kbit=96)[10:13]
    assert packed(frames, 0, b"x" * 511, may_widen=False) is None
    wider = packed(frames, 0, b"x" * 511, may_widen=True)
    assert sum(map(len, wider.frames)) > sum(map(len, frames))
    full = encoded(constant_kbit=320)[10:11]
    assert packed(full, 0, b"x" * 511, may_widen=True) is None


def test_bytes_behind_frames_span_as_many_as_they_must():
    frames = encoded(constant_kbit=96)[10:13]
    room = len(frames[2]) - data_start(frames[2])
    laid = put_behind(frames, b"a" * 30 + b"b" * room)
    assert laid[0] == frames[0] and laid[1].endswith(b"a" * 30) and laid[2].endswith(b"b" * room)
    assert [len(frame) for frame in laid] == [len(frame) for frame in frames]
    assert put_behind([], b"") == []


def test_the_command_line_copies(tmp_path, gate_checkpoint):
    time_s = np.arange(SECONDS * 44_100) / 44_100
    noise = 3_000 * np.random.default_rng(1).standard_normal(len(time_s)) * (time_s % 3.5 < 2.5)
    path = write_mp3(tmp_path / "a.mp3", noise[None].astype(np.int16), 44_100, bit_rate=64_000)
    assert infer.main([str(path), "--checkpoint", str(gate_checkpoint), "--quiet"]) == 0
    result = path.with_name("a_cleaned.mp3")
    assert heard(result).shape[1] < 0.9 * heard(path).shape[1]
    assert copied_share(path, result) > 0.5
