"""Drawing on the page by mouse and by keys, and what of it is stored."""

import pytest


def test_a_stroke_becomes_a_mark_and_is_stored_within_a_second(page, served):
    page.press("s")  # no snapping: the stroke is what it is
    page.drag(0.3, 0.6)
    page.until_saved()
    assert served.stored()["remove"] == [[pytest.approx(0.3, abs=0.01), pytest.approx(0.6, abs=0.01), ""]]
    assert served.stored()["reviewed"] is False


def test_left_drag_removes_right_drag_and_alt_drag_keep(page):
    page.press("s")
    page.drag(0.1, 0.9)
    page.drag(0.3, 0.4, button="right")
    page.tab.keyboard.down("Alt")
    page.drag(0.6, 0.7)
    page.tab.keyboard.up("Alt")
    assert [start for start, _ in page.times()] == pytest.approx([0.1, 0.4, 0.7], abs=0.011)


def test_strokes_are_drawn_while_text_is_selected_across_the_stage(page):
    page.press("s")
    page.tab.evaluate("() => getSelection().selectAllChildren(document.body)")
    page.drag(0.1, 0.3)
    page.drag(0.6, 0.8)
    assert len(page.marks()) == 2


def test_edges_snap_to_the_quietest_place_unless_it_is_turned_off(page, served):
    page.drag(0.22, 0.6)  # the tone ends at 0.25
    page.until_saved()
    assert served.stored()["remove"][0][0] > 0.245
    page.press("Control+z", "s")
    page.drag(0.22, 0.6)
    page.until_saved()
    assert served.stored()["remove"][0][0] == pytest.approx(0.22, abs=0.01)


def test_a_short_stroke_whose_ends_would_snap_to_one_place_stays_as_drawn(page, served):
    page.drag(0.31, 0.36)  # the quietest place within reach of both is 0.3375
    page.until_saved()
    assert served.stored()["remove"] == [[pytest.approx(0.31, abs=0.005), pytest.approx(0.36, abs=0.005), ""]]


def test_an_edge_drags(page, served):
    page.press("s")
    page.drag(0.3, 0.6)
    page.drag(0.6, 0.8)
    page.until_saved()
    assert served.stored()["remove"] == [[pytest.approx(0.3, abs=0.01), pytest.approx(0.8, abs=0.01), ""]]


def test_the_border_of_two_stretches_moves_for_both(page, served):
    page.press("s", "1")
    page.drag(0.2, 0.5)
    page.click(0.8)
    page.press("1", "3")
    page.drag(0.4, 0.7)
    page.drag(0.4, 0.6)
    page.until_saved()
    (start, border, _), (same, end, _) = served.stored()["remove"]
    assert border == same and [start, border, end] == pytest.approx([0.2, 0.6, 0.7], abs=0.01)


def test_an_edge_that_is_not_moved_in_the_end_leaves_a_proposal_one(advised, tab):
    page = tab(advised.address).open("talk_3")
    page.until("() => document.querySelector('#clip-state').dataset.state === 'proposal'")
    [(start, end)] = page.times()
    assert end == 0.5  # the clip's own
    page.drag(end - 0.002, end + 0.01)
    box = page.tab.locator("#stage").bounding_box()
    page.tab.mouse.move(page.x(start), box["y"] + 200)
    page.tab.mouse.down()
    page.tab.mouse.move(page.x(start - 0.1), box["y"] + 200)
    page.tab.mouse.move(page.x(start), box["y"] + 200)
    page.tab.mouse.up()
    assert page.tab.get_attribute("#clip-state", "data-state") == "proposal"
    assert page.tab.locator("[data-action=undo]").is_disabled()


def test_escape_gives_a_stroke_up(page):
    page.press("s")
    page.drag(0.3, 0.6, then=["Escape"])
    assert page.marks() == []
    page.drag(0.3, 0.6)
    drawn = page.times()
    page.drag(0.6, 0.8, then=["Escape"])
    assert page.times() == drawn


@pytest.mark.parametrize("key", ["Delete", "Control+z"])
def test_an_edge_whose_stretch_goes_under_it_is_dragged_no_further(page, key):
    page.press("s")
    page.drag(0.1, 0.2)
    page.drag(0.5, 0.7)
    page.drag(0.7, 0.9, then=[key])
    assert [start for start, _ in page.times()] == [0.1]


