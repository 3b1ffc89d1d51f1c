"""The page for everybody: axe-core finds nothing serious, in light and dark, in every dialog."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """axe-core's source: from AXE_CORE, node_modules or the npm registry; skips where there is none."""
    for place in (os.environ.get("AXE_CORE"), ROOT / "node_modules" / "axe-core" / "axe.min.js"):
        if place and Path(place).is_file():
            return Path(place).read_text("utf-8")
    if not shutil.which("npm"):
        pytest.skip("no npm to fetch axe-core with; AXE_CORE may name axe.min.js")
    folder = tmp_path_factory.mktemp("axe")
    fetched = subprocess.run(
        ["npm", "pack", "axe-core@4"], cwd=folder, capture_output=True, text=True, timeout=90
    )
    archives = list(folder.glob("*.tgz"))
    if fetched.returncode or not archives:
        pytest.skip("axe-core could not be fetched from the npm registry")
    with tarfile.open(archives[0]) as archive:
        return archive.extractfile("package/axe.min.js").read().decode("utf-8")


def serious(page, axe):
    """What axe-core calls serious or critical: rule and elements."""
    page.tab.evaluate(axe)
    found = page.tab.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [
        (rule["id"], [node["html"][:120] + " " + node["failureSummary"][:300] for node in rule["nodes"]][:4])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(advised, tab, axe, scheme):
    page = tab(advised.address)
    page.tab.emulate_media(color_scheme=scheme)
    page.open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    assert serious(page, axe) == []
    page.press("a", "ArrowDown")
    page.until_saved()
    assert serious(page, axe) == []
    for key in ("?", "d", "t", "g"):
        page.press(key)
        page.until("() => document.querySelector('dialog[open]')")
        assert serious(page, axe) == []
        page.press("Escape")
        page.until("() => !document.querySelector('dialog[open]')")


def test_the_time_that_runs_while_a_clip_plays_is_not_read_aloud(page):
    assert page.tab.get_attribute("#time", "aria-live") == "off"  # an output is a live region by itself


def test_the_clip_and_the_chosen_stretch_are_read_aloud_and_saving_is_not(page):
    assert page.text("#spoken") == "talk_1"
    page.press("s", "2")
    page.drag(0.2, 0.4)
    assert page.text("#spoken") == page.marks()[0]
    page.press("]")
    assert page.text("#spoken") == page.marks()[0]
    page.press("n")
    page.shows("talk_2")
    assert page.text("#spoken") == "talk_2"
    assert page.tab.get_attribute("#save-state", "role") is None


def test_the_list_of_clips_is_one_stop_on_the_way_through_the_page(page):
    rows = page.tab.locator(".clip-row")
    assert [rows.nth(i).get_attribute("tabindex") for i in range(4)] == ["-1", "0", "-1", "-1"]


def test_letters_and_hatching_tell_kinds_apart_without_colour(page):
    looks = page.tab.evaluate(
        """async () => {
          const { looks } = await import('/static/layers/patterns.js');
          const { kinds } = await (await fetch('/api/project')).json();
          const context = document.createElement('canvas').getContext('2d');
          return Object.values(looks(kinds)).map((look) => {
            context.fillStyle = look.pattern(context, 1);
            context.clearRect(0, 0, 16, 16);
            context.fillRect(0, 0, 16, 16);
            const pixels = context.getImageData(0, 0, 16, 16).data;
            const inked = pixels.filter((_, i) => i % 4 === 3).map((alpha) => (alpha > 80 ? 1 : 0));
            return look.letter + inked.join('');
          });
        }"""
    )
    assert len({look[0] for look in looks}) == len(looks) == 5
    assert len({look[1:] for look in looks[1:4]}) == 3
