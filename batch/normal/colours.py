"""Colours: their names in one form, and the family that a shade belongs to.

Families are those that shops sort by. The names of the web's colours come from
webcolors; what tailors and potters call a colour stands in the table here.
"""

from __future__ import annotations

import colorsys
import re
from functools import cache
from itertools import pairwise

from batch.words import words

#: Names of shades that the web does not know, or sees as another family, by family.
_SHADES = {
    "black": "black jet onyx ebony schwarz noir negro nero preto",
    "white": "white ivory snow chalk weiss blanc blanche blanco bianco branco ecru offwhite",
    "grey": "grey gray charcoal anthracite graphite slate ash pewter smoke heather stone "
    "grau gris grigio cinza anthrazit",
    "silver": "silver chrome steel silber argent plata argento",
    "gold": "gold golden brass dore oro dourado",
    "red": "red burgundy maroon wine scarlet cherry ruby brick claret crimson bordeaux "
    "rot rouge rojo rosso vermelho",
    "pink": "pink blush rose fuchsia magenta rosa rosado",
    "orange": "orange rust apricot peach coral terracotta tangerine naranja arancione laranja",
    "yellow": "yellow mustard lemon ochre ocher saffron amber gelb jaune amarillo giallo amarelo",
    "green": "green moss olive sage forest emerald mint khaki lime pine fern bottle pistachio "
    "grun vert verde",
    "blue": "blue navy denim indigo cobalt sky aqua teal petrol turquoise cyan royal ink azure "
    "blau bleu azul blu azzurro marine",
    "purple": "purple violet lilac lavender plum aubergine mauve lila violett viola morado roxo",
    "brown": "brown tan camel cognac chocolate walnut chestnut mocha coffee oak espresso bronze "
    "copper taupe braun brun marron marrone castanho",
    "beige": "beige cream sand nude oatmeal natural linen champagne creme crema",
    "multicolour": "multicolour multicolor multicoloured multicolored rainbow assorted "
    "mehrfarbig bunt multicolore",
    "transparent": "transparent clear durchsichtig trasparente",
}
_FAMILY = {shade: family for family, shades in _SHADES.items() for shade in shades.split()}
#: The family's own name in other languages; only these are put into English.
_SAME = {
    "black": "schwarz noir negro nero preto",
    "white": "weiss blanc blanche blanco bianco branco",
    "grey": "gray grau gris grigio cinza",
    "silver": "silber argent plata argento",
    "red": "rot rouge rojo rosso vermelho",
    "yellow": "gelb jaune amarillo giallo amarelo",
    "orange": "naranja arancione laranja",
    "green": "grun vert verde",
    "blue": "blau bleu azul blu",
    "purple": "lila violett morado roxo",
    "brown": "braun brun marron marrone castanho",
    "multicolour": "multicolor multicoloured multicolored mehrfarbig bunt multicolore",
}
_ENGLISH = {name: family for family, names in _SAME.items() for name in names.split()}
#: "dunkelblau", "hellgrau" and the like.
_SHADED = re.compile("^(?:dunkel|hell|dark|light|deep|pale|bright)")
_BLACK, _WHITE, _DULL = 0.1, 0.9, 0.1
#: Where each family of a colour circle ends, in degrees.
_HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (165, "green"),
    (255, "blue"),
    (301, "purple"),
    (345, "pink"),
    (360, "red"),
)


def colour_of(text: str) -> str | None:
    """A colour's name in one form: "NAVY" is "navy", "Gray" and "grau" are "grey".

    None where no word of it is a colour. Words beside the colour stay: "moss
    green", "light grey".
    """
    found = [word.fold for word in words(text).all]
    if not any(_family(word) for word in found):
        return None
    return " ".join(_ENGLISH.get(word, word) for word in found)


def family_of(text: str) -> str | None:
    """The family of a colour: of "moss green" green, of "Navy" blue; None for no colour.

    None, too, for several colours: "red and blue", "black/white".
    """
    if whole := _family(words(text).compact):
        return whole
    found = [(word, family) for word in words(text).all if (family := _family(word.fold))]
    for (word, family), (next_word, next_family) in pairwise(found):
        beside = text[word.end : next_word.start].strip(" -")
        if beside and family != next_family:
            return None
    return found[-1][1] if found else None


def _family(word: str) -> str | None:
    shade = _SHADED.sub("", word) or word
    return _FAMILY.get(word) or _web_families().get(word) or _FAMILY.get(shade)


@cache
def _web_families() -> dict[str, str]:
    import webcolors

    names = webcolors.names(webcolors.CSS3)
    return {name: _of_rgb(*webcolors.name_to_rgb(name)) for name in names}


def _of_rgb(red: int, green: int, blue: int) -> str:
    """The family by hue, lightness and strength, as an eye would sort it."""
    hue, light, _ = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    strength = (max(red, green, blue) - min(red, green, blue)) / 255
    if light < _BLACK:
        return "black"
    if strength < _DULL:
        return "white" if light > _WHITE else "grey"
    family = next(name for end, name in _HUES if hue * 360 <= end)
    if family in ("orange", "yellow") and light > 0.8 and strength < 0.3:
        return "beige"
    if family == "orange" and light < 0.5:
        return "brown"
    return "pink" if family == "red" and light > 0.8 else family