def test_the_edge_that_is_dragged_moves_whatever_keys_choose(page):
    page.press("s")
    page.drag(0.1, 0.2)
    page.drag(0.5, 0.7)
    page.drag(0.7, 0.9, then=["ArrowUp", "e"])
    assert [end for _, end in page.times()] == pytest.approx([0.2, 0.9], abs=0.011)


def test_a_stroke_under_way_ends_with_its_clip(page, served):
    box = page.tab.locator("#stage").bounding_box()
    page.tab.mouse.move(page.x(0.3), box["y"] + 200)
    page.tab.mouse.down()
    page.tab.mouse.move(page.x(0.5), box["y"] + 200)
    page.press("n")
    page.shows("talk_2")
    page.tab.mouse.move(page.x(0.6), box["y"] + 200)
    page.tab.mouse.up()
    page.until_saved()
    assert page.marks() == [] and served.stored("talk_1")["remove"] == []


def test_escape_lets_go_of_what_is_chosen_and_of_a_stroke_begun_by_key_but_not_from_a_dialog(page):
    page.press("s")
    page.drag(0.3, 0.6)
    page.press("Home", "i")
    chosen, out = page.tab.locator("#marks [aria-pressed=true]"), page.tab.locator("[data-action=out]")
    page.press("?", "Escape")
    assert chosen.count() == 1 and out.is_enabled()
    page.press("Escape")
    page.until("() => document.querySelector('[data-action=out]').disabled")
    assert chosen.count() == 0 and len(page.marks()) == 1


def test_a_click_chooses_and_delete_clears(page):
    page.press("s")
    page.drag(0.2, 0.4)
    page.drag(0.6, 0.8)
    page.click(0.3)
    assert page.tab.locator("#marks [aria-pressed=true]").inner_text().endswith("0.40")
    page.press("Delete")
    assert [start for start, _ in page.times()] == [0.6]


def test_undo_and_redo_go_all_the_way(page, served):
    page.press("s")
    for start in (0.1, 0.3, 0.5, 0.7):
        page.drag(start, start + 0.1)
    for left in (3, 2, 1, 0):
        page.press("Control+z")
        assert len(page.marks()) == left
    page.press(*["Control+Shift+z"] * 4)
    assert len(page.marks()) == 4
    page.until_saved()
    assert len(served.stored()["remove"]) == 4


def test_strokes_can_be_undone_after_coming_back_to_a_clip(page):
    page.drag(0.3, 0.6)
    page.press("n")
    page.shows("talk_2")
    page.press("b")
    page.shows("talk_1")
    assert len(page.marks()) == 1
    page.press("Control+z")
    assert page.marks() == []


def test_number_keys_say_the_kind_and_none_is_the_default(page, served):
    page.press("s")
    page.drag(0.1, 0.2)
    page.drag(0.4, 0.5)
    page.press("2")
    page.drag(0.7, 0.8)
    page.press("x")
    page.until_saved()
    assert [kind for _, _, kind in served.stored()["remove"]] == ["", "breath"]
    assert len(served.stored()["unknown"]) == 1


def test_a_kind_chosen_before_drawing_stays_until_it_is_put_away(page, served):
    page.press("s", "3")
    page.drag(0.1, 0.2)
    page.press("Delete", "Control+z")
    page.click(0.9)
    page.drag(0.4, 0.5)
    page.until_saved()
    assert [kind for _, _, kind in served.stored()["remove"]] == ["noise", "noise"]


def test_brackets_nudge_an_edge_by_one_decision_and_replay(page, served):
    page.press("s")
    page.drag(0.3, 0.6)
    page.until_saved()
    start, end, _ = served.stored()["remove"][0]
    page.press("]", "]", "[")
    page.until_pressed("play")
    page.press("e", "[")
    page.until_saved()
    assert served.stored()["remove"] == [[pytest.approx(start - 0.02), pytest.approx(end + 0.02), ""]]


def test_a_clip_can_be_marked_by_keys_alone(page, served):
    page.press("Home", "Shift+ArrowRight", "i", "Shift+ArrowRight", "ArrowRight", "o", "1")
    page.press("Shift+ArrowRight", "i", "ArrowLeft", "o", "ArrowUp", "Delete")
    page.until_saved()
    assert served.stored()["remove"] == [[pytest.approx(0.6), pytest.approx(0.62), ""]]
    page.press("Control+z")
    page.until_saved()
    assert served.stored()["remove"][0] == [pytest.approx(0.2), pytest.approx(0.42), "silence"]


