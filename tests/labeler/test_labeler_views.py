"""Every address of the labeling app, asked well and badly."""

import errno
import io
import json
import os
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cleaner.clips import slice_recording
from cleaner.errors import WriteError
from labeler import LabelerConfig, create_app
from labeler.intake import Intake, safe_name
from tests.labeler.conftest import loudness_detector, recording_samples


def save(client, clip="talk_1", **changes):
    posted = {"revision": 0, "remove": [[0.1, 0.3, "breath"]], "unknown": [], "reviewed": True} | changes
    return client.post(f"/api/clips/{clip}/labels", json=posted)


def test_the_page_is_whole_and_loads_nothing_from_outside(client):
    page = client.get("/").text
    assert "Labeler" in page and 'src="/static/app.js"' in page
    assert "http://" not in page and "https://" not in page and "style=" not in page


def test_every_module_and_stylesheet_of_the_page_is_served(client):
    import re

    paths = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/").text))
    assert len(paths) > 20
    assert {client.get(path).status_code for path in paths} == {200}


def test_the_project_lists_all_clips_in_columns(client):
    project = client.get("/api/project").json
    assert project["recordings"] == ["talk"]
    assert project["clips"]["id"] == ["talk_0", "talk_1", "talk_2", "talk_3"]
    assert project["clips"]["duration_s"] == [1, 1, 1, 0.5]
    assert {len(column) for column in project["clips"].values()} == {4}
    assert [kind["name"] for kind in project["kinds"]] == ["", "silence", "breath", "noise", "unknown"]


def test_a_clip_comes_with_what_lies_beside_it(client):
    first, middle = (client.get(f"/api/clips/talk_{i}").json for i in (0, 1))
    assert (first["before_s"], first["after_s"]) == (0, 0.5)
    assert (middle["before_s"], middle["after_s"]) == (0.5, 0.5)
    assert middle["labels"]["remove"] == [] and middle["labels"]["reviewed"] is False
    assert middle["proposal"] is None


def test_sound_is_the_clip_with_half_a_second_of_each_neighbour(client):
    samples, rate_hz = soundfile.read(
        io.BytesIO(client.get("/api/clips/talk_1/sound.wav").data), dtype="int16"
    )
    assert rate_hz == 16_000
    assert (samples == recording_samples()[0, 8_000:40_000]).all()


