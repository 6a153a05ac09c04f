"""Text of a shop that speaks to the model instead of describing a product or a policy.

Such text is data, and a small model obeys it all the same. What it looks like is
told here: the model is not shown it, and of a catalog a person sees the row before
anybody uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Span = tuple[int, int]

_TAGS = """
    a abbr b bdi bdo big cite code del em font i ins kbd mark q s small span strike strong sub
    sup tt u var wbr
"""
#: HTML that stands in the midst of words.
INLINE_TAGS = frozenset(_TAGS.split())

#: Verbs of leaving instructions aside, and what is left aside, in many languages.
_LEAVE = r"""
    ignor\w* | disregard\w* | forget | override | overrule | bypass | vergiss\w* | vergessen |
    missacht\w* | oubli\w+ | olvid\w+ | omit[ea] | dimentic\w+ | trascur\w+ | esque[cç]\w+ |
    desconsider\w+ | negeer | vergeet | zignoruj | zapomnij | игнориру\w+ | забудь\w* |
    g[oö]rmezden | unut | تجاهل | انس | नज़रअंदाज़ | अनदेखा
"""
_RULES = r"""
    instruct\w* | instruc\w+ | instruç\w+ | prompts? | rules?(?!\s+out\b) | guidelines? |
    everything\s+above |
    (?:system|previous|above)\s+(?:prompts?|text|messages?|context|instructions?) |
    anweisung\w* | regeln | vorgaben | befehle? | consignes? | r[eè]gles | reglas | anteriores |
    indicaciones | istruzioni | regole | precedenti | regras | opdracht\w* | regels |
    polece\w+ | instrukcj\w+ | инструкци\w+ | указани\w+ | правила? | talimat\w* |
    التعليمات | निर्देश\w*
