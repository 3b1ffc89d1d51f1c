"""A person at work: playing, going from clip to clip, the model's help, conflicts, accidents."""

import io
import json
import re
import shutil
import sys

import pytest
import soundfile

from cleaner.clips import SliceSettings, slice_recording


def go_to(page, text):
    """What a person types to find a clip."""
    page.press("g")
    page.tab.keyboard.type(text)
    page.press("Enter")


def test_space_plays_from_the_playhead_and_pauses(page):
    page.press("Space")
    page.until_pressed("play")
    page.until("() => parseFloat(document.querySelector('#time').textContent) > 0.1")
    page.press("Space")
    page.until_pressed("play", False)
    stopped = page.text("#time")
    page.tab.wait_for_timeout(100)
    assert page.text("#time") == stopped


SHOWS_THE_PLAYHEAD = """() => {
  const [start, end] = window.labeler.shown();
  const timeS = parseFloat(document.querySelector('#time').textContent);
  return start <= timeS && timeS <= end && !document.querySelector('#playhead').hidden;
}"""


def test_the_view_goes_along_with_what_plays(page):
    page.press("Home", *"+++++")
    _, end = page.tab.evaluate("() => window.labeler.shown()")
    page.press("Space")
    page.until("end => parseFloat(document.querySelector('#time').textContent) > end + 0.05", end)
    assert page.tab.evaluate(SHOWS_THE_PLAYHEAD)


def test_preview_plays_what_the_server_spliced_and_differs_from_the_clip(page):
    page.press("s")
    page.drag(0.25, 0.5)
    with page.tab.expect_response("**/preview") as heard:
        page.press("p")
    page.until_pressed("preview")
    samples, rate_hz = soundfile.read(io.BytesIO(heard.value.body()))
    kept = json.loads(heard.value.headers["x-kept"])
    assert len(samples) / rate_hz == pytest.approx(sum(end - start for start, end in kept), abs=1e-4)
    assert len(samples) / rate_hz == pytest.approx(1.75, abs=0.02)
    page.press("p")
    page.until_pressed("preview", False)


def test_the_playhead_skips_what_is_cut(page):
    times = page.tab.evaluate(
        """async () => {
          const { clipTime } = await import('/static/player.js');
          const kept = [[-0.5, 0.25], [0.5, 1.5]];
          return [0, 0.74, 0.75, 1.0, 1.75, 9].map((time) => clipTime(time, kept));
        }"""
    )
    assert times == pytest.approx([-0.5, 0.24, 0.5, 0.75, 1.5, 1.5])


def test_next_saves_as_reviewed_and_reload_shows_it(page, served):
    page.drag(0.3, 0.6)
    marks = page.marks()
    page.press("n")
    page.shows("talk_2")
    assert served.stored()["reviewed"] is True
    assert page.text("#progress-text") == "1 of 4 clips reviewed"
    page.open("talk_1")
    assert page.marks() == marks and page.text("#clip-state") == "Reviewed"


def test_next_on_a_blank_page_says_that_nothing_is_to_be_removed(page, served):
    page.press("Enter")
    page.shows("talk_2")
    assert served.stored() | {"revision": 0} == {
        "duration_s": 1.0,
        "remove": [],
        "unknown": [],
        "source": "person",
        "reviewed": True,
        "revision": 0,
    }


def test_leaving_the_page_saves_the_last_stroke(page, served):
    page.drag(0.3, 0.6)
    page.tab.goto("about:blank")
    page.tab.wait_for_timeout(300)
    assert len(served.stored()["remove"]) == 1


def unaware(page):
    """A page that hears nothing of what others save: its question is never answered."""
    page.tab.route("**/api/status*", lambda route: None)
    return page


def test_two_tabs_conflict_and_each_version_can_win(served, tab):
    for choice, count in (("Keep mine", 1), ("Take theirs", 2)):
        clip = "talk_1" if choice == "Keep mine" else "talk_2"
        mine, theirs = unaware(tab(served.address)).open(clip), tab(served.address).open(clip)
        theirs.drag(0.0, 0.2)
        theirs.drag(0.4, 0.5)
        theirs.until_saved()
        mine.tab.bring_to_front()
        mine.drag(0.6, 0.9)
        mine.tab.wait_for_selector("#conflict[open]")
        assert "1 marked" in mine.text("#conflict-mine") and "2 marked" in mine.text("#conflict-theirs")
        assert len(served.stored(clip)["remove"]) == 2
        mine.tab.get_by_role("button", name=choice).click()
        mine.until_saved()
        assert len(mine.marks()) == len(served.stored(clip)["remove"]) == count


def test_keys_meant_for_the_page_decide_no_conflict(served, tab):
    mine, theirs = tab(served.address).open(), tab(served.address).open()
    theirs.drag(0.0, 0.2)
    theirs.until_saved()
    mine.tab.bring_to_front()
    mine.drag(0.6, 0.9)
    mine.tab.wait_for_selector("#conflict[open]")
    drawn, stored = mine.marks(), served.stored()
    for key in ("Space", "Enter", "Escape", "Escape", "Space", "Escape", "Escape"):
        mine.press(key)
        mine.tab.wait_for_timeout(50)
    assert mine.tab.locator("#conflict").is_visible()
    assert mine.marks() == drawn and served.stored() == stored
    mine.tab.get_by_role("button", name="Keep mine").click()
    mine.until_saved()
    assert mine.marks() == drawn and len(served.stored()["remove"]) == 1


