from __future__ import annotations

import json

from core.stored_json import read_json


def test_what_the_standard_library_writes_is_read() -> None:
    stored = {"ä": [1, 2.5, True, None, "🎉"], "empty": {}}
    assert read_json(json.dumps(stored)) == stored
    assert read_json(json.dumps(stored).encode()) == stored


def test_half_a_surrogate_pair_is_read_as_it_was_written() -> None:
    assert read_json(json.dumps({"x": "a\ud800"})) == {"x": "a\ud800"}
