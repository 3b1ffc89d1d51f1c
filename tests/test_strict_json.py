import json

import numpy as np
import pytest

from cleaner.strict_json import parsed, text_of


def test_numbers_that_are_none_are_null():
    value = {"a": float("nan"), "b": [1.5, (np.float64("inf"), True)], "c": "NaN", "ä": 1}
    assert json.loads(text_of(value)) == {"a": None, "b": [1.5, [None, True]], "c": "NaN", "ä": 1}
    assert "ä" in text_of(value)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "{", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


def test_pairs_can_be_looked_at():
    assert parsed('{"a": 1, "a": 2}', lambda pairs: pairs) == [("a", 1), ("a", 2)]
