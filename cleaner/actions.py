"""What happens to a removed segment: actions by kind, and the presets that gather such choices."""

import re

from cleaner.errors import UsageError

PLAIN_ACTIONS = ("cut", "shorten", "mute", "duck:room")
_DUCK = re.compile(r"duck:-?(\d+(?:\.\d+)?)\s*dB", re.IGNORECASE)
_ALLOWED = "cut, shorten, mute, duck:-12dB or duck:room"


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
