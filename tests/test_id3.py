"""The tag of an mp3 file: what can stay stays to the byte, chapters move, what told of times goes."""

import io
import struct

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from cleaner.audio import Writer, open_recording, output_format
from cleaner.audio.mp3.id3 import HEAD_BYTES, Id3Frame, Id3Tag, read_id3
from cleaner.render import render
from cleaner.segments import CutList, Segment, Source

RATE_HZ = 44_100
SECONDS = 6
PICTURE = b"\x00image/png\x00\x04back\x00" + bytes(range(256)) * 3


def size_of(version, size):
    if version == 3:
        return struct.pack(">I", size)
    return bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])


def frame(version, name, body, flags=b"\0\0"):
    return name.encode() + size_of(version, len(body)) + flags + body


def tag_of(version, frames, flags=0, padding=0):
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + size_of(4, len(body)) + body


def chapter(version, element, start_ms, end_ms, title):
    rest = frame(version, "TIT2", b"\x00" + title) + frame(version, "WXXX", b"\x00\x00https://example.org/1")
    rest += frame(version, "APIC", PICTURE)  # longer than FFmpeg reads in ID3v2.4
    return frame(version, "CHAP", element + b"\0" + struct.pack(">IIII", start_ms, end_ms, 0, 0) + rest)


def full_tag(version):
    return tag_of(
        version,
        [
            frame(version, "TIT2", b"\x00Morning"),
            frame(version, "COMM", b"\x00eng\x00by the sea"),
            frame(version, "WOAS", b"https://example.org/source"),
            frame(version, "POPM", b"me@example.org\x00\xc4\x00\x00\x00\x05"),
            frame(version, "APIC", PICTURE),
            frame(version, "TLEN", b"\x006000"),
            frame(version, "COMM", b"\x00eng\x00iTunSMPB 00000000 00000240"),
            frame(
                version, "CTOC", b"toc\x00\x03\x03one\x00two\x00six\x00" + frame(version, "TIT2", b"\x00All")
            ),
            chapter(version, b"one", 0, 2_000, b"One"),
            chapter(version, b"two", 2_000, 3_000, b"Two"),
            chapter(version, b"six", 3_000, 6_000, b"Three"),
        ],
        padding=20,
    )


def names(tag):
    return [one.name for one in tag.frames]


def body_of(tag, name):
    return next(one.body for one in tag.frames if one.name == name)


@pytest.fixture
def episode(tmp_path):
    """An mp3 file of 6 s; the returned function puts a tag in front of it."""
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    samples = (8_000 * np.sin(2 * np.pi * 300 * time_s)).astype(np.int16)[None]
    soundfile.write(tmp_path / "a.wav", samples[0], RATE_HZ)
    with (
        open_recording(tmp_path / "a.wav") as recording,
        Writer(tmp_path / "bare.mp3", output_format(recording.info, ".mp3")) as writer,
    ):
        writer.write(samples)
    bare = (tmp_path / "bare.mp3").read_bytes()
    own = HEAD_BYTES + (bare[6] << 21 | bare[7] << 14 | bare[8] << 7 | bare[9])

    def tagged(tag):
        (tmp_path / "a.mp3").write_bytes(tag + bare[own:])
        return tmp_path / "a.mp3"

    return tagged


@pytest.mark.parametrize("version", [3, 4])
def test_a_tag_is_read_frame_by_frame_and_written_as_it_was(tmp_path, version):
    tag = full_tag(version)
    (tmp_path / "a.mp3").write_bytes(tag + b"\xff\xfb\x90\x00")
    read = read_id3(tmp_path / "a.mp3")
    assert read.padded_to(len(tag)) == tag
    assert [(one.start_ms, one.end_ms, one.title(version)) for one in read.chapters()] == [
        (0, 2_000, "One"),
        (2_000, 3_000, "Two"),
        (3_000, 6_000, "Three"),
    ]


@pytest.mark.parametrize("version", [3, 4])
def test_chapters_move_and_what_told_of_times_goes(tmp_path, version):
    (tmp_path / "a.mp3").write_bytes(full_tag(version))
    moved = read_id3(tmp_path / "a.mp3").moved(lambda ms: min(ms, 2_000) + max(0, ms - 3_000))
    assert names(moved) == ["TIT2", "COMM", "WOAS", "POPM", "APIC", "CTOC", "CHAP", "CHAP"]
    assert [(one.start_ms, one.end_ms) for one in moved.chapters()] == [(0, 2_000), (2_000, 5_000)]
    assert body_of(moved, "APIC") == PICTURE
    assert PICTURE in moved.chapters()[1].rest
    assert body_of(moved, "CTOC") == b"toc\x00\x03\x02one\x00six\x00" + frame(version, "TIT2", b"\x00All")