def test_a_clip_can_be_left_after_their_version_won(served, tab):
    mine, theirs = unaware(tab(served.address)).open(), tab(served.address).open()
    theirs.drag(0.0, 0.2)
    theirs.until_saved()
    mine.tab.bring_to_front()
    mine.drag(0.6, 0.9)
    mine.tab.wait_for_selector("#conflict[open]")
    mine.tab.get_by_role("button", name="Take theirs").click()
    mine.until_saved()
    mine.press("b")
    mine.shows("talk_0")


def test_what_another_tab_saves_of_the_clip_on_show_is_shown_unless_there_is_a_stroke(served, tab):
    mine, theirs = tab(served.address).open(), tab(served.address).open()
    theirs.press("s")
    theirs.drag(0.0, 0.2)
    theirs.until_saved()
    mine.tab.bring_to_front()
    mine.until("() => document.querySelectorAll('#marks button').length === 1")
    assert mine.times() == theirs.times()
    box = mine.tab.locator("#stage").bounding_box()
    mine.tab.mouse.move(mine.x(0.6), box["y"] + 200)
    mine.tab.mouse.down()
    mine.tab.mouse.move(mine.x(0.7), box["y"] + 200)
    with mine.tab.expect_response("**/api/clips/talk_1"):
        theirs.drag(0.4, 0.5)
        theirs.until_saved()
    mine.tab.mouse.up()
    mine.tab.wait_for_selector("#conflict[open]")


def test_a_file_broken_while_the_app_runs_is_named_and_left_alone(page, served):
    path = served.data / "labels.json"
    path.write_text('{"talk_0": ')
    page.drag(0.3, 0.6)
    page.until("() => document.querySelector('#toast').textContent.includes('not whole JSON')")
    assert page.text("#save-state") == "Not saved"
    assert path.read_text() == '{"talk_0": '
    page.problems.clear()  # the browser notes the refused requests


def test_a_server_that_does_not_answer_loses_no_stroke(page, served):
    page.tab.route("**/labels", lambda route: route.abort())
    page.drag(0.3, 0.6)
    page.until("() => document.querySelector('#save-state').dataset.state === 'failed'")
    assert len(page.marks()) == 1 and served.stored()["remove"] == []
    page.tab.unroute("**/labels")
    page.until_saved()
    assert len(served.stored()["remove"]) == 1
    page.problems.clear()


def test_a_server_that_is_gone_or_in_trouble_is_told_without_a_stroke(page, served):
    path = served.data / "labels.json"
    whole = path.read_text()
    page.tab.route("**/api/status*", lambda route: route.abort())
    page.tab.get_by_text("The server does not answer").wait_for(state="visible")
    assert page.text("#save-state") == "No server"
    path.write_text('{"talk_0": ')
    page.tab.unroute("**/api/status*")
    page.tab.get_by_text(re.compile("labels.json.*not whole JSON")).wait_for(state="visible")
    assert page.text("#save-state") == "Server error"
    path.write_text(whole)
    page.until("() => document.querySelector('#save-state').textContent === 'Saved'")
    page.problems.clear()  # the browser notes the failed requests


def started_anew(serve, served, data):
    """The app ended, and started again over a folder on the port where it was."""
    served.close()
    return serve(data, port=served.server.effective_port)


@pytest.fixture
def other_talk(data, tmp_path):
    """Another folder whose clips have the same names."""
    return shutil.copytree(data, tmp_path / "other")


def test_an_app_started_anew_is_noticed_and_the_page_shows_what_it_holds(page, serve, served, other_talk):
    page.drag(0.3, 0.6)
    page.until_saved()
    started_anew(serve, served, other_talk)
    page.tab.get_by_text("The app was started anew.").wait_for(state="visible")
    page.shows("talk_1")
    assert page.marks() == []
    page.problems.clear()  # the server was gone for a moment


def test_a_stroke_that_waits_while_the_app_starts_anew_is_saved_before_the_page_is(page, serve, served):
    page.tab.route("**/labels", lambda route: route.abort())
    page.drag(0.3, 0.6)
    page.until("() => document.querySelector('#save-state').dataset.state === 'failed'")
    again = started_anew(serve, served, served.data)
    page.tab.wait_for_timeout(2500)  # asked how things are, the page hears of it
    assert len(page.marks()) == 1
    page.tab.unroute("**/labels")
    page.tab.get_by_text("The app was started anew.").wait_for(state="visible")
    page.until("() => document.querySelectorAll('#marks button').length === 1")
    assert len(again.stored()["remove"]) == 1
    page.problems.clear()


def test_a_stroke_that_waits_is_not_saved_into_another_folder(page, serve, served, other_talk):
    page.tab.route("**/labels", lambda route: route.abort())
    page.drag(0.3, 0.6)
    page.until("() => document.querySelector('#save-state').dataset.state === 'failed'")
    again = started_anew(serve, served, other_talk)
    page.tab.unroute("**/labels")
    page.tab.get_by_text("started anew over another folder").wait_for(state="visible")
    assert len(page.marks()) == 1 and page.text("#save-state") == "Not saved"
    assert again.stored()["remove"] == []
    page.problems.clear()


