from __future__ import annotations

from core.roles import Role


def test_each_role_may_do_what_those_before_it_may() -> None:
    assert [[one.reaches(least) for least in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
