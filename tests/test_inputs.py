"""Names on the command line: files, folders, patterns."""

import pytest

from cleaner.errors import UsageError
from cleaner.inputs import expand_inputs, folder_below


@pytest.fixture
def folder(tmp_path):
    for name in ["b.mp3", "a.wav", "notes.txt", "a_cleaned.wav", ".hidden.wav", "deep/c.FLAC"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_is_searched_for_recordings(folder):
    found = expand_inputs([str(folder)])
    assert names(found, folder) == ["a.wav", "b.mp3", "deep/c.FLAC"]


def test_a_folder_is_no_recording_whatever_its_name(folder):
    (folder / "show.mp3").mkdir()
    (folder / "show.mp3" / "d.mp3").touch()
    assert names(expand_inputs([str(folder)]), folder) == ["a.wav", "b.mp3", "deep/c.FLAC", "show.mp3/d.mp3"]


def test_a_pattern_that_no_shell_expanded_is_expanded(folder):
    assert names(expand_inputs([f"{folder}/*.wav"]), folder) == ["a.wav"]


def test_a_file_that_is_named_is_taken_whatever_it_is(folder):
    given = [str(folder / "notes.txt"), str(folder / "a_cleaned.wav")]
    assert names(expand_inputs(given), folder) == ["notes.txt", "a_cleaned.wav"]


def test_every_file_comes_once(folder):
    given = [str(folder / "b.mp3"), str(folder)]
    assert names(expand_inputs(given), folder) == ["b.mp3", "a.wav", "deep/c.FLAC"]


def test_the_folders_inside_a_folder_are_known(folder):
    given = [str(folder / "b.mp3"), str(folder)]
    below = [folder_below(given, path).as_posix() for path in expand_inputs(given)]
    assert below == [".", ".", "deep"]


@pytest.mark.parametrize("name", ["missing.wav", "*.ogg", "empty"])
def test_a_name_that_stands_for_nothing_is_said(name, folder):
    (folder / "empty").mkdir()
    with pytest.raises(UsageError, match=r"missing|\*\.ogg|empty"):
        expand_inputs([str(folder / name)])


def test_an_empty_name_is_not_this_folder():
    with pytest.raises(UsageError, match="is empty"):
        expand_inputs([""])