def test_sound_answers_ranges(client):
    whole = client.get("/api/clips/talk_0/sound.wav")
    part = client.get("/api/clips/talk_0/sound.wav", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.data == whole.data[100:200]
    assert client.get("/api/clips/talk_0/sound.wav", headers={"Range": "bytes=99999999-"}).status_code == 416


def test_the_spectrogram_is_the_networks_own_numbers(client, data):
    shown = np.frombuffer(client.get("/api/clips/talk_1/mel").data, "<i2").reshape(-1, 64)
    stored = [np.load(data / "mels" / f"talk_{i}.npy") for i in range(3)]
    expected = np.concatenate([stored[0][-50:], stored[1], stored[2][:50]])
    assert shown.shape == (200, 64)
    assert np.abs(shown / 1000 - expected).max() <= 0.0006


@pytest.mark.parametrize("gone", ["clips/talk_0.wav", "mels/talk_0.npy"])
def test_a_clip_whose_neighbour_is_gone_is_shown_without_it(make_app, data, gone, wait_until):
    (data / gone).unlink()
    client = make_app(load_detector=loudness_detector, checkpoint=Path("x.pt")).test_client()
    assert wait_until(lambda: client.get("/api/clips/talk_1").json["proposal"])["remove"]
    told = client.get("/api/clips/talk_1").json
    assert (told["before_s"], told["after_s"]) == (0, 0.5)
    assert len(client.get("/api/clips/talk_1/mel").data) == 150 * 64 * 2


def test_saving_stores_the_clip_and_no_other(client, data):
    before = json.loads((data / "labels.json").read_text())
    answer = save(client)
    after = json.loads((data / "labels.json").read_text())
    assert answer.status_code == 200 and answer.json["labels"]["revision"] == 1
    assert after.pop("talk_1") == {
        "duration_s": 1.0,
        "remove": [[0.1, 0.3, "breath"]],
        "unknown": [],
        "source": "person",
        "reviewed": True,
        "revision": 1,
    }
    del before["talk_1"]
    assert after == before


def test_a_save_does_not_wait_for_a_recording_that_is_being_cut(client, data, tmp_path):
    (tmp_path / "other.wav").write_bytes((tmp_path / "talk.wav").read_bytes() + b"another")
    answers = []
    with ThreadPoolExecutor(1) as page:

        def save_meanwhile(_):
            answers.append(page.submit(save, client).result(timeout=60))

        slice_recording(tmp_path / "other.wav", data, progress=save_meanwhile)
    entries = json.loads((data / "labels.json").read_text())
    assert answers[0].status_code == 200 and entries["talk_1"]["reviewed"] and "other_0" in entries


def test_what_was_saved_is_shown_and_counted(client):
    summary = save(client, unknown=[[0.5, 0.6]]).json["summary"]
    assert summary == {"reviewed": True, "removed_s": pytest.approx(0.2), "revision": 1, "doubt": None}
    assert client.get("/api/clips/talk_1").json["labels"]["unknown"] == [[0.5, 0.6]]
    assert client.get("/api/project").json["clips"]["reviewed"] == [False, True, False, False]


def test_reviewed_and_empty_is_not_the_same_as_not_looked_at(client):
    save(client, remove=[])
    assert client.get("/api/project").json["clips"]["reviewed"] == [False, True, False, False]


def test_stale_data_meets_a_conflict_that_shows_the_other_version(client, data):
    save(client)
    stored = (data / "labels.json").read_bytes()
    answer = save(client, remove=[[0.5, 0.9, ""]])
    assert answer.status_code == 409
    assert (
        answer.json["current"]["remove"] == [[0.1, 0.3, "breath"]] and answer.json["current"]["revision"] == 1
    )
    assert (data / "labels.json").read_bytes() == stored


def test_a_page_of_another_folder_saves_nothing_here(client, data, tmp_path):
    other = create_app(LabelerConfig(data=shutil.copytree(data, tmp_path / "other"))).test_client()
    folders = [one.get("/api/clips/talk_1").json["folder"] for one in (client, other)]
    stored = (data / "labels.json").read_bytes()
    answer = save(client, folder=folders[1])
    assert answer.status_code == 410 and "started anew over another folder" in answer.json["error"]
    assert (data / "labels.json").read_bytes() == stored
    assert save(client, folder=folders[0]).status_code == 200


def test_marks_that_are_not_reviewed_are_whose_the_page_says_and_reviewed_ones_a_persons(client, data):
    for reviewed, source in ((False, "import"), (True, "person")):
        save(client, source="import", reviewed=reviewed, revision=int(reviewed))
        assert json.loads((data / "labels.json").read_text())["talk_1"]["source"] == source


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"remove": [[0.5, 0.2, ""]]}, "0.5"),
        ({"remove": [[0, 9, ""]]}, "9"),
        ({"remove": [[0, 0.5, "sneeze"]]}, "sneeze"),
        ({"remove": [[None, 0.5, ""]]}, "None"),
        ({"remove": "all"}, "all"),
        ({"unknown": [[0.1]]}, "0.1"),
        ({"reviewed": "yes"}, "yes"),
        ({"reviewed": False, "source": "nobody"}, "nobody"),
        ({"revision": -1}, "-1"),
        ({"revision": True}, "True"),
    ],
)
def test_marks_that_cannot_be_are_refused_in_one_line_and_not_stored(client, data, changes, named):
    stored = (data / "labels.json").read_bytes()
    answer = save(client, **changes)
    assert answer.status_code == 400
    assert named in answer.json["error"] and "\n" not in answer.json["error"]
    assert (data / "labels.json").read_bytes() == stored


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"revision": NaN}'])
def test_a_body_that_is_no_object_is_refused(client, body):
    answer = client.post("/api/clips/talk_1/labels", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_a_full_disk_is_one_sentence_and_the_old_labels_stay(client, data, monkeypatch):
    save(client, "talk_1", remove=[[0.1, 0.2, ""]])
    before = (data / "labels.json").read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    answer = save(client, "talk_2", remove=[[0.1, 0.2, ""]])
    assert answer.status_code == 400
    assert answer.json["error"].endswith("labels.json cannot be written: No space left on device")
    assert (data / "labels.json").read_bytes() == before


def test_what_the_system_refuses_is_one_sentence(client, data):
    lock = data / ".labels.json.lock"
    lock.unlink()
    lock.mkdir()
    answer = save(client)
    assert (answer.status_code, answer.json) == (400, {"error": f"{lock}: Is a directory"})


@pytest.mark.parametrize(
    "clip",
    ["talk_9", "..", "%2e%2e%2flabels.json", "..%2f..%2fetc%2fpasswd", "talk_1%00", "talk_1/../talk_2"],
)
@pytest.mark.parametrize("what", ["", "/sound.wav", "/mel"])
def test_an_id_that_is_not_on_the_list_leads_nowhere(client, clip, what):
    answer = client.get(f"/api/clips/{clip}{what}")
    assert answer.status_code == 404 or (clip.endswith("talk_2") and answer.status_code in (200, 308))


@pytest.mark.parametrize(
    "path", ["/static/../main.py", "/static/%2e%2e/main.py", "/static/..%2fmain.py", "/main.py"]
)
def test_the_static_folder_cannot_be_left(client, path):
    assert client.get(path).status_code == 404


def test_a_clip_that_leads_out_of_the_folder_is_not_served(make_app, data, tmp_path):
    from cleaner.errors import LabelsError

    outside = tmp_path / "secret.wav"
    shutil.move(data / "clips" / "talk_1.wav", outside)
    (data / "clips" / "talk_1.wav").symlink_to(outside)
    with pytest.raises(LabelsError, match="leads out of the data folder"):
        make_app()


def test_a_wav_that_vanished_is_one_line(client, data):
    (data / "clips" / "talk_1.wav").unlink()
    answer = client.get("/api/clips/talk_1")
    assert answer.status_code == 400 and "talk_1.wav is missing" in answer.json["error"]


def test_preview_is_what_stays_end_to_end(client):
    answer = client.post("/api/clips/talk_1/preview", json={"remove": [[0.25, 0.5, ""]], "unknown": []})
    samples, rate_hz = soundfile.read(io.BytesIO(answer.data), dtype="int16")
    assert json.loads(answer.headers["X-Kept"]) == [[-0.5, 0.25], [0.5, 1.5]]
    assert len(samples) == 1.75 * rate_hz
    whole = recording_samples()[0, 8_000:40_000]
    assert (samples[:11_900] == whole[:11_900]).all() and (samples[12_200:] == whole[16_200:]).all()


def test_preview_is_spliced_as_infer_splices(client):
    """A person's ranges on the way of infer.py give the same samples."""
    from cleaner.cutting.decide import CutSettings, decide
    from cleaner.cutting.forced import forced_segments
    from cleaner.segments import CutList, Source
    from cleaner.splice import JoinSettings, splice

    answer = client.post(
        "/api/clips/talk_1/preview", json={"remove": [[0.25, 0.5, ""], [0.7, 0.9, "breath"]]}
    )
    whole = recording_samples()[:, 8_000:40_000]
    forced = forced_segments([(12_000, 16_000), (19_200, 22_400)], keep=False)
    keep, kind = np.ones(100, np.float32), np.zeros(100, int)
    segments = decide(keep, kind, 32_000, 16_000, CutSettings(), by_person=forced)
    cut_list = CutList(Source("", 16_000, 32_000, 1, ""), segments)
    expected = np.concatenate(list(splice([whole], cut_list, JoinSettings())), axis=1)
    samples, _ = soundfile.read(io.BytesIO(answer.data), dtype="int16")
    assert (samples == expected[0]).all()


def test_preview_of_nothing_is_empty(client):
    answer = client.post("/api/clips/talk_0/preview", json={"remove": [[0, 1, ""]]})
    assert json.loads(answer.headers["X-Kept"]) == [[1.0, 1.5]]


def test_status_tells_what_changed_since(client):
    version = client.get("/api/status").json["version"]
    assert client.get(f"/api/status?since={version}").json["changes"] == {}
    save(client)
    status = client.get(f"/api/status?since={version}").json
    assert list(status["changes"]) == ["talk_1"] and status["version"] > version
    assert status["model"]["state"] == "none"


def test_labels_changed_by_another_program_are_seen(client, data):
    from cleaner.label_form import ClipLabel
    from cleaner.labels import update_labels

    update_labels(data / "labels.json", lambda labels: {"talk_2": ClipLabel(1.0, reviewed=True)})
    assert client.get("/api/clips/talk_2").json["labels"]["revision"] == 1
    assert save(client, "talk_2").status_code == 409


def test_a_label_edited_in_the_file_is_never_overwritten_unseen(client, data):
    save(client)
    path = data / "labels.json"
    entries = json.loads(path.read_text())
    entries["talk_1"]["remove"] = [[0.5, 0.6, "noise"]]  # its revision stays, as a person's hand leaves it
    path.write_text(json.dumps(entries))
    answer = save(client, revision=1)
    assert answer.status_code == 409 and answer.json["current"]["remove"] == [[0.5, 0.6, "noise"]]
    assert save(client, revision=answer.json["current"]["revision"]).status_code == 200


def test_a_labels_file_that_vanished_is_written_whole_again(client, data):
    save(client, "talk_0")
    (data / "labels.json").unlink()
    save(client, "talk_1")
    entries = json.loads((data / "labels.json").read_text())
    assert entries["talk_0"]["reviewed"] and entries["talk_1"]["reviewed"] and len(entries) == 4


def import_file(client, name, text):
    return client.post(f"/api/import?recording=talk&name={name}", data=text)


def test_labels_made_elsewhere_are_stored_and_told_by_their_files_name(client, data):
    turn = "SPEAKER other 1 0.5 2.5 <NA> <NA> anna <NA> <NA>"
    answer = import_file(client, "Föhn %231.rttm", turn)
    note = "Föhn #1.rttm says that it is of other; it is taken to be of talk.wav"
    assert answer.json == {"clips": 4, "left": 0, "notes": [note]}
    assert json.loads((data / "labels.json").read_text())["talk_0"]["remove"] == [[0.0, 0.5, ""]]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", b"1 2", "a.txt line 1: '1 2' is not"),
        ("a.csv", b"\xff", "a.csv is no text in UTF-8"),
        ("a.json", b"{", "a.json is not JSON"),
        ("..", b"", ".. has no ending of a label file"),
        ("", b"", "a file without a name has no ending of a label file"),
    ],
)
def test_a_label_file_that_cannot_be_understood_is_named(client, data, name, text, says):
    stored = (data / "labels.json").read_bytes()
    answer = import_file(client, name, text)
    assert answer.status_code == 400 and answer.json["error"].startswith(says)
    assert (data / "labels.json").read_bytes() == stored


