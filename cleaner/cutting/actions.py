"""What happens to a removed segment: actions by kind, pace, and the presets that gather such choices."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from cleaner.cli import parse_number, parse_time, setting
from cleaner.errors import UsageError
from cleaner.kinds import KIND_NAMES

ROOM = "duck:room"
PLAIN_ACTIONS = ("cut", "shorten", "mute", ROOM, "keep")
_ALLOWED = "cut, shorten, mute, keep, duck:-12dB or duck:room"
_DUCK = re.compile(r"duck:-?(\d+(?:\.\d+)?)\s*dB", re.IGNORECASE)


def parse_action(text: object) -> str:
    """The action in its one spelling (``duck:-12dB``); raises UsageError for anything that is none."""
    if text in PLAIN_ACTIONS:
        return str(text)
    match = _DUCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        raise UsageError(f"the action {text!r} is unknown; it must be {_ALLOWED}")
    return f"duck:-{float(match[1]):g}dB"


def gain_of(action: str) -> float:
    """What the sound of a ducked or muted segment is multiplied by; 0 where it is silenced or replaced."""
    match = _DUCK.fullmatch(action)
    return 10 ** (-float(match[1]) / 20) if match else 0.0


def parse_kind_action(text: str) -> tuple[str, str]:
    """``breath=duck:-12dB`` -> kind and action; ``cut`` alone is meant for every kind, said as ``""``."""
    kind, equals, action = text.rpartition("=")
    if equals and kind not in KIND_NAMES:
        raise UsageError(
            f"the kind {kind!r} of {text!r} is unknown; it must be one of {', '.join(KIND_NAMES)}"
        )
    return kind, parse_action(action)


def parse_share(text: str) -> float:
    """``30%`` or ``0.3`` -> 0.3; raises UsageError unless it is from 0 to 1."""
    value = parse_number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise UsageError(f"{text!r} is not a share; it must be from 0% to 100%")
    return value


def show_share(value: float) -> str:
    """The form that ``parse_share`` reads back: ``30%``."""
    return f"{value * 100:g}%"


@dataclass(frozen=True)
class Preset:
    """A way of editing: what happens to each kind, and which pauses are shortened to what."""

    help: str
    silence: str = "cut"
    breath: str = "cut"
    noise: str = "cut"
    max_pause_s: float = 0.6
    pause_to: float = 0.3
    keep_pauses_over_s: float | None = None

    def action(self, kind: str) -> str:
        """The action for a kind; what nobody named goes as noise does."""
        return getattr(self, kind or "noise")


PRESETS = {
    "tight": Preset("everything removed is cut"),
    "natural": Preset(
        "pauses are shortened and keep their rhythm, breaths are ducked",
        silence="shorten",
        breath="duck:-12dB",
    ),
    "audiobook": Preset(
        "the timing stays, breaths and noises give way to the room's own tone",
        silence="keep",
        breath=ROOM,
        noise=ROOM,
    ),
    "lecture": Preset(
        "long pauses are shortened much, breaths ducked, noises cut",
        silence="shorten",
        breath="duck:-12dB",
        max_pause_s=0.8,
        pause_to=0.1,
    ),
}


@dataclass(frozen=True)
class ActionSettings:
    """What becomes of what is removed; an option given overrides the preset."""

    preset: str = setting("tight", "a way of editing, see below", choices=tuple(PRESETS))
    action: tuple[tuple[str, str], ...] = setting(
        (),
        "what happens to what is removed, for every kind or one (breath=duck:-12dB): " + _ALLOWED,
        parse=parse_kind_action,
        metavar="[KIND=]ACTION",
        repeat=True,
    )
    max_pause_s: float | None = setting(None, "pauses longer than this are shortened", parse=parse_time)
    pause_to: float | None = setting(
        None, "what is left of the part of a pause beyond --max-pause", parse=parse_share, metavar="SHARE"
    )
    keep_pauses_over_s: float | None = setting(
        None, "pauses longer than this are left alone", parse=parse_time
    )
    target_duration_s: float | None = setting(
        None, "shorten the pauses so that the result is this long, or as near as they allow", parse=parse_time
    )

    def __post_init__(self) -> None:
        if self.target_duration_s is not None and self.target_duration_s <= 0:
            raise UsageError(f"the target duration {self.target_duration_s:g}s must be more than 0s")

    def resolve(self) -> Preset:
        """The preset with every given option in its place.

        A pace option alone means that pauses are to be shortened, not cut.
        """
        if self.preset not in PRESETS:
            raise UsageError(f"the preset {self.preset!r} is unknown; it must be one of {', '.join(PRESETS)}")
        preset = PRESETS[self.preset]
        pace: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("max_pause_s", "pause_to", "keep_pauses_over_s")
            if getattr(self, name) is not None
        }
        if pace or self.target_duration_s is not None:
            pace["silence"] = "shorten"
        preset = replace(preset, **pace)
        for kind, action in self.action:
            chosen: dict[str, Any] = dict.fromkeys([kind] if kind else KIND_NAMES, action)
            preset = replace(preset, **chosen)
        return preset


def presets_help() -> str:
    """The presets as lines for ``--help``."""
    return "\n".join(["presets:", *(f"  {name:10} {_described(preset)}" for name, preset in PRESETS.items())])


def _described(preset: Preset) -> str:
    actions = ", ".join(f"{kind} {preset.action(kind)}" for kind in KIND_NAMES)
    if "shorten" in (preset.silence, preset.breath, preset.noise):
        actions += f"; pauses over {preset.max_pause_s:g}s: {show_share(preset.pause_to)} of the rest"
    return f"{preset.help}\n{'':13}({actions})"


def as_plain(settings: Sequence[object]) -> dict[str, object]:
    """Settings dataclasses as one mapping of plain values, for the cut list; what is not set is left out."""
    values = {field.name: getattr(one, field.name) for one in settings for field in fields(one)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if value not in (None, ())}
