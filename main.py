"""Open the labeling app: mark what is to be removed, correct what the model proposes, train.

    python main.py                       # clips of data/, as preprocess.py made them
    python main.py --data original/      # the original's folder: samples/ and labels.json
    python main.py --no-model            # a blank page, nothing proposed

Nothing leaves this computer: the page is served on 127.0.0.1 and asks for nothing from outside.
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import secrets
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner.cli import Parser, add_options, options_from, parse_number, run, setting
from cleaner.errors import UsageError

if TYPE_CHECKING:
    from cleaner.detect import Detector

ROOT = Path(__file__).resolve().parent


def parse_gib(text: str) -> float:
    """A number of GiB above 0; raises UsageError otherwise."""
    gib = parse_number(text)
    if gib <= 0:
        raise UsageError(f"{text} GiB would take no recording; it must be above 0")
    return gib


@dataclass(frozen=True)
class AppSettings:
    """Where the app finds its things and where it is found."""

    data: Path = setting(Path("data"), "folder of clips and labels, made if missing", parse=Path)
    runs: Path = setting(Path("runs"), "folder that trainings write into", parse=Path)
    checkpoint: Path | None = setting(
        None,
        "network that makes the proposals, .pt or .onnx "
        "(default: the last one trained here, else the shipped one)",
        parse=Path,
        metavar="FILE",
    )
    no_model: bool = setting(False, "propose nothing")
    host: str = setting("127.0.0.1", "address to listen at; another than this computer's own wants a token")
    port: int = setting(8765, "port to listen at; 0 takes any free one")
    token: str | None = setting(None, "what others must know to get in; made up where --host needs one")
    no_browser: bool = setting(False, "do not open the browser")
    max_upload_gib: float = setting(4.0, "largest recording that the page takes, in GiB", parse=parse_gib)


def main() -> int:
    """Check everything, listen, say where, serve until interrupted."""
    parser = Parser(prog="main.py", description=__doc__)
    add_options(parser, AppSettings)
    settings = options_from(parser.parse_args(), AppSettings)
    serve(settings)
    return 0


def serve(settings: AppSettings) -> None:
    """Serve the app until interrupted; raises CleanerError before anything is served."""
    import waitress

    from cleaner.detect import shipped_checkpoint
    from labeler import LabelerConfig, create_app
    from labeler.guard import is_loopback
    from labeler.training import learnt_from

    if settings.data.is_file():
        raise UsageError(f"--data {settings.data} is a file; it must be a folder")
    if not 0 <= settings.port <= 65_535:
        raise UsageError(f"--port {settings.port} is out of range; it must be from 0 to 65535")
    checkpoint = settings.checkpoint or learnt_from(settings.data) or shipped_checkpoint()
    if not settings.no_model and not checkpoint.is_file():
        raise UsageError(f"the checkpoint {checkpoint} does not exist; --no-model works without one")
    token = settings.token or ("" if is_loopback(settings.host) else secrets.token_urlsafe(16))
    app = create_app(
        LabelerConfig(
            data=settings.data,
            runs=settings.runs,
            checkpoint=None if settings.no_model else checkpoint,
            load_detector=None if settings.no_model else load_detector,
            train_command=(sys.executable, str(ROOT / "train.py")),
            train_from=settings.checkpoint,
            host=settings.host,
            token=token,
            max_upload_bytes=int(settings.max_upload_gib * 2**30),
        )
    )
    try:
        server = waitress.create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=8,
            ident=None,
            max_request_body_size=int(settings.max_upload_gib * 2**30),
        )
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen at {settings.host} port {settings.port}: {error}") from None
    if not is_loopback(settings.host):
        print(f"warning: other computers can reach {settings.host}; they need the token", file=sys.stderr)
    address = f"http://{_in_address(settings.host)}:{server.effective_port}/"
    address += f"?token={token}" if token else ""
    print(f"Labeling {settings.data} at {address} (Ctrl-C ends it)", flush=True)
    if not settings.no_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    try:
        server.run()
    finally:
        app.extensions["project"].training.stop()


def load_detector(checkpoint: Path) -> "Detector":
    """Load the network in the background: the page must not wait for it."""
    from cleaner.detect import load_detector

    return load_detector(checkpoint)


def _in_address(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    run(main)