@pytest.mark.parametrize("name", ["audacity", "textgrid", "label-studio", "arrays"])
def test_exports_are_archives(client, name):
    save(client)
    answer = client.get(f"/api/export/{name}")
    assert answer.status_code == 200
    assert zipfile.ZipFile(io.BytesIO(answer.data)).namelist()


def exported(client, name):
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/export/{name}").data))
    return {file: archive.read(file) for file in archive.namelist()}


def test_audacity_labels_are_on_the_recordings_clock_and_go_on_over_borders(client):
    save(client, "talk_0", remove=[[0.5, 1.0, "breath"]])
    save(client, "talk_1", remove=[[0, 0.25, "breath"], [0.5, 0.6, ""]])
    expected = b"0.500000\t1.250000\tbreath\n1.500000\t1.600000\tremove\n"
    assert exported(client, "audacity") == {"talk_labels.txt": expected}


def test_a_textgrid_tiles_the_recording(client):
    save(client, "talk_0", remove=[[0.5, 1.0, "breath"]])
    text = exported(client, "textgrid")["talk.TextGrid"].decode()
    assert 'xmin = 0.500000\n            xmax = 1.000000\n            text = "breath"' in text
    assert "intervals: size = 3" in text


def test_label_studio_gets_a_task(client):
    save(client, "talk_1")
    [task] = json.loads(exported(client, "label-studio")["talk_label_studio.json"])
    assert task["annotations"][0]["result"][0]["value"] == {
        "start": 1.1,
        "end": 1.3,
        "channel": 0,
        "labels": ["breath"],
    }