@pytest.mark.parametrize(
    ("encoded", "title"),
    [
        (b"\x00Caf\xe9", "Café"),
        (b"\x01" + "Café".encode("utf-16"), "Café"),
        (b"\x02" + "Café".encode("utf-16-be"), "Café"),
        (b"\x03" + "Café".encode(), "Café"),
        (b"\x00Caf\xe9\x00", "Café"),
        (b"", ""),
    ],
)
def test_a_chapters_title_is_read_in_any_encoding(encoded, title):
    body = b"one\0" + bytes(16) + frame(3, "TIT2", encoded)
    assert Id3Tag(3, (Id3Frame("CHAP", bytes(2), body),)).chapters()[0].title(3) == title


def test_sizes_that_a_program_wrote_as_in_the_older_version_are_understood(tmp_path):
    frames = [frame(3, "APIC", PICTURE), frame(3, "TIT2", b"\x00Morning")]
    (tmp_path / "a.mp3").write_bytes(tag_of(4, frames))
    read = read_id3(tmp_path / "a.mp3")
    assert names(read) == ["APIC", "TIT2"]
    assert bytes(read)[HEAD_BYTES:] == frame(4, "APIC", PICTURE) + frame(4, "TIT2", b"\x00Morning")


@pytest.mark.parametrize(
    ("version", "tag_flags", "frame_flags"),
    [(3, 0x80, b"\0\0"), (4, 0x80, b"\0\x02"), (4, 0x80, b"\0\0"), (4, 0, b"\0\x02")],
)
def test_zeros_that_were_put_in_are_taken_out(tmp_path, version, tag_flags, frame_flags):
    stored = b"own\0\xff\0\xe0\xff\0\0"
    if version == 3:  # the size is that of what was meant
        head = b"PRIV" + size_of(3, 8) + frame_flags
        tag = tag_of(3, [head + stored], tag_flags)
    else:
        tag = tag_of(4, [frame(4, "PRIV", stored, frame_flags)], tag_flags)
    (tmp_path / "a.mp3").write_bytes(tag)
    assert read_id3(tmp_path / "a.mp3").frames == (Id3Frame("PRIV", bytes(2), b"own\0\xff\xe0\xff\0"),)


def test_a_chapter_with_a_stated_length_is_read_and_a_compressed_one_is_not_kept():
    plain = b"one\0" + struct.pack(">IIII", 10, 20, 0, 0)
    tag = Id3Tag(4, (Id3Frame("CHAP", b"\0\x01", bytes(4) + plain), Id3Frame("CHAP", b"\0\x08", plain)))
    assert [(one.start_ms, one.end_ms) for one in tag.moved(lambda ms: 2 * ms).chapters()] == [(20, 40)]


@pytest.mark.parametrize(
    ("version", "flags", "extended"),
    [(3, 0x40, struct.pack(">I", 6) + bytes(6)), (4, 0x40, b"\0\0\0\x06\x01\0")],
)
def test_an_extended_header_is_passed_over(tmp_path, version, flags, extended):
    (tmp_path / "a.mp3").write_bytes(tag_of(version, [extended, frame(version, "TIT2", b"\0x")], flags))
    assert names(read_id3(tmp_path / "a.mp3")) == ["TIT2"]


@pytest.mark.parametrize(
    "content",
    [b"", b"ID3", b"\xff\xfb\x90\x00" * 4, tag_of(2, [b"TT2\0\0\2\0x"]), tag_of(4, [], padding=40)],
)
def test_no_tag_is_none(tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)
    assert read_id3(tmp_path / "a.mp3") is None