def slow(page, part, seconds):
    """Open the page anew so that what it asks at addresses with ``part`` in them takes its time."""
    page.tab.add_init_script(
        """(() => {
          const at_once = window.fetch;
          window.fetch = async (path, ...rest) => {
            if (path.includes(PART)) await new Promise((go) => setTimeout(go, MS));
            return at_once(path, ...rest);
          };
        })()""".replace("PART", json.dumps(part)).replace("MS", str(1000 * seconds))
    )
    page.open()


def test_a_stroke_drawn_while_the_next_clip_loads_is_stored_where_it_was_drawn(page, served):
    slow(page, "/api/clips/talk_0", 2)
    go_to(page, "talk_0")
    page.drag(0.3, 0.6)
    assert page.text("#clip-id") == "talk_1"
    assert page.tab.get_attribute("#stage", "aria-busy") == "true"
    page.shows("talk_0")
    assert page.tab.get_attribute("#stage", "aria-busy") == "false"
    page.until_saved()
    assert len(served.stored("talk_1")["remove"]) == 1 and served.stored("talk_0")["remove"] == []


def test_a_key_pressed_again_while_a_save_is_slow_reviews_no_clip_unseen(page, served):
    slow(page, "/labels", 1)
    for _ in range(3):
        page.press("n")
    page.shows("talk_2")
    page.until_saved()
    assert served.stored("talk_1")["reviewed"] and not served.stored("talk_2")["reviewed"]


def test_keys_before_the_first_recording_break_nothing(page, serve, tab, tmp_path):
    other = another_recording(tmp_path, "other.wav")
    (tmp_path / "empty").mkdir()
    empty = serve(tmp_path / "empty")
    fresh = tab(empty.address)
    fresh.tab.goto(empty.address)
    fresh.tab.wait_for_selector("html[data-ready]")
    top, notice = (fresh.tab.locator(part).bounding_box() for part in (".top", "#empty"))
    assert (notice["x"], notice["y"]) == (0, top["height"]) and notice["height"] == 800 - top["height"]
    for key in ("n", "q", "Enter"):
        fresh.press(key)
    assert fresh.tab.locator("#import-file").is_disabled()
    fresh.tab.locator("#upload-input").set_input_files(other)
    fresh.shows("other_0")
    fresh.tab.keyboard.press("Escape")
    fresh.drag(0.3, 0.6)
    fresh.until_saved()
    assert len(empty.stored("other_0")["remove"]) == 1


