import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import CleanerError, ImportFormatError
from cleaner.imports import IMPORTS, read_marks
from cleaner.imports.marks import Mark
from cleaner.imports.meaning import marks_of, meaning_of
from cleaner.label_form import Removal, Unknown

LONG_TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words 7"
        xmin = 0
        xmax = 2.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "say ""3"" [x]"
        intervals [3]:
            xmin = 1.25
            xmax = 2.5
            text = "breath"
    item [2]:
        class = "TextTier"
        name = "points"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1
            mark = "click"
"""
SHORT_TEXTGRID = """File type = "ooTextFile"
"TextGrid"
0
2.5
<exists>
2
"IntervalTier"
"words 7"
0
2.5
3
0
0.5
""
0.5
1.25
"say ""3"" [x]"
1.25
2.5
"breath"
"TextTier"
"points"
0
2.5
1
1
"click"
"""
CUTS = {
    "version": 1,
    "source": {"path": "ep.wav", "sample_rate": 100, "samples": 250, "channels": 1, "fingerprint": "f"},
    "settings": {},
    "segments": [
        {"start": 0, "end": 50, "keep": True, "kind": "", "action": "keep"},
        {"start": 50, "end": 125, "keep": False, "kind": "", "action": "cut"},
        {"start": 125, "end": 250, "keep": False, "kind": "breath", "action": "cut"},
    ],
}

CUTS["segments"] = [part | {"probability": 0.1, "by": "model"} for part in CUTS["segments"]]

# One truth in every format: something at 0.5-1.25 s, a breath at 1.25-2.5 s.
SAME_IN_ALL = {
    "audacity.txt": "0.500000\t1.250000\tx\n\\\t100.0\t200.0\n1.250000\t2.500000\tbreath\n",
    "long.TextGrid": LONG_TEXTGRID,
    "short.TextGrid": SHORT_TEXTGRID,
    "commas.csv": "start,end,label\n0.5,1.25,x\n1.25,2.5,breath\n",
    "durations.tsv": "Onset\tDuration\tKind\n0.5\t0.75\tx\n1.25\t1.25\tbreath\n",
    "decimal_commas.csv": "start;end;text\n0,5;1,25;x\n1,25;2,5;breath\n",
    "bare.csv": "0.5,1.25,x\n0:01.25,00:00:02.5,breath\n",
    "tasks.json": json.dumps(
        [
            {
                "data": {"audio": "/data/upload/1/12345678-ep.wav"},
                "annotations": [
                    {"was_cancelled": True, "result": [{"value": {"start": 9, "end": 10, "labels": ["no"]}}]},
                    {
                        "result": [
                            {"original_length": 18, "value": {"start": 0.5, "end": 1.25, "labels": ["x"]}},
                            {"value": {"start": 1.25, "end": 2.5, "labels": ["Breath"]}},
                            {"value": {"choices": ["good take"]}},
                        ]
                    },
                ],
            }
        ]
    ),
    "short_form.json": json.dumps(
        [
            {
                "audio": "ep.wav",
                "id": 1,
                "label": [
                    {"start": 0.5, "end": 1.25, "labels": ["x"]},
                    {"start": 1.25, "end": 2.5, "labels": ["breath"]},
                ],
            }
        ]
    ),
    "bare_regions.json": json.dumps(
        [
            {"value": {"start": 0.5, "end": 1.25, "labels": ["x"]}},
            {"value": {"start": 1.25, "end": 2.5, "labels": ["breath"]}},
        ]
    ),
    "spans.json": json.dumps(
        {
            "audio_spans": [
                {"start": 0.5, "end": 1.25, "label": "x"},
                {"start": 1.25, "end": 2.5, "label": "breath"},
            ]
        }
    ),
}
FOUND = (Removal(0.5, 1.25, ""), Removal(1.25, 2.5, "breath"))


@pytest.fixture
def labels_file(tmp_path):
    def write(name, contents):
        (tmp_path / name).write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return tmp_path / name

    return write


def imported(path, duration_s=4.0, means=None, recording="ep.wav"):
    return meaning_of(marks_of(read_marks(path), recording, str(path)), duration_s, str(path), means)


@pytest.mark.parametrize("name", SAME_IN_ALL)
def test_every_format_tells_the_same(labels_file, name):
    found = imported(labels_file(name, SAME_IN_ALL[name]), means="remove")
    assert (found.remove, found.unknown, found.notes) == (FOUND, (), ())


def test_turns_of_speakers_are_kept_and_the_rest_is_removed(labels_file):
    ten_fields = "SPEAKER ep 1 0.5 0.75 <NA> <NA> ann <NA> <NA>"
    nine_fields = "SPEAKER ep 1 1.0 1.0 <NA> <NA> bob <NA>"
    rttm = f"{ten_fields}\n{nine_fields}\n;; a comment\nSPKR-INFO ep 1\n"
    found = imported(labels_file("a.rttm", rttm))
    assert found.remove == (Removal(0, 0.5), Removal(2.0, 4.0))


@pytest.mark.parametrize("name", ["ep", "my ep", "my 1 2.5 ep"])
def test_a_turn_is_read_whatever_spaces_its_files_name_holds(labels_file, name):
    [mark] = read_marks(labels_file("a.rttm", f"SPEAKER {name} 1 0.5 0.75 <NA> <NA> ann <NA> <NA>"))
    assert (mark.recording, mark.start_s, mark.end_s, mark.text) == (name, 0.5, 1.25, "ann")


def test_our_own_cut_list_comes_back(labels_file):
    found = imported(labels_file("ep.cuts.json", json.dumps(CUTS)), duration_s=2.5)
    assert found.remove == FOUND and found.unknown == ()


def test_chunks_of_auto_editor_are_ticks_of_their_timebase(labels_file):
    chunks = [[0, 30, 1], [30, 60, 99999], [60, 90, 0]]
    data = {"version": "1", "source": "x.mp4", "timebase": "30000/1001", "chunks": chunks}
    found = imported(labels_file("x.v1", json.dumps(data)), duration_s=90 * 1001 / 30000)
    assert found.remove == (Removal(pytest.approx(1.001), pytest.approx(3.003), ""),)


def test_our_own_table_of_cuts_says_what_each_row_means(labels_file):
    table = "start_s,end_s,start_sample,end_sample,keep,kind\n0,1,0,9,1,\n1,2,9,18,0,breath\n2,4,18,36,1,\n"
    assert imported(labels_file("ep_cuts.csv", table)).remove == (Removal(1, 2, "breath"),)


REGIONS = "R1,x,0:00.500,0:01.250,0:00.750\n# R9,Start,End\nR2,breath,0:01.250,0:02.500,0:01.250\n"


@pytest.mark.parametrize(
    "head", ["#,Name,Start,End,Length", "# by hand, to the end\n# who, Name, Start, End, Length\n#,,,,"]
)
def test_a_line_of_names_may_look_like_a_comment(labels_file, head):
    path = labels_file("regions.csv", f"{head}\n{REGIONS}")
    assert imported(path, means="remove").remove == FOUND


@pytest.mark.parametrize(("first", "start_s"), [("-0.20", -0.2), (".5", 0.5), ("0:00.5", 0.5)])
def test_a_table_without_names_may_begin_with_any_time(labels_file, first, start_s):
    assert read_marks(labels_file("a.csv", f"{first},1,breath\n")) == [Mark(start_s, 1, "breath")]


def test_a_name_of_a_column_may_begin_with_a_digit(labels_file):
    assert read_marks(labels_file("a.csv", "2nd label,start,end\nx,0,1\n")) == [Mark(0, 1)]


def test_utf16_and_byte_order_marks_are_read(labels_file):
    for encoding in ("utf-16", "utf-8-sig"):
        path = labels_file("a.TextGrid", LONG_TEXTGRID.encode(encoding))
        assert imported(path, means="remove").remove == FOUND


def marks(text):
    """``1-2 breath; 3-4 keep`` -> marks."""
    rows = [row.split(maxsplit=1) for row in text.split(";")]
    return [Mark(*map(float, times.split("-")), *word) for times, *word in rows]


@pytest.mark.parametrize(
    ("text", "means", "remove", "unknown"),
    [
        ("1-2 breath", None, [(1, 2, "breath")], []),
        ("1-2 Speech", None, [(0, 1, ""), (2, 4, "")], []),
        ("1-2 keep; 3-4 breath", None, [(3, 4, "breath")], [(0, 1), (2, 3)]),
        ("1-2 anything", "remove", [(1, 2, "")], []),
        ("1-2 anything", "keep", [(0, 1, ""), (2, 4, "")], []),
        ("1-3 hello; 2-3 cough", "keep", [(0, 1, ""), (3, 4, "")], [(2, 3)]),
        ("1-2 breath; 1.5-3 silence", None, [(1, 2, "breath"), (2, 3, "silence")], []),
        ("0-4 remove", None, [(0, 4, "")], []),
        ("0-4 keep", None, [], []),
    ],
)
def test_form_word_and_option_say_what_marks_mean(text, means, remove, unknown):
    found = meaning_of(marks(text), 4.0, "a.txt", means)
    assert list(found.remove) == remove and list(found.unknown) == unknown


@given(
    st.lists(
        st.tuples(st.integers(-20, 120), st.integers(0, 40), st.sampled_from(["keep", "breath", "cut"]))
    ),
    st.sampled_from([None, "keep", "remove"]),
)
def test_every_moment_is_what_the_marks_over_it_say(rows, means):
    some = [Mark(start / 10, (start + length) / 10, word) for start, length, word in rows]
    try:
        found = meaning_of(some, 10.0, "a.txt", means)
    except ImportFormatError:
        assert not any(mark.end_s > max(0, mark.start_s) and mark.start_s < 10 for mark in some)
        return
    stretches = sorted([(start, end) for start, end, _ in found.remove] + list(found.unknown))
    assert all(0 <= start < end <= 10 for start, end in stretches)
    assert all(left[1] <= right[0] for left, right in pairwise(stretches))
    said = {mark.text == "keep" for mark in some if mark.end_s > mark.start_s}
    rest = {None: None if len(said) == 2 else said == {False}, "keep": False, "remove": True}[means]
    for tick in range(100):
        moment = tick / 10 + 0.05
        here = {mark.text == "keep" for mark in some if mark.start_s < moment < mark.end_s}
        expected = rest if not here else None if len(here) == 2 else here.pop()
        removed = any(start < moment < end for start, end, _ in found.remove)
        unknown = any(start < moment < end for start, end in found.unknown)
        assert (removed, unknown) == (expected is False, expected is None)


def test_what_nobody_says_is_asked_for():
    with pytest.raises(ImportFormatError, match=r"a\.txt: is what is marked 'hm' .* --labels-mean keep"):
        meaning_of(marks("1-2 hm"), 4.0, "a.txt")
    with pytest.raises(ImportFormatError, match="marked without a word"):
        meaning_of(marks("1-2"), 4.0, "a.txt")


def test_times_out_of_range_overlaps_and_points_are_handled_and_said():
    found = meaning_of(marks("0-1 cut;3-9 cut;2-2 hm;3.5-3.6 keep;3-5 cut"), 4.0, "a.txt", "remove")
    assert found.remove == (Removal(0, 1), Removal(3, 3.5), Removal(3.6, 4.0))
    assert found.unknown == (Unknown(3.5, 3.6),)
    assert [note.partition(": ")[2] for note in found.notes] == [
        "1 mark without length: left out",
        "2 marks outside the recording's 4 s: cut there",
        "0.10 s are marked to be kept and to be removed; they stay unknown",
    ]


def test_a_moment_of_two_kinds_is_of_the_first_and_that_is_said():
    found = meaning_of(marks("1-3 silence;2-4 breath;2.5-3.5 cut"), 8.0, "a.txt")
    assert found.remove == (Removal(1, 3, "silence"), Removal(3, 4, "breath"))
    assert found.notes == ("a.txt: 1.00 s are marked as two kinds; the first in the file counts",)


def test_a_point_needs_no_word_that_is_known():
    assert meaning_of(marks("0-1 breath;2-2 chapter"), 4.0, "a.txt").remove == (Removal(0, 1, "breath"),)


def test_labels_that_end_long_before_their_recording_are_told():
    found = meaning_of(marks("1-2 breath"), 600.0, "a.txt")
    assert found.notes == ("a.txt: nothing is marked after 2 s of 600 s; that is taken as kept",)


def test_labels_of_another_recording_are_refused():
    with pytest.raises(ImportFormatError, match="marks nothing within the recording's 4 s"):
        meaning_of(marks("10-11 cut"), 4.0, "a.txt")
    with pytest.raises(ImportFormatError, match="marks nothing"):
        meaning_of([], 4.0, "a.txt")
    two = [Mark(0, 1, recording="a"), Mark(0, 1, recording="b")]
    with pytest.raises(ImportFormatError, match=r"x is of a, b, not of ep\.wav"):
        marks_of(two, "ep.wav", "x")
    assert marks_of(two, "b.wav", "x") == two[1:]
    assert marks_of(two[:1], "ep.wav", "x") == two[:1]
    with pytest.raises(ImportFormatError, match="is of a"):
        marks_of(two[:1], "ep.wav", "x", alone=False)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", "0.5 1.0 spaces", "line 1: '0.5 1.0 spaces' is not 'start TAB end TAB text'"),
        ("a.txt", "0.5\tone\tx", "line 1: 'one' is not a time"),
        ("a.txt", "0.5\t1e999\tx", "not a finite time"),
        ("a.txt", "\n2\t1\tx", "line 2: ends at 1 s, before it begins at 2 s"),
        ("a.txt", b"\xff\xfe\x00", "is no text in UTF-8 or UTF-16"),
        ("a.rttm", "SPEAKER ep 1 0.5", "a SPEAKER line has 9 or 10 fields, this one 4"),
        ("a.rttm", "SPEAKER my long ep 1 0.5 1 a b c d e", "9 or 10 fields, this one 12"),
        ("a.rttm", "SPEAKER my ep 1 0.5 x <NA> <NA> a <NA>", "'x' is not a time in seconds"),
        ("a.rttm", "SPEAKER ep 1 0.5 -1 <NA> <NA> a <NA> <NA>", "the duration is -1 s"),
        ("a.rttm", "hello world", "'hello world' is no line of RTTM"),
        ("a.TextGrid", "hello", "cut short or out of order"),
        ("a.TextGrid", '"ooTextFile" "Pitch"', "does not begin as a TextGrid does"),
        ("a.TextGrid", SHORT_TEXTGRID[:120], "cut short"),
        ("a.csv", "name,colour\nx,y\n", "the columns ['name', 'colour'] have no start"),
        ("a.csv", "start,end\n1\n", "lacks a start or an end"),
        ("a.csv", "start,end,keep\n1,2,maybe\n", "keep is 'maybe'; 1 or 0 is allowed"),
        ("a.json", "{", "is not JSON"),
        ("a.json", '{"name": "x"}', "of no form that is known"),
        ("a.json", "[1, 2]", "of no form that is known"),
        ("a.json", '[{"value": {"start": "x", "end": 2}}]', "task 0: start is 'x', not a number"),
        ("a.v1", '{"version": "3"}', "no version 1 file of auto-editor"),
        ("a.v1", '{"version": "1", "timebase": "30", "chunks": [[0, 5, 1], [6, 9, 0]]}', "must begin at 5"),
        ("a.v1", '{"version": "1", "timebase": "30/1", "chunks": [[0, 5, 2]]}', "has the speed 2"),
        ("a.v1", '{"version": "1", "timebase": "30/1", "chunks": [[0, 5]]}', "not [start, end, speed]"),
        ("ep.cuts.json", '{"version": 1, "segments": []}', "ep.cuts.json"),
        ("a.csv", "start,end\n1,2," + "x" * 200_000, "is no table: field larger"),
        ("a.json", "[" * 100_000, "is not JSON: it is nested too deeply"),
        ("a.doc", "x", "has no ending of a label file; known are .csv"),
    ],
)
def test_a_broken_file_is_named_in_one_line(labels_file, name, text, says):
    path = labels_file(name, text)
    with pytest.raises(ImportFormatError) as error:
        read_marks(path)
    assert str(error.value).startswith(str(path)) and says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CleanerError, match=r"none\.txt cannot be read: No such file"):
        read_marks(tmp_path / "none.txt")


@pytest.mark.parametrize("name", SAME_IN_ALL)
def test_a_file_cut_anywhere_is_read_or_refused_but_never_a_crash(labels_file, name):
    text = SAME_IN_ALL[name]
    for length in range(0, len(text), 7):
        try:
            imported(labels_file(name, text[:length]), means="remove")
        except ImportFormatError as error:
            assert "\n" not in str(error)


def test_every_format_has_its_module_and_its_file_endings():
    assert list(IMPORTS) == ["audacity", "textgrid", "rttm", "csv", "label_studio", "auto_editor", "cuts"]
    assert all(suffix.startswith(".") for suffixes in IMPORTS.values() for suffix in suffixes)


def test_real_turns_are_read(shared_data):
    path = shared_data / "test" / "telephone" / "aws_live_call_40_000.rttm"
    found = imported(path, duration_s=60.0, recording="aws_live_call_40_000.opus")
    assert found.remove[0] == Removal(0, 0.34) and 0 < sum(end - start for start, end, _ in found.remove) < 60
    meetings = read_marks(shared_data / "test" / "meetings" / "debug.train.rttm")
    assert {mark.recording for mark in marks_of(meetings, "trn03.flac", "x")} == {"trn03"}
