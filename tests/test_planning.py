"""What comes in and where it goes, and what is refused before any slow work."""

from pathlib import Path

import pytest

from cleaner.cutting.decide import CutSettings
from cleaner.errors import UsageError
from cleaner.planning import OutputSettings, plan


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to stand in, with a.mp3, b.mp3, deep/a.mp3 and results of an earlier run."""
    monkeypatch.chdir(tmp_path)
    Path("deep").mkdir()
    for name in ("a.mp3", "b.mp3", "deep/a.mp3", "old_cleaned.mp3", "a_removed.mp3"):
        Path(name).write_bytes(b"sound")
    return tmp_path


def planned(*names, **settings):
    tasks = plan(names, OutputSettings(**settings), CutSettings())
    return {str(task.recording): str(task.output) for task in tasks}


def test_a_result_lies_beside_its_recording(here):
    assert planned("a.mp3", "deep/a.mp3") == {
        "a.mp3": "a_cleaned.mp3",
        "deep/a.mp3": "deep/a_cleaned.mp3",
    }


def test_one_recording_may_go_into_a_file_or_a_folder(here):
    assert planned("a.mp3", output=Path("x.flac")) == {"a.mp3": "x.flac"}
    assert planned("a.mp3", output=Path("new")) == {"a.mp3": "new/a_cleaned.mp3"}
    assert planned("a.mp3", output=Path("deep")) == {"a.mp3": "deep/a_cleaned.mp3"}
    assert planned("deep", output=Path("new")) == {"deep/a.mp3": "new/a_cleaned.mp3"}
    assert planned("deep", output=Path("new.flac")) == {"deep/a.mp3": "new.flac"}


def test_a_folder_may_have_a_dot_in_its_name(here):
    assert planned("deep", output=Path("new.v2")) == {"deep/a.mp3": "new.v2/a_cleaned.mp3"}
    assert planned("a.mp3", output="new.v2/") == {"a.mp3": "new.v2/a_cleaned.mp3"}
    assert planned("a.mp3", output="new.flac/") == {"a.mp3": "new.flac/a_cleaned.mp3"}


def test_a_folder_keeps_its_form_in_the_output_and_results_are_no_recordings(here):
    assert planned(".", output=Path("out")) == {
        "a.mp3": "out/a_cleaned.mp3",
        "b.mp3": "out/b_cleaned.mp3",
        "deep/a.mp3": "out/deep/a_cleaned.mp3",
    }


@pytest.mark.parametrize(
    ("names", "settings", "said"),
    [
        (
            ["a.mp3", "b.mp3"],
            {"output": Path("old_cleaned.mp3")},
            "is a file; it must be a folder",
        ),
        (["a.mp3", "deep/a.mp3"], {"output": Path("out")}, "would be written twice"),
        (["a.mp3"], {"output": Path("a.mp3"), "force": True}, "is an input"),
        (["a.mp3", "b.mp3"], {"output": Path("deep"), "export": ("removed",)}, None),
        (["a.mp3"], {"output": Path("old_cleaned.mp3")}, "exists; --force overwrites it"),
        (["a.mp3"], {"output": Path("x.docx")}, "its name must end in one of"),
        (["c.mp3"], {}, "no such file or folder"),
    ],
)
def test_what_would_go_wrong_is_said_beforehand(here, names, settings, said):
    if said is None:
        assert len(planned(*names, **settings)) == 2
    else:
        with pytest.raises(UsageError, match=said):
            planned(*names, **settings)


def test_a_link_that_leads_nowhere_is_told(here):
    Path("x.mp3").symlink_to("y.mp3")
    Path("y.mp3").symlink_to("x.mp3")
    with pytest.raises(UsageError, match=r"x\.mp3 is a link that leads back to itself"):
        planned("a.mp3", output=Path("x.mp3"))


def test_a_link_to_an_input_is_an_input(here):
    Path("b_cleaned.mp3").symlink_to("a.mp3")
    with pytest.raises(UsageError, match="is an input"):
        planned("a.mp3", "b.mp3", force=True)