@given(
    version=st.sampled_from([3, 4]),
    flags=st.integers(0, 255),
    body=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.tuples(
                st.sampled_from(["CHAP", "COMM", "CTOC", "TIT2", "TXXX"]),
                st.binary(max_size=60),
                st.binary(min_size=2, max_size=2),
            ),
        ),
        max_size=5,
    ),
)
def test_nothing_in_a_tag_breaks_it(tmp_path_factory, version, flags, body):
    parts = [part if isinstance(part, bytes) else frame(version, *part) for part in body]
    path = tmp_path_factory.mktemp("tag") / "a.mp3"
    path.write_bytes(tag_of(version, parts, flags))
    read = read_id3(path)
    if read:
        moved = read.moved(lambda ms: ms // 2).without_gain()
        path.write_bytes(bytes(moved))
        again = read_id3(path)
        assert again == moved or not moved.frames


@pytest.mark.parametrize("version", [3, 4])
def test_a_result_has_the_tag_of_its_recording(episode, tmp_path, version):
    path = episode(full_tag(version))
    with open_recording(path) as recording:
        info = recording.info
        assert [one.title for one in info.chapters] == ["One", "Two", "Three"]
        source = Source(str(path), RATE_HZ, info.samples, 1, "")
        cut = Segment(2 * RATE_HZ, 3 * RATE_HZ, keep=False, action="cut", kind="silence")
        around = Segment(0, cut.start, keep=True), cut, Segment(cut.end, info.samples, keep=True)
        rendered = render(recording, CutList(source, list(around), {}), tmp_path / "b.mp3")
    assert rendered.warnings == ()
    result = read_id3(tmp_path / "b.mp3")
    before = read_id3(path)
    assert names(result) == ["TIT2", "COMM", "WOAS", "POPM", "APIC", "CTOC", "CHAP", "CHAP"]
    for name in ("TIT2", "COMM", "WOAS", "POPM", "APIC"):
        assert body_of(result, name) == body_of(before, name)
    assert [(one.start_ms, one.end_ms) for one in result.chapters()] == [(0, 2_000), (2_000, 5_000)]
    with open_recording(tmp_path / "b.mp3") as again:
        assert again.info.samples == info.samples - RATE_HZ
        assert again.info.tags == {name: text for name, text in info.tags.items() if "iTun" not in text}
    with av.open(str(tmp_path / "b.mp3")) as container:
        assert container.metadata["title"] == "Morning"


@pytest.mark.parametrize("version", [3, 4])
def test_what_tells_players_a_gain_goes_where_a_loudness_is_set(version):
    def tag(*frames):
        return Id3Tag(version, tuple(Id3Frame(name, bytes(2), body) for name, body in frames))

    stays = [
        ("TIT2", b"\x00replaygain_ in practice"),
        ("COMM", b"\x00eng\x00R128_ is a norm"),
        ("TXXX", b"\x00mood\x00calm"),
    ]
    goes = [
        ("TXXX", b"\x00REPLAYGAIN_TRACK_GAIN\x00-7 dB"),
        ("TXXX", b"\x01" + "replaygain_album_peak\0".encode("utf-16") + "0.9".encode("utf-16")),
        ("TXXX", b"\x03R128_TRACK_GAIN\x00-512"),
        ("COMM", b"\x00engiTunNORM\x00 0000 1111"),
        ("COMM", b"\x01eng" + "iTunNORM\0".encode("utf-16") + " 0000".encode("utf-16")),
        ("RVA2", b"track\x00\x01\xf9\x00\x00"),
    ]
    assert tag(*goes, *stays).without_gain() == tag(*stays)
    assert tag(*goes).without_gain() == tag()


def test_an_mp3_at_a_loudness_tells_players_no_gain(episode, tmp_path):
    frames = [
        frame(3, "RVA2", b"track\x00\x01\xf9\x00\x00"),
        frame(3, "TXXX", b"\x00R128_TRACK_GAIN\x00-512"),
    ]
    with open_recording(episode(tag_of(3, frames))) as recording:
        samples = recording.info.samples
        whole = CutList(Source("a.mp3", RATE_HZ, samples, 1, ""), (Segment(0, samples, True),))
        render(recording, whole, tmp_path / "as_it_was.mp3")
        render(recording, whole, tmp_path / "set.mp3", loudness_lufs=-20)
        render(recording, whole, tmp_path / "set.flac", loudness_lufs=-20)
    assert names(read_id3(tmp_path / "as_it_was.mp3")) == ["RVA2", "TXXX"]
    for name in ("set.mp3", "set.flac"):
        with open_recording(tmp_path / name) as result:
            assert (result.info.tags, result.info.samples) == ({}, samples)


def test_of_several_pictures_another_format_gets_the_first_and_says_so(episode, tmp_path):
    def picture(side):
        file = io.BytesIO()
        image = np.full((side, side), 128, np.uint8)
        with av.open(file, "w", format="image2pipe") as container:
            stream = container.add_stream("png", width=side, height=side, pix_fmt="gray")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "gray")))
            container.mux(stream.encode())
        return file.getvalue()

    pictures = [
        frame(3, "APIC", b"\x00image/png\x00" + bytes([kind]) + b"\x00" + picture(side))
        for kind, side in ((3, 16), (4, 8))
    ]
    with open_recording(episode(tag_of(3, pictures))) as recording:
        assert recording.info.pictures == 2
        assert output_format(recording.info, ".mp3").notes == ()
        assert (
            "of the 2 pictures of a.mp3 only the first goes along"
            in output_format(recording.info, ".flac").notes
        )


def test_a_length_that_a_tag_states_is_not_carried_into_another_format(episode, tmp_path):
    path = episode(tag_of(3, [frame(3, "TLEN", b"\x006000"), frame(3, "TIT2", b"\x00Morning")]))
    with open_recording(path) as recording:
        assert recording.info.tags == {"title": "Morning"}
