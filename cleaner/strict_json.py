"""JSON as its standard has it (RFC 8259): without NaN and Infinity, which Python's module lets through."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Pairs = Callable[[list[tuple[str, Any]]], Any]


def parsed(text: str | bytes, object_pairs: Pairs | None = None) -> Any:
    """What the text holds. Raises ValueError for what is no JSON, or nested deeper than anybody means."""
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=object_pairs)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def text_of(value: Any, indent: int | None = None) -> str:
    """The value as JSON; numbers that are none, or have no end, are null."""
    return json.dumps(_finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
