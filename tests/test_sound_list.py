"""The list of a folder's sounds: whom it names, what it says of each, what is missing."""

import math

import pytest

from cleaner.errors import UsageError
from cleaner.mixing.material import Material, is_set_aside
from cleaner.sound_list import Sound, manifest_of, sounds_in

LIST = """path,role,class,speaker,language,seconds,speech_start,speech_end,labels
speech/en/take.wav,speech,,anna,en,2.5,0.6,1.6,gated: energy is no label
events/knocks/two.wav,event,bump,,,1,,,loud events=0.00-0.18;0.26-0.44 gain_db=-3
rain.wav,background,,,,30,,,
../elsewhere.wav,speech,,,,1,,,
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "manifest.csv").write_text(LIST)
    return tmp_path / "train"


def test_everything_that_a_list_says_of_the_files_of_its_folder(folder):
    assert sounds_in(folder) == [
        Sound(
            path=folder / "speech/en/take.wav",
            role="speech",
            folder="speech/en",
            label="en",
            speaker="anna",
            language="en",
            seconds=2.5,
            speech_s=(0.6, 1.6),
            events_s=(),
            energy_tells=False,
        ),
        Sound(
            path=folder / "events/knocks/two.wav",
            role="event",
            folder="events/knocks",
            label="bump",
            speaker="two.wav",
            language="",
            seconds=1.0,
            speech_s=None,
            events_s=((0.0, 0.18), (0.26, 0.44)),
            energy_tells=True,
        ),
        Sound(
            path=folder / "rain.wav",
            role="background",
            folder="",
            label="rain.wav",
            speaker="rain.wav",
            language="",
            seconds=30.0,
            speech_s=None,
            events_s=(),
            energy_tells=True,
        ),
    ]


def test_a_list_above_tells_of_a_folder_and_of_no_other(folder):
    (folder / "events").mkdir()
    (sound,) = sounds_in(folder / "events")
    assert (sound.path, sound.folder) == (folder / "events/knocks/two.wav", "knocks")
    assert manifest_of(folder / "events" / "knocks") == folder / "manifest.csv"


def test_what_a_list_does_not_tell_is_empty(folder):
    (folder / "manifest.csv").write_text("path,role\nhall/a.wav,event\n")
    (sound,) = sounds_in(folder)
    assert (sound.label, sound.speaker, sound.language, sound.events_s) == ("hall", "a.wav", "", ())
    assert math.isnan(sound.seconds)


def test_a_list_that_is_missing_or_lacks_a_column_is_named(folder):
    with pytest.raises(UsageError, match=r"train/manifest\.csv has no column rate, hue$"):
        sounds_in(folder, needed=("path", "rate", "hue"))
    (folder / "manifest.csv").unlink()
    with pytest.raises(UsageError, match=r"train has no manifest\.csv, in it or above it"):
        sounds_in(folder)


def test_a_list_may_begin_with_the_mark_that_spreadsheets_write(folder):
    (folder / "manifest.csv").write_text(LIST, "utf-8-sig")
    assert len(sounds_in(folder)) == 3


def test_a_folder_of_sounds_may_be_a_link(folder):
    elsewhere = folder.parent / "speech"
    elsewhere.mkdir()
    (folder / "speech").symlink_to(elsewhere)
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    for place in (folder, linked):
        assert [sound.folder for sound in sounds_in(place)] == ["speech/en", "events/knocks", ""]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a.wav,,1,,,", "line 2: role is empty"),
        ("a.wav", "line 2: role is empty"),
        (",speech,1,,,", "line 2: path is empty"),
        ("a.wav,speech,,,,", "line 2: seconds is empty"),
        ("a.wav,speech,long,,,", "line 2: seconds has 'long', where seconds from 0 up belong"),
        ("a.wav,speech,inf,,,", "line 2: seconds has 'inf'"),
        ("a.wav,speech,1,x,0.5,", "line 2: speech_start has 'x'"),
        ("a.wav,event,1,,,events=0.1-", "line 2: events has ''"),
        ("a.wav,event,1,,,events=0.1-0.2-0.3", "line 2: events has '0.2-0.3'"),
        ("a.wav,speech,1,,,caf\xe9", "is no table in UTF-8"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(folder, row, complaint):
    text = f"path,role,seconds,speech_start,speech_end,labels\n{row}\n"
    (folder / "manifest.csv").write_text(text, "latin-1")
    with pytest.raises(UsageError, match=complaint):
        sounds_in(folder, needed=("path", "role", "seconds"))


def test_all_takes_of_a_speaker_are_set_aside_together(folder):
    rows = "".join(
        f"{letter}{i}.wav,speech,{letter},1\n" for letter in "abcdefghijklmnopqrst" for i in (1, 2)
    )
    (folder / "manifest.csv").write_text("path,role,speaker,seconds\n" + rows)
    aside = [sound.path.stem for sound in sounds_in(folder) if is_set_aside(sound)]
    assert aside
    assert len(aside) == 2 * len({stem[0] for stem in aside})


@pytest.mark.parametrize(
    ("voices", "aside"),
    [
        ("ab", "b"),  # neither would be, by the rule that takes one of twelve
        ("abd", "d"),
        ("abcdefghijklmnopqrst", "d"),
    ],
)
def test_of_few_voices_one_is_set_aside_too(folder, voices, aside):
    rows = "".join(f"{voice}.wav,speech,{voice},1\n" for voice in voices)
    (folder / "manifest.csv").write_text("path,role,speaker,seconds\n" + rows)
    heard = [
        "".join(sound.speaker for sound in Material(folder, set_aside=side).by_role["speech"])
        for side in (False, True)
    ]
    assert heard[1] == aside
    assert sorted(heard[0] + heard[1]) == sorted(voices)


def test_one_voice_is_too_few_to_set_one_aside(folder):
    (folder / "manifest.csv").write_text("path,role,speaker,seconds\na.wav,speech,a,1\n")
    with pytest.raises(UsageError, match=r"voices in .*train: 1, .* needs at least 2"):
        Material(folder, set_aside=True)
