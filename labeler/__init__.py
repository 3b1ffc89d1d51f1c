"""The labeling app: a page on this computer, over one data folder.

``create_app`` is given every path and the detector; it imports neither the network nor torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from labeler.guard import Guard
from labeler.project import Project
from labeler.views import pages

if TYPE_CHECKING:
    from cleaner.detect import Detector

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class LabelerConfig:
    """What the app is made of.

    ``load_detector`` maps a checkpoint to its detector and is called in the background; None is a blank page
    without proposals. ``train_command`` is what training is started with, ``--data`` and the rest follow it;
    it begins with ``train_from``, else with what it begins with by itself.
    """

    data: Path
    runs: Path = Path("runs")
    checkpoint: Path | None = None
    load_detector: "Callable[[Path], Detector] | None" = None
    train_command: tuple[str, ...] = ()
    train_from: Path | None = None
    host: str = "127.0.0.1"
    token: str = ""
    max_upload_bytes: int = 4 << 30


def create_app(config: LabelerConfig) -> Flask:
    """Build the app over ``config.data``; raises LabelsError where its labels or clips are broken."""
    app = Flask(__name__, static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = config.max_upload_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    project = Project(config)
    app.extensions["project"] = project
    Guard(config.host, config.token).protect(app)
    app.register_blueprint(pages)
    project.start()
    return app
