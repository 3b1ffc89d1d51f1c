"""Actions and pace: what happens to each removed segment, and how long each pause is afterwards.

A pause is a run of removed segments between two kept ones. Where silence is to be shortened, a pause of p
longer than m becomes m + r * (p - m), so that there is no step at m and the order of lengths stays. What
stays of a pause is its own silence, at its two ends; where events were cut out of it and that is not enough,
the place of an event is filled with the room's tone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from cleaner.cli import format_clock
from cleaner.cutting.actions import ROOM, ActionSettings, Preset
from cleaner.segments import KEPT, CutList, Segment, length_of

_BISECTIONS = 30  # of a minute, that is less than a sample
_SHORTEST_CUT_S = 0.02
AS_WANTED_S = 0.05  # what a listener to a clock does not tell apart


def paced(segments: Iterable[Segment], settings: ActionSettings, rate_hz: int) -> list[Segment]:
    """Give every removed segment by the model its action, and every pause its length."""
    preset = settings.resolve()
    acted = [_with_action(segment, preset) for segment in segments]
    if settings.target_duration_s is not None:
        preset = pace_for(acted, preset, settings.target_duration_s, rate_hz)
    return _at_pace(acted, preset, rate_hz)


def pause_length(pause: float, preset: Preset) -> float:
    """Seconds that are left of a pause of ``pause`` seconds."""
    longest = preset.keep_pauses_over_s
    if pause <= preset.max_pause_s or (longest is not None and pause > longest):
        return pause
    return preset.max_pause_s + preset.pause_to * (pause - preset.max_pause_s)


def pace_for(acted: Sequence[Segment], preset: Preset, target_s: float, rate_hz: int) -> Preset:
    """The preset whose pauses bring the result nearest to ``target_s``.

    Sought is the longest pause that stays as it is; where the result is too long even without any such, the
    share that is left of each pause. What cannot be reached is approached as far as pauses go.
    """

    def result_s(trial: Preset) -> float:
        return sum(s.length for s in _at_pace(acted, trial, rate_hz) if s.stays) / rate_hz

    none = replace(preset, max_pause_s=0.0)
    if result_s(none) > target_s:
        share = _bisect(lambda r: result_s(replace(none, pause_to=r)), 0.0, preset.pause_to, target_s)
        return replace(none, pause_to=share)
    longest_s = max((length_of(group) for is_pause, group in _pauses(acted) if is_pause), default=0) / rate_hz
    pause_s = _bisect(lambda m: result_s(replace(preset, max_pause_s=m)), 0.0, longest_s, target_s)
    return replace(preset, max_pause_s=pause_s)


def missed_target(cut_list: CutList, settings: ActionSettings) -> str | None:
    """What to tell a person whose ``--target-duration`` the pauses of a recording do not reach; else None."""
    target_s = settings.target_duration_s
    result_s = cut_list.result_samples() / cut_list.source.sample_rate
    if target_s is None or abs(result_s - target_s) <= AS_WANTED_S:
        return None
    nearest = "longest" if result_s < target_s else "shortest"
    return (
        f"--target-duration {format_clock(target_s)} cannot be reached by its pauses alone: "
        f"{format_clock(result_s)} is the {nearest} there is"
    )


def longer_by_s(segments: Sequence[Segment], others: Sequence[Segment], rate_hz: int) -> float:
    """How many seconds more stay of the first than of the second."""
    stay, others_stay = (length_of(s for s in one if s.stays) for one in (segments, others))
    return (stay - others_stay) / rate_hz


def _with_action(segment: Segment, preset: Preset) -> Segment:
    if segment.keep or segment.by == "person":
        return segment
    action = preset.action(segment.kind)
    if action == segment.action:
        return segment
    return replace(segment, action=action, keep=action == KEPT)


def _at_pace(segments: Sequence[Segment], preset: Preset, rate_hz: int) -> list[Segment]:
    if "shorten" not in (preset.silence, preset.breath, preset.noise):
        return list(segments)
    result: list[Segment] = []
    for is_pause, group in _pauses(segments):
        result += _shortened(group, preset, rate_hz, segments[-1].end) if is_pause else group
    return result


def _pauses(segments: Iterable[Segment]) -> Iterator[tuple[bool, list[Segment]]]:
    """Runs of segments that the model removes, and of the others."""
    for is_pause, group in groupby(segments, key=lambda s: not s.keep and s.by == "model"):
        yield is_pause, list(group)


def _shortened(group: list[Segment], preset: Preset, rate_hz: int, samples: int) -> list[Segment]:
    """One pause at its length: what of each segment stays, and what goes."""
    wanted = round(pause_length(length_of(group) / rate_hz, preset) * rate_hz)
    wanted = max(0, wanted - length_of(s for s in group if s.stays))
    beside = [
        (
            group[index - 1].stays if index else segment.start > 0,
            group[index + 1].stays if index + 1 < len(group) else segment.end < samples,
        )
        for index, segment in enumerate(group)
    ]
    # An island of silence between two cuts is one join more than silence beside what is heard.
    borders = [
        s.length if s.action == "shorten" and any(b) else 0 for s, b in zip(group, beside, strict=True)
    ]
    islands = [
        s.length if s.action == "shorten" and not any(b) else 0 for s, b in zip(group, beside, strict=True)
    ]
    own = _in_proportion(borders, wanted)
    own = [sum(both) for both in zip(own, _longest_first(islands, wanted - sum(own)), strict=True)]
    events = [s.length if s.action == "cut" and s.kind != "silence" else 0 for s in group]
    filled = _longest_first(events, wanted - sum(own))
    filled = _without_slivers(group, filled, rate_hz)
    result: list[Segment] = []
    for index, segment in enumerate(group):
        if segment.action == "shorten":
            result += _ends_stay(segment, own[index], *beside[index])
        elif segment.action == "cut":
            result += _split(
                segment, (filled[index], False, ROOM), (segment.length - filled[index], False, "cut")
            )
        else:
            result.append(segment)
    return result


def _without_slivers(group: Sequence[Segment], filled: Sequence[int], rate_hz: int) -> list[int]:
    """An event that is filled nearly whole is filled whole: a cut of a few milliseconds cannot be faded."""
    least = _SHORTEST_CUT_S * rate_hz
    return [
        segment.length if share and segment.length - share < least else share
        for segment, share in zip(group, filled, strict=True)
    ]


def _in_proportion(lengths: Sequence[int], wanted: int) -> list[int]:
    """How many samples of each stay so that ``wanted`` do, or all there are: the same share of each."""
    total = sum(lengths)
    wanted = min(wanted, total)
    shares, so_far, given = [], 0, 0
    for length in lengths:
        so_far += length
        upto = wanted * so_far // total if total else 0
        shares.append(upto - given)
        given = upto
    return shares


def _longest_first(lengths: Sequence[int], wanted: int) -> list[int]:
    """The same, from as few of them as can be."""
    shares = [0] * len(lengths)
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        shares[index] = min(lengths[index], wanted)
        wanted -= shares[index]
    return shares


def _ends_stay(segment: Segment, stays: int, before: bool, after: bool) -> list[Segment]:
    """A pause's silence of which ``stays`` samples stay, beside what is heard before or after it."""
    head = stays if before and not after else (stays + 1) // 2 if before else 0
    tail = stays - head
    goes = segment.length - stays
    return _split(segment, (head, True, KEPT), (goes, False, "shorten"), (tail, True, KEPT))


def _split(segment: Segment, *parts: tuple[int, bool, str]) -> list[Segment]:
    """The segment as parts of given length, keep and action; empty ones left out."""
    result, position = [], segment.start
    for length, keep, action in parts:
        if length:
            result.append(replace(segment, start=position, end=position + length, keep=keep, action=action))
        position += length
    return result


def _bisect(result_s: Callable[[float], float], low: float, high: float, target_s: float) -> float:
    """Where a rising function comes nearest to its target from below."""
    if result_s(high) <= target_s:
        return high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if result_s(middle) <= target_s:
            low = middle
        else:
            high = middle
    return low
