"""What the shop says itself, without a model: greetings, refusals, notices.

In the languages in which it can; in others, in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Phrase(StrEnum):
    """Something that the shop says; what stands in braces is filled in."""

    WELCOME = "welcome"  #: to a greeting
    THANKS = "thanks"  #: to thanks and a goodbye
    NOTHING = "nothing"  #: there is nothing in the shop that is even near
    NEAREST = "nearest"  #: nothing fits; what is nearest follows
    NONE_WITH = "none_with"  #: nothing meets the {conditions}; what is nearest follows
    NO_FACT = "no_fact"  #: the {field} of {title} is not known
    NO_POLICY = "no_policy"  #: no document says it; what is nearest follows
    NOT_SAID = "not_said"  #: the sources found do not answer the question; they follow
    OWN_WORDS = "own_words"  #: the shop's own words follow, in the language of the shop
    WORDS_AWAY = "words_away"  #: no model can be asked; the facts are shown
    BROKEN_OFF = "broken_off"  #: the model stopped in the middle
    EMPTY = "empty"  #: an empty question
    LONG = "long"  #: a question of more than {most} characters
    WORDLESS = "wordless"  #: a question without a letter or a digit
    ORDERS = "orders"  #: a question that only gives orders to the model


_ENGLISH = {
    Phrase.WELCOME: (
        "Hello! Ask me about our products (what we have, prices, sizes, what is in stock), or "
        "about shipping, returns, warranty, payment, gift cards and our stores."
    ),
    Phrase.THANKS: "You are welcome! Ask me whenever you need something.",
    Phrase.NOTHING: (
        "I could not find that in our shop. I can help with our products (what we have, prices, "
        "sizes, what is in stock) and with shipping, returns, warranty, payment, gift cards and "
        "our stores. Try asking in other words."
    ),
    Phrase.NEAREST: "I could not find that in our shop. The nearest things we have:",
    Phrase.NONE_WITH: "We have nothing that fits ({conditions}). The nearest things we have:",
    Phrase.NO_FACT: "Our shop does not say this of the {title}: {field}.",
    Phrase.NO_POLICY: "Our shop's documents do not say that. The nearest passages:",
    Phrase.NOT_SAID: "Our shop does not say that. What it says about it:",
    Phrase.OWN_WORDS: "In our shop's own words:",
    Phrase.WORDS_AWAY: (
        "Full answers are not written just now. What was found in the shop is shown, and is "
        "right; please ask again in a moment for more words."
    ),
    Phrase.BROKEN_OFF: "The answer broke off here. What was found in the shop is shown.",
    Phrase.EMPTY: "Please type a question, such as “Which tents do you have in stock?”.",
    Phrase.LONG: (
        "That is too long for me: please ask in at most {most} characters, one thing at a time."
    ),
    Phrase.WORDLESS: "Please ask in words, such as “Which tents do you have in stock?”.",
    Phrase.ORDERS: (
        "I can only answer questions about this shop: its products, shipping, returns and the like."
    ),
}
_GERMAN = {
    Phrase.WELCOME: (
        "Hallo! Fragen Sie mich nach unseren Produkten (was es gibt, Preise, Größen, Vorrat) oder "
        "nach Versand, Rückgabe, Garantie, Zahlung, Gutscheinen und unseren Läden."
    ),
    Phrase.THANKS: "Gern geschehen! Fragen Sie mich jederzeit wieder.",
    Phrase.NOTHING: (
        "Das habe ich in unserem Laden nicht gefunden. Ich helfe gern bei Produkten, Preisen, "
        "Größen und Vorrat, bei Versand, Rückgabe, Garantie und Zahlung. Versuchen Sie es mit "
        "anderen Worten."
    ),
    Phrase.NEAREST: "Das habe ich in unserem Laden nicht gefunden. Am nächsten kommen:",
    Phrase.NONE_WITH: "Dazu passt bei uns nichts ({conditions}). Am nächsten kommen:",
    Phrase.NO_FACT: "Wir wissen zu „{title}“ nicht: {field}.",
    Phrase.NO_POLICY: "Das steht nicht in unseren Bedingungen. Am nächsten kommen:",
    Phrase.NOT_SAID: "Dazu sagt unser Laden nichts. Was er sagt:",
    Phrase.OWN_WORDS: "So steht es in unseren Bedingungen:",
    Phrase.WORDS_AWAY: (
        "Ausführliche Antworten gibt es gerade nicht. Was gefunden wurde, wird gezeigt und stimmt; "
        "bitte fragen Sie gleich noch einmal."
    ),
    Phrase.BROKEN_OFF: "Die Antwort bricht hier ab. Was gefunden wurde, wird gezeigt.",
}
_FRENCH = {
    Phrase.WELCOME: (
        "Bonjour ! Posez-moi vos questions sur nos produits (choix, prix, tailles, stock), la "
        "livraison, les retours, la garantie, le paiement et nos magasins."
    ),
    Phrase.THANKS: "Avec plaisir ! Revenez quand vous voulez.",
    Phrase.NOTHING: (
        "Je n'ai pas trouvé cela dans notre boutique. Je peux vous aider pour nos produits, les "
        "prix, les tailles, le stock, la livraison, les retours et la garantie. Essayez avec "
        "d'autres mots."
    ),
    Phrase.NEAREST: "Je n'ai pas trouvé cela dans notre boutique. Ce qui s'en rapproche le plus :",
    Phrase.NONE_WITH: "Rien ne correspond ({conditions}). Ce qui s'en rapproche le plus :",
    Phrase.NO_FACT: "Nous ne savons pas, pour « {title} » : {field}.",
    Phrase.NO_POLICY: "Nos conditions ne le disent pas. Ce qui s'en rapproche le plus :",
    Phrase.NOT_SAID: "Notre boutique ne le dit pas. Ce qu'elle en dit :",
    Phrase.OWN_WORDS: "Voici ce que disent nos conditions :",
    Phrase.WORDS_AWAY: (
        "Les réponses détaillées manquent en ce moment. Ce qui a été trouvé est affiché et exact ; "
        "redemandez dans un instant."
    ),
    Phrase.BROKEN_OFF: "La réponse s'arrête ici. Ce qui a été trouvé est affiché.",
}
_SPANISH = {
    Phrase.WELCOME: (
        "¡Hola! Pregúnteme por nuestros productos (qué hay, precios, tallas, existencias) o por "
        "envíos, devoluciones, garantía, pagos y nuestras tiendas."
    ),
    Phrase.THANKS: "¡De nada! Vuelva a preguntar cuando quiera.",
    Phrase.NOTHING: (
        "No lo he encontrado en nuestra tienda. Puedo ayudarle con productos, precios, tallas, "
        "existencias, envíos, devoluciones y garantía. Pruebe con otras palabras."
    ),
    Phrase.NEAREST: "No lo he encontrado en nuestra tienda. Lo más parecido que tenemos:",
    Phrase.NONE_WITH: "No tenemos nada que encaje ({conditions}). Lo más parecido que tenemos:",
    Phrase.NO_FACT: "No sabemos, de «{title}»: {field}.",
    Phrase.NO_POLICY: "Nuestras condiciones no lo dicen. Lo más parecido:",
    Phrase.NOT_SAID: "Nuestra tienda no lo dice. Lo que dice al respecto:",
    Phrase.OWN_WORDS: "Así lo dicen nuestras condiciones:",
    Phrase.WORDS_AWAY: (
        "Ahora mismo no hay respuestas detalladas. Lo encontrado se muestra y es correcto; vuelva "
        "a preguntar en un momento."
    ),
    Phrase.BROKEN_OFF: "La respuesta se corta aquí. Lo encontrado se muestra.",
}
_ITALIAN = {
    Phrase.WELCOME: (
        "Ciao! Chiedimi dei nostri prodotti (cosa abbiamo, prezzi, taglie, disponibilità) o di "
        "spedizioni, resi, garanzia, pagamenti e negozi."
    ),
    Phrase.THANKS: "Prego! Chiedi pure quando vuoi.",
    Phrase.NOTHING: (
        "Non l'ho trovato nel nostro negozio. Posso aiutarti con prodotti, prezzi, taglie, "
        "disponibilità, spedizioni, resi e garanzia. Prova con altre parole."
    ),
    Phrase.NEAREST: "Non l'ho trovato nel nostro negozio. Le cose più vicine che abbiamo:",
    Phrase.NONE_WITH: "Non c'è nulla che corrisponda ({conditions}). Le cose più vicine:",
    Phrase.NO_FACT: "Non sappiamo, di «{title}»: {field}.",
    Phrase.NO_POLICY: "Le nostre condizioni non lo dicono. I passi più vicini:",
    Phrase.NOT_SAID: "Il nostro negozio non lo dice. Quello che dice:",
    Phrase.OWN_WORDS: "Così dicono le nostre condizioni:",
    Phrase.WORDS_AWAY: (
        "Al momento non ci sono risposte estese. Quanto trovato è mostrato ed è esatto; riprova "
        "tra poco."
    ),
    Phrase.BROKEN_OFF: "La risposta si interrompe qui. Quanto trovato è mostrato.",
}
_SAID: Mapping[str, Mapping[Phrase, str]] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "it": _ITALIAN,
}


def say(phrase: Phrase, language: str = "en", **parts: object) -> str:
    """A phrase in a language, or in English where it is not known there.

    Args:
        phrase: What to say.
        language: ISO 639-1 code.
        parts: What the phrase needs.
    """
    text = _SAID.get(language, _ENGLISH).get(phrase, _ENGLISH[phrase])
    return text.format(**parts)