def test_zoom_shows_less_and_drawing_still_lands_where_it_is_seen(page, served):
    page.press("s", "Home", "+", "+")
    shown = page.tab.evaluate("() => window.labeler.shown()")
    assert shown[1] - shown[0] < 1
    box = page.tab.locator("#stage").bounding_box()
    middle = shown[0] + (shown[1] - shown[0]) / 2
    page.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 200, steps=3)
    page.tab.mouse.up()
    page.until_saved()
    assert served.stored()["remove"][0][0] == pytest.approx(middle, abs=0.01)
    page.press("f")
    assert page.tab.evaluate("() => window.labeler.shown()") == [-0.5, 1.5]


def test_keys_typed_into_a_field_draw_nothing(page):
    page.press("g")
    page.tab.locator("#goto-id").fill("")
    page.tab.keyboard.type("2")
    page.press("Enter")
    page.shows("talk_2")
    assert page.marks() == []


QUIETEST = """async (rate) => {
  const { loudness, quietest } = await import('/static/snap.js');
  const buffer = new AudioBuffer({ length: 6 * rate, sampleRate: rate });
  const samples = buffer.getChannelData(0);
  samples.forEach((_, i) => (samples[i] = Math.abs(i / rate - 5.5) < 0.01 ? 0 : 0.5));
  return quietest(loudness(buffer), 5.02, 0.5);
}"""


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_the_quietest_place_is_found_at_any_rate(page, rate_hz):
    assert page.tab.evaluate(QUIETEST, rate_hz) == pytest.approx(5.0, abs=0.005)


RULES = """async () => {
  const rules = await import('/static/mark-rules.js');
  const marks = (text) => [...text.matchAll(/(\\w?)(\\d+)-(\\d+)/g)]
    .map(([, kind, start, end]) => ({ start: start / 10, end: end / 10, kind }));
  const tenths = (timeS) => Math.round(timeS * 1000) / 100;
  const one = ({ start, end, kind }) => `${kind}${tenths(start)}-${tenths(end)}`;
  const text = (list) => list.map(one).join(' ');
  return [
    text(rules.paint(marks('b2-4'), marks('3-6')[0], 1)),
    text(rules.paint(marks('b2-4'), marks('n3-6')[0], 1)),
    text(rules.paint(marks('b2-4 n6-8'), marks('3-7')[0], 1)),
    text(rules.paint(marks('b1-9'), marks('n4-5')[0], 1)),
    text(rules.paint(marks('b1-3'), marks('b3-5')[0], 1)),
    text(rules.tidy(rules.erase(marks('b1-9'), 0.3, 0.4), 1)),
    text(rules.tidy(rules.erase(marks('b1-9'), 0.115, 0.885), 1)),
    text(rules.paint([], { start: 0.99, end: 1.3, kind: 'noise' }, 1)),
    text(rules.paint(marks('b1-9'), { start: 0.115, end: 0.885, kind: 'noise' }, 1)),
    text(rules.tidy(marks('8-14'), 1)),
    text(rules.moveEdge(marks('1-3 5-7'), 0, 'end', 0.9, 1)),
    text(rules.moveEdge(marks('1-3 5-7'), 1, 'start', -1, 1)),
    text(rules.moveEdge(marks('s1-4 n4-7'), 0, 'end', 0.6, 1)),
    text(rules.moveEdge(marks('s1-4 n4-7'), 1, 'start', 0.2, 1)),
    text(rules.moveEdge(marks('s1-4 n4-7'), 0, 'end', 0.9, 1)),
    text(rules.moveEdge(marks('s1-4 s4-7'), 0, 'end', 0.2, 1)),
  ];
}"""


def test_marks_obey_their_rules(page):
    """A stroke without a kind grows what it touches, one with a kind replaces; no sliver is left; edges
    stop at neighbours."""
    assert page.tab.evaluate(RULES) == [
        "b2-6",
        "b2-3 n3-6",
        "b2-3 3-7 n7-8",
        "b1-4 n4-5 b5-9",
        "b1-5",
        "b1-3 b4-9",
        "",
        "noise9.8-10",
        "noise1-9",
        "8-10",
        "1-5 5-7",
        "1-3 3-7",
        "s1-6 n6-7",
        "s1-2 n2-7",
        "s1-6.8 n6.8-7",
        "s1-2 s4-7",
    ]
