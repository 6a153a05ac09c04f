"""What a job will take, as a small table: one line for each way, the best one marked."""

from __future__ import annotations

from batch.estimate import Estimate, Range, Way, When
from core.money import money
from pages.parts import words
from pages.parts.escape import html, plain

NAMES = {When.NOW: "Now", When.BACKGROUND: "In the background", When.CHEAPEST: "Cheapest"}
_MEANT = {
    When.NOW: "while you wait, as with Try it",
    When.BACKGROUND: "as the model has time; close the browser",
    When.CHEAPEST: "in a provider's batches",
}


def ways_html(judged: Estimate) -> str:
    """The table of the ways."""
    lines = "".join(_line(way, best=way.when is judged.advised) for way in judged.ways)
    return (
        '<table class="sk-ways"><thead><tr><th>When</th><th>Time</th><th>Cost</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _line(way: Way, *, best: bool) -> str:
    badge = ' <span class="sk-badge">✓ Recommended</span>' if best else ""
    kind = "sk-best" if best else "" if way.endpoints else "sk-dim"
    return (
        f'<tr class="{kind}"><td>{NAMES[way.when]}{badge}<small>{_MEANT[way.when]}</small></td>'
        f"<td>{html(time_words(way))}</td><td>{cost_html(way)}</td></tr>"
    )


def time_words(way: Way) -> str:
    """How long a way takes."""
    if not way.endpoints:
        return "no model offers it"
    if way.when is When.CHEAPEST:
        return "within 24 hours"
    return "not known" if way.seconds is None else words.about(way.seconds)


def cost_html(way: Way) -> str:
    """What a way costs, with its range."""
    if way.cost is not None:
        low, middle, high = (money(one, way.currency) for one in _parts(way.cost))
        spread = f"<small>{html(low)} to {html(high)}</small>" if low != high else ""
        return f"about {html(middle)}{spread}"
    if way.free:
        return "free, on this machine"
    return "no price is set" if way.endpoints else "–"


def _parts(one: Range) -> tuple[float, float, float]:
    return one.low, one.middle, one.high


def sentence(judged: Estimate) -> str:
    """Tokens, and how many rows a person will have to look at."""
    rows = words.several(judged.to_ask, "row")
    read = words.several(judged.read, "row")
    parts = [f"Judged by {read}, for the {rows} that are left to read."]
    if judged.to_ask:
        total = judged.prompt.middle + judged.completion.middle
        low = judged.prompt.low + judged.completion.low
        high = judged.prompt.high + judged.completion.high
        again = f", {judged.cached.middle:,.0f} of them known to the model"
        known = again if judged.cached.middle else ""
        parts.append(
            f"About {total:,.0f} tokens ({low:,.0f} to {high:,.0f}{known}): "
            f"{judged.prompt.middle:,.0f} read, {judged.completion.middle:,.0f} written."
        )
    review = judged.review
    if review.of:
        parts.append(
            f"{review.count} of {review.of} need a look, "
            f"so {review.low:.0%} to {review.high:.0%} of all."
        )
    if judged.failed:
        parts.append(f"{words.several(judged.failed, 'row')} failed.")
    return plain(" ".join(parts))
