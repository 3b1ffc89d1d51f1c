"""Fixtures are states: a folder with real recordings, a recording made on the spot."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder_or_skip(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"{folder} is missing")
    pytest.skip(f"the real recordings are not here: {folder}")


@pytest.fixture
def shared_data() -> Path:
    """The folder with real recordings; skips where a clone lacks it, fails where CI does."""
    return _folder_or_skip(SHARED / "data")


@pytest.fixture
def shared_models() -> Path:
    """The folder with the peers' networks; skips where a clone lacks it, fails where CI does."""
    return _folder_or_skip(SHARED / "models")