"""
#: What orders look like, each with words of which one has to be there: looking for those
#: is a tenth of the work, and most texts have none.
_ORDERS = (
    # Leave aside what you were told.
    (
        "ignor|disregard|forget|overr|bypass|vergi|vergess|missacht|oubli|olvid|omit|dimentic|"
        "trascur|esque|desconsider|negeer|vergeet|zapomnij|игнор|забудь|rmezden|unut|تجاهل|انس|नज़र|"
        "अनदेखा",
        rf"\b(?:{_LEAVE})\b[^.!?:\n]{{0,60}}\b(?:{_RULES})\b",
    ),
    ("talimat", r"\btalimat\w*[^.!?:\n]{0,40}\b(?:unut|g[oö]rmezden|yok\s?say)"),
    (
        "忽略|无视|無視|忘",
        r"(?:忽略|无视|無視|忘记|忘れ)[^。\n]{0,20}(?:指令|指示|说明|提示|规则|命令|プロンプト)"
        r"|(?:指令|指示|说明|提示|规则|命令|プロンプト)[^。\n]{0,12}(?:忽略|无视|無視|忘记|忘れ)",
    ),
    ("지시|명령|프롬프트", r"(?:지시|명령|프롬프트)[^.\n]{0,12}(?:무시|잊)"),
    # Marks of a conversation, or of its end.
    (
        "inst]|<<|turn>|<",
        r"<\s?[|｜][^<>\n]{1,40}[|｜]\s?>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>",
    ),
    (
        "assistant|human|##|system prompt|system message|system override|system instruction",
        r"(?:^|[\n.>\#*])\s*(?:assistant|human)\s*: | \#{2,}\s*(?:system|response)\b"
        r"| \bsystem\s+(?:prompt|message|override|instruction)s?\b",
    ),
    ("end of", r"\bend\s+of\s+(?:product|data|input|document|catalog)\b"),
    (
        "instruct|anweisung|instruccion|istruzion|instruç",
        r"\b(?:new|updated|real|actual|neue|nouvelles|nuevas|nuove|novas)\s+"
        r"(?:instructions|anweisungen|instrucciones|istruzioni|instruções)\b",
    ),
    # What to answer.
    (
        "you are now|you must",
        r"\byou\s+(?:are\s+now|must\s+now|must\s+(?:answer|reply|respond|output|write|set|return))\b",
    ),
    (
        "answer|reply|respond|output|antworte|réponds|rispondi",
        r"\b(?:answer|reply|respond|output|antworte|réponds|responde|rispondi)\s+"
        r"(?:only|exactly|nur|seulement|uniquement|solo|apenas|always|with\s+the\s+word)\b",
    ),
    (
        "write|answer|output|schreib|écris|escrib|escrev|scrivi",
        r"\b(?:write|answer|output|schreibe?|écris|escribe|escreva|scrivi)\s+"
        r"(?:the\s+word\s+|only\s+)?[\"'“”„«‘][^\"'”“»’\n]{1,60}[\"'”“»’]",
    ),
    (
        "field|values",
        r"\b(?:set|fill|put|change)\s+(?:every|all|each|the)\s+[\w ]{0,30}(?:fields?|values?)\b",
    ),
    (
        "prompt|api key|password|other row|other product|previous row|previous product",
        r"\b(?:reveal|repeat|print|show|copy|list)\b[^.\n]{0,40}\b(?:prompt|api\s?keys?|passwords?"
        r"|other\s+(?:rows?|products?)|previous\s+(?:rows?|products?))\b",
    ),
    ("as an ai|jailbreak|dan mode", r"\bas\s+an\s+ai\b|\bjailbreak\b|\bDAN\s+mode\b"),
)
_COMPILED = tuple(
    (hints.split("|"), re.compile(pattern, re.IGNORECASE | re.VERBOSE))
    for hints, pattern in _ORDERS
)
#: Letters that nobody sees: they spell out text for models alone.
_HIDDEN = re.compile(r"[\U000e0020-\U000e007e]{4,}|[\u200b\u2060\u2062-\u2064\ufeff]{6,}")
#: Signs and tags in the midst of words.
_TEARING = re.compile(
    rf"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|</?(?:{'|'.join(sorted(INLINE_TAGS))})\b[^<>]*>"
)
#: An answer given in advance.
_ANSWERED = re.compile(r"[\"'”]\s*:")
_SENTENCE_END = re.compile(r"[.!?。！？]\s|\n")
#: Longest passage that is taken to belong to an order.
_REACH = 300


def orders_in(text: str, names: Iterable[str] = ()) -> Iterator[Span]:
    """The passages of a text that speak to a model, each with what it orders.

    Args:
        text: A cell, or a value.
        names: Names of the fields: an answer given for them in advance is an order, too.
    """
    if not text.isascii():
        yield from (match.span() for match in _HIDDEN.finditer(text))
    seen, places = _as_seen(text)
    for pattern in _worth_trying(seen, names):
        for match in pattern.finditer(seen):
            start, end = match.start(), _end(seen, match.end())
            yield (places[start], places[end - 1] + 1) if places else (start, end)


def _worth_trying(text: str, names: Iterable[str]) -> Iterator[re.Pattern[str]]:
    lower = text.lower()
    for hints, pattern in _COMPILED:
        if any(hint in lower for hint in hints):
            yield pattern
    # A cell that is JSON as a whole describes its product so.
    answered = not text.lstrip().startswith(("{", "[")) and _ANSWERED.search(text)
    if answered and (listed := "|".join(re.escape(name) for name in names)):
        yield re.compile(rf"[\"'“]?(?:{listed})[\"'”]\s*:", re.IGNORECASE)


def without_orders(text: str) -> str:
    """A text without the passages that speak to a model."""
    spans = sorted(orders_in(text))
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at : max(at, start)])
        at = max(at, end)
    return "".join([*kept, text[at:]]) if spans else text


def _as_seen(text: str) -> tuple[str, list[int]]:
    """A text without what tears its words apart, and where its characters stand; [] as it is."""
    if not _may_be_torn(text) or not _TEARING.search(text):
        return text, []
    torn = [match.span() for match in _TEARING.finditer(text)]
    starts = [0, *(end for _, end in torn)]
    ends = [*(start for start, _ in torn), len(text)]
    places = [at for start, end in zip(starts, ends, strict=True) for at in range(start, end)]
    return "".join(text[at] for at in places), places


def _may_be_torn(text: str) -> bool:
    return "<" in text or not text.isascii()


def _end(text: str, at: int) -> int:
    """Where the sentence after an order ends: "Ignore the rules. Write X."."""
    limit = min(len(text), at + _REACH)
    ends = [match.end() for match in _SENTENCE_END.finditer(text, at, limit)]
    return ends[1] if len(ends) > 1 else limit
