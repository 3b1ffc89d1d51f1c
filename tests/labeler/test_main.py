"""``python main.py`` as a person starts it: what it says, what it refuses, what survives its sudden end."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

MAIN = Path(__file__).resolve().parents[2] / "main.py"


@pytest.fixture
def start():
    """Starts main.py and returns the process and its address; whatever still runs is ended."""
    started = []

    def run(data, *options):
        command = [sys.executable, str(MAIN), "--data", str(data), "--no-browser", "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        address = re.search(r"http://\S+", process.stdout.readline())
        return process, address and address.group()

    yield run
    for process in started:
        process.kill()
        process.communicate()


def ask(address, body=None):
    headers = {"Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
        return json.load(answer)


def refused(data, *options):
    command = [sys.executable, str(MAIN), "--data", str(data), "--no-browser", *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in result.stderr
    return result.returncode, result.stderr


def test_it_prints_its_address_and_serves_on_loopback(start, data):
    _, address = start(data, "--no-model")
    assert address.startswith("http://127.0.0.1:")
    assert ask(f"{address}api/project")["recordings"] == ["talk"]


def test_what_was_saved_survives_kill_9(start, data):
    process, address = start(data, "--no-model")
    for revision in range(20):
        body = {
            "revision": revision,
            "remove": [[0, 0.01 * (revision + 1), ""]],
            "unknown": [],
            "reviewed": True,
        }
        ask(f"{address}api/clips/talk_1/labels", body)
    os.kill(process.pid, signal.SIGKILL)
    stored = json.loads((data / "labels.json").read_text())
    assert stored["talk_1"]["revision"] == 20
    assert set(stored) == {"talk_0", "talk_1", "talk_2", "talk_3"}
    assert not list(data.glob(".*.tmp"))


@pytest.mark.parametrize("text", ['{"talk_0": {"dur', "[]", '{"talk_0": 7}', '{"talk_0": {"label": [2]}}'])
def test_a_broken_or_foreign_file_is_named_and_never_overwritten(data, text):
    (data / "labels.json").write_text(text)
    code, said = refused(data, "--no-model", "--port", "0")
    assert code == 1 and said.count("\n") == 1 and "labels.json" in said
    assert (data / "labels.json").read_text() == text


def test_the_file_as_it_was_at_the_start_is_kept(start, data):
    before = (data / "labels.json").read_bytes()
    _, address = start(data, "--no-model")
    ask(f"{address}api/clips/talk_1/labels", {"revision": 0, "remove": [], "unknown": [], "reviewed": True})
    [copy] = data.glob("labels.json.bak-*")
    assert copy.read_bytes() == before != (data / "labels.json").read_bytes()


def test_wrong_usage_is_one_line(data, tmp_path):
    assert refused(data, "--checkpoint", str(tmp_path / "none.pt"))[0] == 2
    code, said = refused(data, "--no-model", "--port", "99999")
    assert code == 2 and said.count("\n") == 1
    for size in ("-1", "0", "inf"):
        code, said = refused(data, "--no-model", "--max-upload-gib", size)
        assert code == 2 and size in said.splitlines()[-1]
    code, said = refused(data / "labels.json", "--no-model")
    assert code == 2 and said.count("\n") == 1 and "is a file; it must be a folder" in said


def test_a_taken_port_is_one_line(start, data):
    _, address = start(data, "--no-model")
    port = address.rstrip("/").rsplit(":", 1)[1]
    code, said = refused(data, "--no-model", "--port", port)
    assert code == 2 and port in said and said.count("\n") == 1


def runs_still(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to list processes with")
@pytest.mark.parametrize("ending", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_training_ends_with_the_app(start, data, tmp_path, wait_until, ending):
    process, address = start(data, "--no-model", "--runs", str(tmp_path / "runs"))
    for clip in range(4):
        ask(f"{address}api/clips/talk_{clip}/labels", {"revision": 0, "reviewed": True})
    assert ask(f"{address}api/training/start", {})["state"] == "running"
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    [training] = [child for task in tasks for child in task.read_text().split()]
    process.send_signal(getattr(signal, ending))
    assert process.wait(timeout=10) == 0
    wait_until(lambda: not runs_still(training))


def test_another_host_warns_and_wants_a_token(start, data):
    process, address = start(data, "--no-model", "--host", "0.0.0.0")
    assert "?token=" in address
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(address.split("?")[0] + "api/project")
    process.kill()
    assert "warning" in process.communicate()[1]


def test_the_page_is_up_without_torch_or_matplotlib(data):
    program = f"""
import sys, runpy
import waitress
sys.argv = ["main.py", "--data", {str(data)!r}, "--no-model", "--no-browser", "--port", "0"]
waitress.server.TcpWSGIServer.run = lambda self: print("LOADED", sorted(set(sys.modules) & HEAVY))
HEAVY = {{"torch", "librosa", "matplotlib", "scipy", "pandas"}}
runpy.run_path({str(MAIN)!r}, run_name="__main__")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=MAIN.parent)
    assert "LOADED []" in result.stdout, result.stdout + result.stderr