def test_a_proposal_taken_back_is_one_after_a_reload_too(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    page.press("a")
    page.until_saved()
    page.press("Control+z")
    page.until_saved()
    page.tab.reload()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    assert advised.stored()["remove"] == []


def test_a_proposal_is_shown_as_one_until_it_is_accepted(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    proposed = page.marks()
    assert proposed and advised.stored()["remove"] == []
    page.press("n")
    page.shows("talk_2")
    assert advised.stored()["reviewed"] is False
    page.press("b")
    page.shows("talk_1")
    page.press("a")
    page.until_saved()
    assert page.marks() == proposed
    assert advised.stored()["reviewed"] is True and len(advised.stored()["remove"]) == len(proposed)
    assert "100.0 %" in page.text("#agreement-share")
    assert page.text("#agreement-over") == "agreement with the model over the last clip"


def test_a_stroke_on_a_proposal_corrects_it(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    proposed = page.marks()
    page.press("s")
    page.drag(0.05, 0.15)
    assert page.text("#clip-state") == "Not reviewed yet · A accepts"
    assert len(page.marks()) == len(proposed) + 1
    page.press("Shift+Enter")
    page.shows("talk_2")
    assert advised.stored()["reviewed"] is True


def test_accepting_can_be_undone_and_the_clip_is_open_again(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    page.press("a")
    page.until_saved()
    assert advised.stored()["reviewed"] is True
    page.press("Control+z")
    page.until_saved()
    assert advised.stored()["reviewed"] is False
    assert page.text("#clip-state").startswith("Proposal")
    page.press("q")
    page.shows("talk_2")
    assert advised.stored()["reviewed"] is True


def test_accepting_and_going_on_is_one_save(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    page.press("q")
    page.shows("talk_2")
    page.until_saved()
    assert advised.stored()["reviewed"] is True and advised.stored()["revision"] == 1


def test_what_cannot_be_done_is_no_button_and_its_key_does_nothing(page):
    """No stretch is chosen: nothing to listen to, to clear, to switch the edge of."""
    for action in ("listen", "delete", "edge", "out", "keep", "undo"):
        assert page.tab.locator(f"[data-action={action}]").is_disabled(), action
    page.press("l", "Delete", "e", "o", "k", "Control+z", "[", "]", "ArrowDown")
    assert page.marks() == []


def test_clips_play_when_they_open_if_wanted_and_the_page_remembers_its_tools(page):
    page.press("r", "s")
    page.press("n")
    page.shows("talk_2")
    page.until_pressed("play")
    page.open("talk_1")
    page.until_pressed("auto")
    page.until_pressed("snap", False)


def test_two_people_on_two_recordings_do_not_disturb_each_other(served, tab, tmp_path):
    one = tab(served.address).open("talk_1")
    one.press("d")
    one.tab.locator("#upload-input").set_input_files(another_recording(tmp_path, "other.wav"))
    one.until("() => document.querySelectorAll('.recording').length === 2")
    one.press("Escape")
    two = tab(served.address).open("other_0")
    for page in (one, two):
        page.tab.bring_to_front()
        page.press("s")
        page.drag(0.2, 0.4)
    for page in (one, two):
        page.tab.bring_to_front()
        page.drag(0.6, 0.8)
        page.until_saved()
    assert len(served.stored("talk_1")["remove"]) == len(served.stored("other_0")["remove"]) == 2
    assert not one.tab.locator("#conflict").is_visible()
    two.press("n")
    one.tab.bring_to_front()
    one.until("() => document.querySelector('#progress-text').textContent === '1 of 5 clips reviewed'")


@pytest.fixture
def two(data, tmp_path, serve, tab):
    """The page at talk_1, a second recording of four clips beside it."""
    slice_recording(another_recording(tmp_path, "other9.wav"), data, SliceSettings(1.0))
    served = serve(data)
    page = tab(served.address).open()
    page.served = served
    return page


def test_a_chosen_recording_is_gone_to_and_what_is_left_is_not_reviewed(two):
    two.drag(0.3, 0.6)
    two.tab.locator(".recording", has_text="other").click()
    two.shows("other9_0")
    two.press("n")
    two.shows("other9_1")
    assert two.served.stored("talk_1")["remove"] and not two.served.stored("talk_1")["reviewed"]
    two.tab.locator(".recording", has_text="other").click()  # all of them again
    two.tab.locator("[value=unreviewed]").check()
    go_to(two, "talk_1")
    two.shows("talk_1")
    two.tab.locator(".recording", has_text="other").click()
    two.shows("other9_1")  # other9_0 is reviewed


def test_clips_of_several_recordings_are_listed_with_their_recording_and_of_one_with_their_time(two):
    rows = two.tab.locator(".clip-row")
    assert [text.split() for text in rows.all_inner_texts()] == [
        [f"#{number}", name, "not", "reviewed"] for name in ("talk", "other9") for number in range(4)
    ]
    two.tab.locator(".recording", has_text="other").click()
    two.shows("other9_0")
    assert [text.split()[:2] for text in rows.all_inner_texts()] == [[f"#{i}", f"0:0{i}"] for i in range(4)]


def test_next_leads_into_the_chosen_recording_from_wherever_one_is(two):
    two.tab.locator(".recording", has_text="talk").click()
    go_to(two, "other9_2")
    two.shows("other9_2")
    two.press("n")
    two.shows("talk_0")


def test_a_name_that_is_cut_off_is_told_by_the_pointer(advised, tab):
    page = tab(advised.address).open()
    page.until("() => document.querySelector('#model-state').title === 'Model: loudness'")
    for selector, name in (
        ("h1 small", "data"),
        ("#clip-id", "talk_1"),
        ("#clip-place", "0:01–0:02 of talk"),
        (".recording", "talk"),
    ):
        assert page.tab.locator(selector).get_attribute("title") == name


def test_a_bare_number_is_only_ever_the_number_in_this_recording(two):
    go_to(two, "3")
    two.shows("talk_3")
    go_to(two, "9")
    two.tab.get_by_text("There is no clip “9”.").wait_for(state="visible")


def ready_to_train(page):
    """Every clip is reviewed, and the dialog open."""
    page.open("talk_0")
    for number in range(4):
        page.shows(f"talk_{number}")
        page.press("n")
    page.until("() => document.querySelector('#progress-text').textContent === '4 of 4 clips reviewed'")
    page.press("t")
    return page


def test_a_double_click_starts_one_training(data, serve, tab):
    idle = (sys.executable, "-c", "import time; time.sleep(60)")
    page = ready_to_train(tab(serve(data, train_command=idle).address))
    page.tab.locator("#training-start").dblclick(delay=150)
    page.tab.wait_for_selector("#training-stop:not([hidden])")
    assert page.text("#training-message").startswith("Training in")
    assert page.tab.get_attribute("#toast", "data-tone") != "error"
    page.tab.locator("#training-stop").click()
    page.tab.get_by_text("Stopped; what was learnt").wait_for(state="visible")


def test_the_end_of_a_training_is_told_where_the_dialog_is_shut(data, serve, tab):
    short = (sys.executable, "-c", "import sys, time; time.sleep(1); sys.exit('error: no luck')")
    page = ready_to_train(tab(serve(data, train_command=short).address))
    page.tab.locator("#training-start").click()
    page.tab.wait_for_selector("#training-stop:not([hidden])")
    page.press("Escape")
    page.tab.locator("#toast", has_text="Training failed: no luck.").wait_for(state="visible")


def test_the_curve_is_shown_on_demand(advised, tab):
    page = tab(advised.address).open()
    page.until("() => !document.querySelector('[data-action=curve]').disabled")
    drawn = """() => document.querySelector('#curve').getContext('2d').getImageData(0, 0, 999, 99)
      .data.some((value) => value)"""
    assert not page.tab.evaluate(drawn)
    page.press("c")
    page.until(drawn)


def test_clips_come_by_doubt_or_unreviewed_only(advised, tab):
    page = tab(advised.address).open("talk_0")
    page.until("() => document.querySelectorAll('.doubt').length === 4")
    project = page.tab.evaluate("async () => (await fetch('/api/project')).json()")
    doubts = dict(zip(project["clips"]["id"], project["clips"]["doubt"], strict=True))
    del doubts["talk_0"]
    page.press("u")
    page.shows(max(doubts, key=doubts.__getitem__))
    page.tab.locator("[value=unreviewed]").check()
    page.press("a", "n")
    page.until("() => document.querySelectorAll('.clip-row').length === 3")


def test_by_doubt_every_unreviewed_clip_comes_once_and_then_the_first_again(advised, tab):
    page = tab(advised.address).open("talk_0")
    page.until("() => document.querySelectorAll('.doubt').length === 4")
    project = page.tab.evaluate("async () => (await fetch('/api/project')).json()")
    doubts = dict(zip(project["clips"]["id"], project["clips"]["doubt"], strict=True))
    order = sorted(doubts, key=lambda clip: -doubts[clip])
    for key in ("u", "n"):
        go_to(page, order[-1])
        page.shows(order[-1])
        if key == "n":
            page.tab.locator("[value=doubt]").check()
        for clip in [*order, order[0]]:
            page.press(key)
            page.shows(clip)


def test_the_list_jumps_and_go_finds_a_clip_by_number(page):
    page.tab.locator(".clip-row").nth(3).click()
    page.shows("talk_3")
    for number, clip in (("0", "talk_0"), ("#2", "talk_2"), ("0", "talk_0")):
        go_to(page, number)
        page.shows(clip)
    go_to(page, "nowhere")
    page.tab.get_by_text("There is no clip “nowhere”.").wait_for(state="visible")
    page.shows("talk_0")


def test_a_clip_that_cannot_be_loaded_leaves_page_and_list_where_they_were_and_bars_no_way(served, tab):
    (served.data / "clips" / "talk_2.wav").unlink()
    page = tab(served.address).open("talk_1")
    for _ in range(2):
        go_to(page, "talk_2")
        page.tab.get_by_text(re.compile("^talk_2: .*talk_2.wav")).wait_for(state="visible")
        page.tab.locator("#toast").evaluate("(toast) => (toast.textContent = '')")
    assert page.text("#clip-id") == page.tab.locator("[aria-current=true]").get_attribute("title") == "talk_1"
    page.press("n")
    page.shows("talk_3")
    page.tab.get_by_text(re.compile("^talk_2: .*talk_2.wav")).wait_for(state="visible")
    page.problems.clear()  # the browser notes the refused request


def test_a_page_whose_first_clip_cannot_be_loaded_opens_at_the_next(served, tab):
    (served.data / "mels" / "talk_0.npy").unlink()
    page = tab(served.address)
    page.tab.goto(served.address)
    page.shows("talk_1")
    page.tab.wait_for_timeout(500)  # it is fetched ahead, too
    page.problems.clear()


def test_a_page_whose_clips_are_all_gone_says_so_and_still_asks_where_to_go(served, tab):
    for wav in (served.data / "clips").iterdir():
        wav.rename(wav.with_suffix(".away"))
    page = tab(served.address)
    page.tab.goto(served.address)
    page.tab.wait_for_selector("html[data-ready]")
    page.tab.get_by_text("talk_3.wav is missing").wait_for(state="visible")
    for away in (served.data / "clips").iterdir():
        away.rename(away.with_suffix(".wav"))
    go_to(page, "talk_1")
    page.shows("talk_1")
    page.problems.clear()


def test_a_link_pasted_into_the_open_tab_is_followed(page):
    page.tab.evaluate("() => (location.hash = '#talk_3')")
    page.shows("talk_3")
    page.tab.evaluate("() => (location.hash = '#nowhere_1')")
    page.until("() => location.hash === '#talk_3'")


def test_every_action_has_a_button_a_key_and_a_line_of_help(page):
    buttons = page.tab.locator("button[data-action]").all()
    assert len(buttons) > 30
    names = {button.get_attribute("data-action"): button.get_attribute("aria-label") for button in buttons}
    assert len(names) == len(buttons) and all(names.values())
    assert all(button.get_attribute("aria-keyshortcuts") for button in buttons)
    page.press("?")
    lines = page.tab.locator("#help dd").evaluate_all("all => all.map((one) => one.firstChild.textContent)")
    assert sorted(lines) == sorted(names.values())
    keys = [button.get_attribute("aria-keyshortcuts").split() for button in buttons]
    assert len({key for some in keys for key in some}) == sum(map(len, keys)), "a key does two things"


def test_every_control_can_be_reached_by_tab(page):
    reached = set()
    for _ in range(120):
        page.press("Tab")
        reached.add(
            page.tab.evaluate("() => document.activeElement.dataset?.action ?? document.activeElement.id")
        )
    enabled = page.tab.locator("button[data-action]:enabled").all()
    assert {button.get_attribute("data-action") for button in enabled} <= reached
    assert "stage" in reached


# Whether the foot of the stage shows that something goes at a moment: it differs there from what is above it.
GOES = """(timeS) => {
  const overlay = document.querySelector('#overlay');
  const [before, after, length] = window.labeler.extent();
  const x = (overlay.width * (timeS + before)) / (before + length + after);
  const pixel = (up) => overlay.getContext('2d').getImageData(x, overlay.height - up, 1, 1).data.join();
  return pixel(3) !== pixel(40);
}"""


def test_what_is_drawn_on_a_clip_is_shown_beside_its_neighbours(page):
    page.press("s")
    assert not page.tab.evaluate(GOES, 1.2)
    page.press("n")
    page.shows("talk_2")
    page.drag(0.1, 0.4)
    page.until_saved()
    page.press("b")
    page.shows("talk_1")
    page.until(GOES, 1.2)


def test_what_another_person_draws_is_shown_beside_its_neighbours(served, tab):
    mine, theirs = tab(served.address).open("talk_1"), tab(served.address).open("talk_0")
    theirs.press("s")
    theirs.drag(0.7, 0.9)
    theirs.until_saved()
    mine.tab.bring_to_front()
    mine.until(GOES, -0.2)


def test_focus_stays_on_a_button_pressed_by_key_and_leaves_one_pressed_by_mouse(page):
    page.press("s")
    page.drag(0.2, 0.4)
    page.drag(0.6, 0.8)
    for button in (page.tab.locator(".recording"), page.tab.locator("#marks button").nth(0)):
        button.focus()
        page.press("Enter")
        assert button.get_attribute("aria-pressed") == "true"
        assert button.evaluate("(one) => one === document.activeElement")
        button.click()
        assert page.tab.evaluate("() => document.activeElement === document.body")


def test_arrows_move_the_playhead_after_an_order_was_chosen_by_mouse(page):
    page.tab.locator("[value=doubt]").click()
    page.press("ArrowRight")
    assert page.tab.locator("[value=doubt]").is_checked()
    assert page.text("#time") == "0.02 s"
    page.tab.locator("[value=doubt]").focus()
    page.press("ArrowRight")
    assert page.tab.locator("[value=unreviewed]").evaluate("(one) => one === document.activeElement")
    page.press("n")
    page.shows("talk_2")
    page.until("() => document.querySelectorAll('.clip-row').length === 3")  # in the order chosen by the key


def another_recording(tmp_path, name):
    """A file of other bytes than the recording that is there."""
    (tmp_path / name).write_bytes((tmp_path / "talk.wav").read_bytes() + b"another")
    return str(tmp_path / name)


def test_a_chosen_recording_is_sliced_and_queued(page, tmp_path):
    page.press("d")
    page.tab.locator("#upload-input").set_input_files(another_recording(tmp_path, "other.wav"))
    page.until("() => document.querySelector('#jobs').textContent.includes('1 clip')")
    page.until("() => document.querySelectorAll('.recording').length === 2")
    page.tab.get_by_role("button", name="Clear what is done").click()
    page.until("() => !document.querySelector('#jobs li')")
    page.tab.wait_for_timeout(2500)  # asked how things are, the server tells no more of it
    assert page.text("#jobs") == ""
    page.tab.keyboard.press("Escape")
    page.shows("talk_1")


def test_all_chosen_recordings_are_listed_and_leaving_is_asked_about_until_they_are_sent(page, tmp_path):
    held = []
    page.tab.route("**/api/recordings*", lambda route: held.append(route), times=1)
    leaving = """() => {
      const event = new Event('beforeunload', { cancelable: true });
      dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert not page.tab.evaluate(leaving)
    page.tab.locator("#upload-input").set_input_files(
        [another_recording(tmp_path, name) for name in ("first.wav", "second.wav")]
    )
    page.until("() => document.querySelectorAll('#jobs li').length === 2")
    assert "second.wav\nwaiting" in page.text("#jobs")
    assert page.tab.evaluate(leaving)
    held[0].continue_()
    page.until("() => !document.querySelector('#jobs .sending')")
    assert not page.tab.evaluate(leaving)


def test_how_a_recording_fared_is_told_where_the_dialog_is_shut(page, tmp_path):
    (tmp_path / "silent.wav").write_bytes(b"not sound" * 99)
    held = []
    page.tab.route("**/api/recordings*", lambda route: held.append(route), times=2)
    page.tab.locator("#upload-input").set_input_files(
        [another_recording(tmp_path, "other.wav"), str(tmp_path / "silent.wav")]
    )
    for says in ("other.wav: 1 clip.", "silent.wav"):
        page.until("() => document.querySelector('#jobs .sending')")
        page.press("Escape")
        held.pop().continue_()
        page.tab.locator("#toast", has_text=says).wait_for(state="visible")
    assert page.tab.get_attribute("#toast", "data-tone") == "error"


def test_new_clips_leave_what_is_on_show_as_it_is(page, tmp_path):
    whole = page.tab.evaluate("() => window.labeler.shown()")
    page.press("Equal", "Equal")
    shown = page.tab.evaluate("() => window.labeler.shown()")
    page.tab.locator("#upload-input").set_input_files(another_recording(tmp_path, "other.wav"))
    page.until("() => document.querySelectorAll('.recording').length === 2")
    page.shows("talk_1")
    assert page.tab.evaluate("() => window.labeler.shown()") == shown != whole


def test_new_clips_come_even_where_asking_for_them_failed_once(page, tmp_path):
    page.tab.route("**/api/project", lambda route: route.abort(), times=1)
    page.tab.locator("#upload-input").set_input_files(another_recording(tmp_path, "other.wav"))
    page.until("() => document.querySelectorAll('.recording').length === 2")
    page.problems.clear()  # the browser notes the request that failed


def test_files_dropped_anywhere_on_the_page_are_added_and_what_is_no_sound_is_named(page, tmp_path):
    """By the browser's own drag of files, as a file manager makes it."""
    (tmp_path / "notes.txt").write_text("no sound")
    (tmp_path / "folder.wav").mkdir()
    others = [str(tmp_path / name) for name in ("notes.txt", "folder.wav")]
    files = [another_recording(tmp_path, "dropped.wav"), *others]
    hand = page.tab.context.new_cdp_session(page.tab)

    def drag(what):
        dragged = {"items": [], "files": files, "dragOperationsMask": 1}
        hand.send("Input.dispatchDragEvent", {"type": what, "x": 300, "y": 400, "data": dragged})

    drag("dragEnter")
    drag("dragOver")
    assert page.tab.locator(".drop-hint").is_visible()
    drag("drop")
    assert not page.tab.locator(".drop-hint").is_visible()
    page.tab.get_by_text("'notes.txt' is no recording").first.wait_for(state="visible")
    page.tab.get_by_text("folder.wav cannot be read. Is it a folder?").first.wait_for(state="visible")
    page.until("() => document.querySelectorAll('.recording').length === 2")
    page.tab.keyboard.press("Escape")
    go_to(page, "dropped_0")
    page.shows("dropped_0")
    page.problems.clear()  # the browser notes the refused file


def test_a_file_beyond_the_bound_is_refused_before_it_is_sent(data, serve, tab, tmp_path):
    page = tab(serve(data, max_upload_bytes=1000).address).open()
    page.press("d")
    page.tab.locator("#upload-input").set_input_files(another_recording(tmp_path, "other.wav"))
    page.tab.locator("#jobs").get_by_text("other.wav is larger than 9.31e-7 GiB").wait_for(state="visible")
    assert "--max-upload-gib" in page.text("#jobs")


def test_every_refused_file_stays_in_the_list_with_its_reason(page, tmp_path):
    files = [tmp_path / name for name in ("notes.txt", "sheet.xlsx", "virus.exe")]
    for file in files:
        file.write_text("no sound")
    page.press("d")
    page.tab.locator("#upload-input").set_input_files(files)
    page.until("() => document.querySelectorAll('#jobs .failed').length === 3")
    lines = page.tab.locator("#jobs .failed").all_inner_texts()
    for file, line in zip(files, lines, strict=True):
        assert line.startswith(file.name) and f"'{file.name}' is no recording" in line
    assert page.tab.locator("#jobs progress").count() == 0 and page.text("#toast") == ""
    page.problems.clear()  # the browser notes the refused files


def test_a_long_name_without_a_gap_stays_in_the_dialog(page, tmp_path):
    (tmp_path / f"{'long_' * 30}.txt").write_text("no sound")
    page.press("d")
    page.tab.locator("#upload-input").set_input_files(tmp_path / f"{'long_' * 30}.txt")
    page.tab.wait_for_selector("#jobs .failed")
    assert page.tab.locator("#files").evaluate("(dialog) => dialog.scrollWidth - dialog.clientWidth") == 0
    page.problems.clear()  # the browser notes the refused file


def test_labels_made_elsewhere_are_imported(page, served, tmp_path):
    (tmp_path / "track.txt").write_text("1.100000\t1.300000\tbreath\n")
    page.press("d")
    page.tab.locator("#import-file").set_input_files(tmp_path / "track.txt")
    page.tab.get_by_role("button", name="Import", exact=True).click()
    page.tab.get_by_text("track.txt: 4 clips of talk labelled.").wait_for(state="visible")
    page.tab.keyboard.press("Escape")
    page.until("() => document.querySelector('#clip-state').textContent === 'Imported labels'")
    assert page.marks() == ["Remove 0.10–0.30 s, Breath"]
    assert served.stored()["source"] == "import"


def test_what_is_to_be_told_of_an_import_stays_in_the_dialog(page, tmp_path):
    (tmp_path / "other.rttm").write_text("SPEAKER other 1 0.5 2.5 <NA> <NA> anna <NA> <NA>")
    (tmp_path / "unsaid.txt").write_text("1.1\t1.3\t\n")
    page.press("n")
    page.shows("talk_2")
    page.press("d")
    for file, says in (
        (
            "other.rttm",
            "other.rttm: 3 clips of talk labelled. 1 that a person labelled stay as they are. "
            "other.rttm says that it is of other; it is taken to be of talk.wav.",
        ),
        (
            "unsaid.txt",
            "unsaid.txt: is what is marked without a word to be kept or to be removed? "
            "Choose what its stretches mean.",
        ),
    ):
        page.tab.locator("#import-file").set_input_files(tmp_path / file)
        page.tab.get_by_role("button", name="Import", exact=True).click()
        page.until("says => document.querySelector('#import-note').textContent === says", says)
    page.problems.clear()  # the browser notes the refused file


def test_an_imported_clip_stays_one_where_a_stroke_is_taken_back_and_is_to_be_accepted_where_it_stays(
    page, served
):
    path = served.data / "labels.json"
    entries = json.loads(path.read_text())
    entries["talk_1"] |= {"remove": [[0.100021, 0.3, "breath"]], "source": "import"}
    path.write_text(json.dumps(entries))
    page.until("() => document.querySelector('#clip-state').textContent === 'Imported labels'")
    for undone in (True, False):
        page.drag(0.6, 0.8)
        page.until_saved()
        if undone:
            assert served.stored()["source"] == "person"
            page.press("Control+z")
            page.until_saved()
            assert served.stored()["source"] == "import" and page.text("#clip-state") == "Imported labels"
    assert page.text("#clip-state") == "Not reviewed yet · A accepts"


def test_an_import_is_for_the_recording_on_show_and_stays_for_the_chosen_one(two, tmp_path):
    (tmp_path / "track.txt").write_text("1.100000\t1.300000\tbreath\n")
    go_to(two, "other9_2")
    two.shows("other9_2")
    two.press("d")
    assert two.tab.locator("#import-recording").input_value() == "other9"
    two.tab.locator("#import-file").set_input_files(tmp_path / "track.txt")
    (tmp_path / "third.wav").write_bytes((tmp_path / "talk.wav").read_bytes() + b"a third")
    two.tab.locator("#upload-input").set_input_files(tmp_path / "third.wav")
    two.until("() => document.querySelectorAll('.recording').length === 3")
    two.tab.get_by_role("button", name="Import", exact=True).click()
    two.tab.get_by_text("track.txt: 4 clips of other9 labelled.").wait_for(state="visible")
    assert two.served.stored("other9_1")["source"] == "import"
    assert two.served.stored("talk_1")["source"] == "person"


def test_an_export_is_downloaded_or_refused_in_words(page):
    page.press("d")
    link = page.tab.get_by_role("link", name="Audacity")
    link.click()
    page.tab.get_by_text("no clip is reviewed yet").wait_for(state="visible")
    page.press("Escape", "n")
    page.shows("talk_2")
    page.drag(0.3, 0.6)
    page.until_saved()
    page.press("d")
    with page.tab.expect_download() as downloaded:
        link.click()
    assert downloaded.value.suggested_filename == "labels-audacity.zip"
    assert page.text("#export-note") == "1 clip exported; 1 drawn in but not reviewed left out."
    page.tab.route("**/api/export*", lambda route: route.abort())
    link.click()
    page.tab.get_by_text("The server does not answer").wait_for(state="visible")
    page.problems.clear()  # the browser notes the refused requests


def test_canvases_are_sharp_on_a_dense_screen(served, browser):
    context = browser.new_context(viewport={"width": 1000, "height": 700}, device_scale_factor=2)
    page = context.new_page()
    page.goto(served.address)
    page.wait_for_selector("html[data-ready]")
    widths = page.evaluate(
        "() => ['wave', 'mel', 'overlay'].map((id) => [id, document.getElementById(id)])"
        ".map(([, canvas]) => canvas.width / canvas.clientWidth)"
    )
    context.close()
    assert widths == [2, 2, 2]


@pytest.mark.parametrize("width", [900, 1000, 1024, 1180, 1280, 1366, 1440])
def test_the_page_fits_and_its_tools_lie_in_two_rows(served, browser, width):
    context = browser.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(served.address)
    page.wait_for_selector("html[data-ready]")
    overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    tops = page.evaluate(
        "() => [...document.querySelectorAll('.tools button')].map((one) => one.getBoundingClientRect().top)"
    )
    context.close()
    assert overflow <= 0 and len(set(tops)) == 2


def test_the_stage_stays_as_it_is_while_one_draws_and_the_chosen_stretch_is_in_sight(page):
    page.press("s")
    stage = page.tab.locator("#stage").bounding_box()
    for number in range(18):
        page.drag(0.05 * number + 0.05, 0.05 * number + 0.07)
    assert page.tab.locator("#stage").bounding_box() == stage
    for chosen in (17, 0):
        marks = page.tab.locator("#marks").bounding_box()
        button = page.tab.locator("#marks button").nth(chosen).bounding_box()
        assert marks["y"] <= button["y"] <= marks["y"] + marks["height"] - button["height"]
        page.press("ArrowDown")


def test_numbers_on_the_page_agree_with_the_store(page, served):
    page.press("s")
    page.drag(0.2, 0.7)
    page.press("n")
    page.shows("talk_2")
    assert re.search(r"0\.0 min · (49|50|51) % removed", page.text("#recordings"))


def test_two_thousand_clips_are_listed_without_a_row_for_each(serve, tab, tmp_path):
    from benchmarks.labeler import make_data

    served = serve(make_data(tmp_path, 2000))
    page = tab(served.address).open("talk_1234")
    assert page.text("#progress-text") == "2000 of 2000 clips reviewed"
    assert page.text("#clips-count") == "2000" and page.tab.locator(".clip-row").count() < 80
    assert page.tab.locator("[aria-current=true]").inner_text().startswith("#1234")
    page.press("n")
    page.shows("talk_1235")
    page.tab.locator("#clips").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    page.tab.get_by_title("talk_1999", exact=True).click()
    page.shows("talk_1999")
