"""Labelling real speech by key events alone, the server killed between two strokes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cleaner.audio import open_recording
from cleaner.audio.clips import write_clip
from cleaner.clips import slice_recording
from cleaner.samples import from_float, to_float

MAIN = Path(__file__).resolve().parents[2] / "main.py"
CLIPS = 20


@pytest.fixture
def podcast(shared_data, tmp_path):
    """The first 21 clips of a real podcast."""
    with open_recording(shared_data / "podcast" / "Podcast-best-movies-of-2018.flac") as source:
        samples = np.concatenate(list(source.blocks(0, 105 * source.info.sample_rate_hz)), axis=1)
        rate_hz = source.info.sample_rate_hz
    write_clip(tmp_path / "podcast.wav", from_float(to_float(samples), np.int16), rate_hz)
    slice_recording(tmp_path / "podcast.wav", tmp_path / "podcast")
    return tmp_path / "podcast"


@pytest.fixture
def server(podcast):
    """main.py as a process of its own, over the podcast, without a model."""
    command = [sys.executable, str(MAIN), "--data", str(podcast), "--no-model", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.address = re.search(r"http://\S+", process.stdout.readline()).group()
    yield process
    process.kill()
    process.communicate()


# Home, on by so many fifths of a second, begin, on by so many, remove; a kind; then a nudge of one edge.
def strokes(page, clip):
    """Two stretches of one clip, drawn, named and nudged by keys."""
    for start, length, kind in ((1 + clip % 5, 2, "1"), (10 + clip % 7, 3, "2")):
        page.press("Home", *["Shift+ArrowRight"] * start, "i", *["Shift+ArrowRight"] * length, "o", kind)
        page.press("]", "[", "]")


def test_twenty_clips_are_labelled_by_keys_and_kill_9_loses_at_most_the_last_second(
    podcast, server, tab, record_property
):
    page = tab(server.address).open("podcast_0")
    began = time.perf_counter()
    for clip in range(CLIPS):
        page.shows(f"podcast_{clip}")
        strokes(page, clip)
        page.press("n")
    page.shows(f"podcast_{CLIPS}")
    record_property("seconds_per_clip", (time.perf_counter() - began) / CLIPS)

    page.press("Home", "i", "Shift+ArrowRight", "o")
    page.until_saved()
    page.press("Shift+ArrowRight", "i", "Shift+ArrowRight", "o")
    os.kill(server.pid, signal.SIGKILL)

    stored = json.loads((podcast / "labels.json").read_text())
    for clip in range(CLIPS):
        label = stored[f"podcast_{clip}"]
        expected = [[0.2 * (1 + clip % 5), "silence"], [0.2 * (10 + clip % 7), "breath"]]
        assert label["reviewed"] is True
        assert [[pytest.approx(start), kind] for start, kind in expected] == [
            [start, kind] for start, _, kind in label["remove"]
        ]
        assert [end for _, end, _ in label["remove"]] == [
            pytest.approx(0.2 * (3 + clip % 5) + 0.02),
            pytest.approx(0.2 * (13 + clip % 7) + 0.02),
        ]
    last = stored[f"podcast_{CLIPS}"]["remove"]
    assert last[0] == [0.0, pytest.approx(0.2), ""] and len(last) in (1, 2)
    page.problems.clear()  # the server is gone; the page says so


def test_the_originals_folder_opens_as_it_is_and_changes_only_where_a_person_does(
    shared_data, podcast, serve, tab
):
    original = podcast.parent / "original"
    (original / "samples").mkdir(parents=True)
    name = "Podcast-best-movies-of-2018"
    labels = json.loads((shared_data / "podcast" / "labels.json").read_text())
    for clip in range(4):
        (podcast / "clips" / f"podcast_{clip}.wav").rename(original / "samples" / f"{name}_{clip}.wav")
    kept = {f"{name}_{clip}": labels[f"{name}_{clip}"] for clip in range(4)}
    (original / "labels.json").write_text(json.dumps(kept))
    served = serve(original)
    page = tab(served.address).open(f"{name}_0")
    assert page.text("#progress-text") == "4 of 4 clips reviewed"
    zeros = labels[f"{name}_0"]["label"].count(0) * 880 / 22_050
    shown = sum(end - start for start, end in page.times())
    assert shown == pytest.approx(zeros, abs=0.15)
    page.press("n")
    page.shows(f"{name}_1")
    assert json.loads((original / "labels.json").read_text()) == kept
    page.press("Shift+Delete")
    page.until_saved()
    after = json.loads((original / "labels.json").read_text())
    assert after.pop(f"{name}_1")["remove"] == []
    assert after == {clip: label for clip, label in kept.items() if clip != f"{name}_1"}


def test_training_started_on_the_page_shows_its_figures_and_a_better_model_proposes_anew(podcast, serve, tab):
    """The real train.py, one pass over twelve clips, in a process of its own."""
    from cleaner.detect import load_detector

    train = (sys.executable, str(MAIN.with_name("train.py")), "--epochs", "1", "--crop", "2s")
    weights = MAIN.parent / "weights" / "default.pt"
    served = serve(podcast, load_detector=load_detector, checkpoint=weights, train_command=train)
    page = tab(served.address).open("podcast_0")
    page.until("() => document.querySelector('#model-state').textContent === 'Model: default'")
    for clip in range(12):
        page.shows(f"podcast_{clip}")
        page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
        page.press("Shift+Delete" if clip % 2 else "a", "q")  # every other proposal is refused
    page.shows("podcast_12")
    page.press("t")
    page.tab.get_by_role("button", name="Start training").click()
    page.until("() => document.querySelector('[data-action=train]').classList.contains('busy')")
    page.tab.wait_for_selector("#training-stop:not([hidden])")
    page.tab.wait_for_selector("#training-start:not([hidden])", timeout=240_000)
    assert "held out" in page.text("#training-message")
    rows = page.tab.locator("#training-figures tr").all_inner_texts()
    assert rows[0].startswith("AUC") and re.findall(r"0\.\d{4}|1\.0000", rows[0])
    run = next((podcast.parent / "runs").iterdir())
    if page.text("#training-message").startswith("Better"):
        page.until("name => document.querySelector('#model-state').textContent.includes(name)", run.name)
    else:
        assert page.text("#model-state") == "Model: default"