def test_arrays_hold_mel_and_label_of_equal_length(client):
    save(client, "talk_1", remove=[[0.1, 0.3, ""]], unknown=[[0.5, 0.6]])
    [file] = exported(client, "arrays").values()
    arrays = np.load(io.BytesIO(file))
    assert arrays["mel"].shape == (100, 64) and arrays["label"].shape == (100, 1)
    assert (arrays["label"][10:30] == 0).all() and (arrays["label"][:10] == 1).all()
    assert np.isnan(arrays["label"][50:60]).all()


def test_an_export_of_nothing_is_refused_in_one_line(client):
    save(client, reviewed=False)
    for address in ("/api/export", "/api/export/audacity"):
        answer = client.get(address)
        assert answer.status_code == 400
        assert answer.json["error"] == "no clip is reviewed yet: there is nothing to export"


def test_clips_drawn_in_but_not_reviewed_are_counted_as_left_out(client):
    save(client, "talk_0")
    save(client, "talk_1", reviewed=False)
    save(client, "talk_2", remove=[], unknown=[[0.1, 0.2]], reviewed=False)
    assert client.get("/api/export").json == {"clips": 1, "left_out": 2}


def test_an_unknown_export_is_not_found(client):
    assert client.get("/api/export/doc").status_code == 404


