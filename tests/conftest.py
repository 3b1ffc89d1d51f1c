"""Fixtures are states: a folder with real recordings, a recording made on the spot."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples every time, and no clock: a busy machine is no failure.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# A shell's background jobs ignore Ctrl-C, and hand that on to the programs that are tested here.
signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture(scope="session")
def gate_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose network can be worked out by hand: keep where the mean log-mel is above -9."""
    torch = pytest.importorskip("torch")
    from model import Checkpoint, ModelConfig, Network, save_checkpoint

    network = Network(ModelConfig(family="plain", channels=(1,), dilations=()))
    with torch.no_grad():
        for weights in network.parameters():
            weights.zero_()
        network.mean.fill_(-9.0)
        network.scale.fill_(1.0)
        network.body.convs[0].weight[0, :, 1] = 1 / 64
        network.body.convs[1].weight[0, 0, 1] = 2.0
    path = tmp_path_factory.mktemp("checkpoint") / "gate.pt"
    save_checkpoint(Checkpoint(network), path)
    return path


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], Any]], Any]:
    """Ask again and again until the answer is true, and return it; only a minute without one is a failure."""

    def wait(answer: Callable[[], Any]) -> Any:
        give_up = time.monotonic() + 60
        while not (found := answer()):
            assert time.monotonic() < give_up, f"still {found!r} after a minute"
            time.sleep(0.02)
        return found

    return wait
