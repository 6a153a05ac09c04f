"""What shops have rules about, as it is called in other languages."""

from __future__ import annotations

import re

from core.fold import fold

#: English search words, and the beginnings of words that mean them; folded, without accents.
_MEANS = """
    how long do I have to return an item: zuruckgeb zuruckschick zurucksend ruckgabe umtausch devol
    retourn rembours resi restitu
    |shipping cost: versand liefer livraison envio spedizion consegna
    |warranty: garantie garantia garanzia gewahrleist
    |gift cards: gutschein geschenkkart cadeau regalo
    |payment: bezahl zahlung zahlen paiement payer pago pagar pagament
    |Canada: kanada
"""
MEANS = {
    start: meant
    for meant, _, words in (line.strip().partition(": ") for line in _MEANS.split("|"))
    for start in words.split()
}
_WORD = re.compile(r"[^\W\d_]+")


def policy_words(question: str) -> str:
    """A question's matters in English, each once; empty where it is about none of them."""
    found = (
        meant
        for word in _WORD.findall(fold(question))
        for start, meant in MEANS.items()
        if word.startswith(start)
    )
    return " ".join(dict.fromkeys(found))