def test_every_answer_carries_the_policy(client):
    for path in ("/", "/static/app.js", "/api/project", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_proposal_is_what_infer_would_cut(make_app, tmp_path, wait_for_model):
    client = make_app(load_detector=loudness_detector, checkpoint=Path("x.pt")).test_client()
    wait_for_model(client)
    proposal = client.get("/api/clips/talk_1").json["proposal"]
    assert len(proposal["keep"]) == 50 and 0 < proposal["doubt"] < 1
    cuts = cuts_of_the_whole(tmp_path / "talk.wav")
    inside = [
        (max(0, start - 1), min(1, end - 1), kind) for start, end, kind in cuts if end > 1 and start < 2
    ]
    assert proposal["remove"] == [
        [pytest.approx(a, abs=0.001), pytest.approx(b, abs=0.001), k] for a, b, k in inside
    ]


def cuts_of_the_whole(path):
    """What is removed of the whole recording by default, in seconds."""
    from cleaner.audio import open_recording
    from cleaner.cutting.decide import CutSettings, decide
    from cleaner.cutting.edges import EdgeEnergy
    from cleaner.detect import detect

    energy = EdgeEnergy(16_000)
    with open_recording(path) as recording:
        found = detect(loudness_detector(path), recording, energy.push)
    segments = decide(found.keep, found.kind, found.samples, 16_000, CutSettings(), energy=energy.finish())
    return [(part.start / 16_000, part.end / 16_000, part.kind) for part in segments if not part.keep]


@pytest.fixture
def wait_for_model(wait_until):
    """Wait until the model has answered on every clip; returns the status of that moment."""

    def answered(client):
        status = client.get("/api/status").json
        doubts = [value["doubt"] for value in status["changes"].values()]
        return status if status["model"]["version"] and None not in doubts else None

    return lambda client: wait_until(lambda: answered(client))


def test_agreement_counts_decisions_of_reviewed_clips(make_app, wait_for_model):
    client = make_app(load_detector=loudness_detector, checkpoint=Path("x.pt")).test_client()
    wait_for_model(client)
    proposal = client.get("/api/clips/talk_1").json["proposal"]
    same = save(client, "talk_1", remove=proposal["remove"]).json["agreement"]
    assert same == {"clips": 1, "share": 1.0, "enough": False}
    other = save(client, "talk_2", remove=[[0, 1, ""]]).json["agreement"]
    assert other["clips"] == 2 and 0.5 < other["share"] < 1


def test_a_model_that_cannot_be_loaded_leaves_a_working_page(make_app, wait_until):
    def broken(path):
        raise ValueError("not a checkpoint")

    client = make_app(load_detector=broken, checkpoint=Path("x.pt")).test_client()
    wait_until(lambda: client.get("/api/status").json["model"]["state"] == "failed")
    assert client.get("/api/status").json["model"]["message"] == "Model: not a checkpoint"
    assert save(client).status_code == 200


def test_an_empty_folder_opens_and_takes_a_recording(make_app, data, tmp_path, wait_for_jobs):
    client = create_app(LabelerConfig(data=tmp_path / "new")).test_client()
    assert client.get("/api/project").json["clips"]["id"] == []
    sound = (tmp_path / "talk.wav").read_bytes()
    answer = client.post(
        "/api/recordings?name=my talk.wav", data=sound, content_type="application/octet-stream"
    )
    assert answer.status_code == 202
    [job] = wait_for_jobs(client)
    assert (job["state"], job["message"]) == ("done", "1 clip")
    assert client.get("/api/project").json["clips"]["id"] == ["my talk_0"]
    assert client.get("/api/clips/my talk_0").status_code == 200


def test_a_recording_that_another_program_brings_is_there_when_the_page_is_loaded(client, data, tmp_path):
    before = client.get("/api/project").json
    assert client.get("/api/project").json["clips_version"] == before["clips_version"]
    (tmp_path / "other.wav").write_bytes((tmp_path / "talk.wav").read_bytes() + b"another")
    slice_recording(tmp_path / "other.wav", data)
    after = client.get("/api/project").json
    assert after["recordings"] == ["talk", "other"] and after["clips"]["id"][-1] == "other_0"
    assert client.get("/api/clips/other_0").status_code == 200
    assert client.get("/api/status").json["clips_version"] == after["clips_version"] > before["clips_version"]


def test_a_clip_is_known_only_once_all_that_is_told_of_it_is(
    make_app, data, tmp_path, monkeypatch, wait_for_model
):
    app = make_app(load_detector=loudness_detector, checkpoint=Path("x.pt"))
    client, proposals = app.test_client(), app.extensions["project"].proposals
    wait_for_model(client)
    (tmp_path / "other.wav").write_bytes((tmp_path / "talk.wav").read_bytes() + b"another")
    slice_recording(tmp_path / "other.wav", data)
    take, meanwhile = proposals.take_media, []

    def ask_and_take(*media):
        meanwhile.append(client.get("/api/clips/other_0").status_code)
        take(*media)

    monkeypatch.setattr(proposals, "take_media", ask_and_take)
    client.get("/api/project")
    assert meanwhile == [404] and client.get("/api/clips/other_0").json["proposal"]


def test_a_recording_is_done_only_when_its_clips_are_there(data, tmp_path, wait_until):
    seen = []
    intake = Intake(tmp_path / "new", lambda: seen.append(intake.jobs()[0]["state"]))
    intake.take("talk.wav", [(tmp_path / "talk.wav").read_bytes()])
    wait_until(lambda: intake.jobs()[0]["state"] == "done")
    assert seen == ["slicing"]


@pytest.fixture
def wait_for_jobs(wait_until):
    """Wait until every recording taken in is done or failed; returns what is told of them."""

    def ended(client):
        jobs = client.get("/api/status").json["jobs"]
        return jobs if all(job["state"] in ("done", "failed") for job in jobs) else None

    return lambda client: wait_until(lambda: ended(client))


def test_the_page_takes_what_preprocess_takes(client):
    page = client.get("/").get_data(as_text=True)
    assert all(suffix in page for suffix in (".m4b", ".w64", ".avi"))
    assert safe_name("Folge 7.M4B") == "Folge 7.M4B"
    assert safe_name("語" * 100 + ".wav") == "語" * 60 + ".wav"


@pytest.mark.parametrize("name", ["virus.exe", "", "..", ".wav", "a.wav/..", "labels.json"])
def test_an_upload_of_a_foreign_kind_is_refused(client, data, name):
    answer = client.post(f"/api/recordings?name={name}", data=b"x", content_type="application/octet-stream")
    assert answer.status_code == 400
    assert not (data / "recordings").exists()


def test_an_upload_stays_in_its_folder_and_overwrites_nothing(client, data, tmp_path, wait_for_jobs):
    sound = (tmp_path / "talk.wav").read_bytes()
    for _ in range(2):
        client.post(
            "/api/recordings?name=../../escaped.wav",
            data=sound + b"1",
            content_type="application/octet-stream",
        )
    wait_for_jobs(client)
    assert not (tmp_path / "escaped.wav").exists() and not (data / "escaped.wav").exists()


def test_an_upload_left_when_the_app_was_killed_is_gone_on_with_and_not_stored_twice(
    client, data, tmp_path, wait_for_jobs
):
    sound = (tmp_path / "talk.wav").read_bytes() + b"another"
    (data / "recordings").mkdir()
    (data / "recordings" / "left.wav").write_bytes(sound)
    shutil.copy(data / "clips" / "talk_0.wav", data / "clips" / "left_0.wav")
    for message in ("1 clip", "was here already as left: 1 clip"):
        client.post("/api/recordings?name=again.wav", data=sound, content_type="application/octet-stream")
        newest, *_ = wait_for_jobs(client)
        assert (newest["name"], newest["state"], newest["message"]) == ("again.wav", "done", message)
        assert [path.name for path in (data / "recordings").iterdir()] == ["left.wav"]
        assert (data / "recordings" / "left.wav").read_bytes() == sound
    assert client.get("/api/project").json["recordings"] == ["talk", "left"]


def test_an_upload_that_is_no_sound_fails_in_one_line_and_leaves_nothing(client, data, wait_for_jobs):
    client.post("/api/recordings?name=a.wav", data=b"not sound" * 99, content_type="application/octet-stream")
    [job] = wait_for_jobs(client)
    assert job["state"] == "failed" and "\n" not in job["message"]
    assert job["message"].startswith("a.wav") and str(data) not in job["message"]
    assert client.post("/api/recordings/forget", json={}).json == client.get("/api/status").json["jobs"] == []
    assert list((data / "recordings").iterdir()) == []


def test_an_empty_upload_is_said_to_be_empty(client, data, wait_for_jobs):
    client.post("/api/recordings?name=a.wav", environ_overrides={"CONTENT_LENGTH": "0"})
    [job] = wait_for_jobs(client)
    assert (job["state"], job["name"]) == ("failed", "a.wav") and "is empty (0 bytes)" in job["message"]
    assert list((data / "recordings").iterdir()) == []


def test_an_upload_beyond_the_bound_is_refused(make_app, data):
    client = make_app(max_upload_bytes=1000).test_client()
    answer = client.post(
        "/api/recordings?name=a.wav", data=b"x" * 2000, content_type="application/octet-stream"
    )
    assert answer.status_code == 413


def test_a_full_disk_refuses_an_upload_in_one_line_and_leaves_nothing(tmp_path):
    def chunks():
        yield b"RIFF"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(WriteError, match=r"^a\.wav cannot be stored: No space left on device$"):
        Intake(tmp_path, lambda: None).take("a.wav", chunks())
    assert list((tmp_path / "recordings").iterdir()) == []


def review(client, clips):
    for number in range(clips):
        save(client, f"talk_{number}", remove=[])


def test_a_training_on_too_few_clips_is_refused_at_once(make_app, data):
    client = make_app(train_command=(sys.executable, "-c", "")).test_client()
    review(client, 3)
    answer = client.post("/api/training/start", json={})
    assert answer.status_code == 400
    assert answer.json["error"] == "4 reviewed clips are needed, there are 3"
    assert not (data.parent / "runs").exists()


def test_trainings_begin_with_the_weights_of_the_start(make_app, data, wait_until):
    tell = "import sys; print(sys.argv)"
    app = make_app(
        train_command=(sys.executable, "-c", tell),
        train_from=Path("mine.pt"),
        load_detector=loudness_detector,
        checkpoint=data / "labels.json",  # stands for what was learnt here
    )
    client = app.test_client()
    review(client, 4)
    client.post("/api/training/start", json={})
    [log] = (data.parent / "runs").glob("*/train.log")
    assert "'--init', 'mine.pt'" in wait_until(log.read_text)


def test_json_nested_without_end_is_refused(client):
    deep = "[" * 100_000
    answer = client.post("/api/clips/talk_1/labels", data=deep, content_type="application/json")
    assert answer.status_code == 400
