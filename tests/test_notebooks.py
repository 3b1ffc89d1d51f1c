import base64
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def test_there_are_three_notebooks():
    assert len(NOTEBOOKS) == 3


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_stored_without_output_and_leaves_decisions_to_modules(name):
    cells = json.loads((FOLDER / name).read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    lines = [line for cell in code for line in "".join(cell["source"]).splitlines()]
    assert not [line for line in lines if line.lstrip().startswith(("if ", "def ", "class ", "while "))]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_shows_what_it_promises(name, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="notebooks are run with nbclient and ipykernel")
    nbclient = pytest.importorskip("nbclient", reason="notebooks are run with nbclient and ipykernel")
    pytest.importorskip("ipykernel", reason="notebooks are run with nbclient and ipykernel")
    notebook = nbformat.read(FOLDER / name, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    players = [output for output in outputs if "<audio" in output.get("data", {}).get("text/html", "")]
    assert len(pictures) >= 2 and all(len(base64.b64decode(picture)) > 5_000 for picture in pictures)
    assert name.startswith("2") or players
