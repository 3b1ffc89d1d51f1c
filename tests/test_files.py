import os

import pytest

from cleaner.errors import WriteError
from cleaner.files import fingerprint, write_whole


def test_what_was_written_is_read_back_and_nothing_is_left_beside(tmp_path):
    write_whole(tmp_path / "a.json", b"old")
    write_whole(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    write_whole(tmp_path / "a.json", b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(WriteError, match=r"a\.json cannot be written: disk full$"):
        write_whole(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.json").write_bytes(b"old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_whole(tmp_path / "link.json", b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_the_fingerprint_is_of_the_contents_not_of_the_name(tmp_path):
    (tmp_path / "a").write_bytes(b"sound")
    (tmp_path / "b").write_bytes(b"sound")
    (tmp_path / "c").write_bytes(b"Sound")
    (tmp_path / "empty").write_bytes(b"")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b") != fingerprint(tmp_path / "c")
    assert fingerprint(tmp_path / "a").startswith("5+")
    assert fingerprint(tmp_path / "empty").startswith("0+")


def test_the_fingerprint_sees_a_change_in_the_last_mebibyte(tmp_path):
    (tmp_path / "a").write_bytes(bytes(3 << 20))
    (tmp_path / "b").write_bytes(bytes((3 << 20) - 1) + b"x")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")


def test_a_long_name_is_written_too(tmp_path):
    path = tmp_path / ("ä" * 120 + ".json")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_folder_that_is_a_file_is_said_to_be_none(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match=r"a\.json cannot be written: Not a directory$"):
        write_whole(tmp_path / "file" / "a.json", b"new")
