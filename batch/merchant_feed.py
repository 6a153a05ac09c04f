"""Products as Google's Merchant Center wants them: its attributes, in its forms.

Follows the product data specification (https://support.google.com/merchants/answer/7052112).
"""

from __future__ import annotations

from collections.abc import Callable

from batch.feed_mapping import Attribute, Need, Said
from batch.feed_values import addresses, availability, gtin, money, text

#: No attribute of its own: Google has it beside the price.
CURRENCY = "currency"
MAX_TITLE, MAX_DESCRIPTION, MAX_WORDS = 150, 5000, 750
MAX_IMAGES, MAX_COLORS = 10, 3
_REQUIRED, _EXPECTED = Need.REQUIRED, Need.EXPECTED


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("id", "Id", _REQUIRED, "id", missed="id"),
    Attribute("title", "Title", _REQUIRED, "title"),
    Attribute("description", "Description", _REQUIRED, "description"),
    Attribute("link", "Product page", _REQUIRED, "url", missed="full address of its page"),
    Attribute("image_link", "Image", _REQUIRED, "image", missed="full address of an image"),
    Attribute("additional_image_link", "More images", names=_names("moreimages images gallery")),
    Attribute("availability", "Availability", _REQUIRED, "stock"),
    Attribute("price", "Price", _REQUIRED, "price", missed="price with a currency"),
    Attribute(CURRENCY, "Currency of the price", role="currency"),
    Attribute("sale_price", "Sale price", names=_names("specialprice offerprice angebotspreis")),
    Attribute("brand", "Brand", _EXPECTED, names=_names("vendor manufacturer marke marque marca")),
    Attribute(
        "gtin",
        "GTIN",
        _EXPECTED,
        names=_names("ean upc isbn barcode variantbarcode"),
        missed="valid GTIN",
    ),
    Attribute("mpn", "Part number", names=_names("manufacturerpartnumber partnumber")),
    Attribute("condition", "Condition", names=_names("zustand etat"), otherwise="new"),
    Attribute("google_product_category", "Google category", names=_names("googlecategory")),
    Attribute("product_type", "Your category", role="department"),
    Attribute("color", "Color", names=_names("colour colors colours farbe couleur colore")),
    Attribute("size", "Size", names=_names("sizes groesse große grosse taille talla taglia")),
    Attribute("material", "Material", names=_names("fabric stoff matiere materiale")),
    Attribute("pattern", "Pattern", names=_names("muster motif")),
    Attribute("gender", "Gender", names=_names("geschlecht targetgender")),
    Attribute("age_group", "Age group", names=_names("altersgruppe agegroup")),
    Attribute("item_group_id", "Group of variants", names=_names("itemgroupid parentsku parentid")),
    Attribute("shipping_weight", "Shipping weight", names=_names("versandgewicht")),
)
_WORDS = {
    "condition": {"new": "neu neuf nuevo", "refurbished": "generaluberholt", "used": "gebraucht"},
    "gender": {
        "male": "men man mens boys boy herren",
        "female": "women woman womens ladies girls girl damen",
        "unisex": "all everyone any",
    },
    "age_group": {
        "newborn": "",
        "infant": "baby babies",
        "toddler": "",
        "kids": "kid child children kinder",
        "adult": "adults erwachsene",
    },
}
_ALLOWED = {
    name: {word: one for one, more in known.items() for word in (one, *more.split())}
    for name, known in _WORDS.items()
}


def item(said: Said) -> Said:
    """A product in Google's form: attribute to its texts, only those that there are."""
    currency = _first(said, CURRENCY)
    found = {
        one.name: _READS.get(one.name, _plain)(said[one.name], currency)
        for one in ATTRIBUTES
        if one.name in said and one.name != CURRENCY
    }
    images = [*found.get("image_link", ()), *found.get("additional_image_link", ())]
    if images:
        first, *more = dict.fromkeys(images)
        found |= {"image_link": [first], "additional_image_link": more[:MAX_IMAGES]}
    return {name: texts for name, texts in found.items() if texts}


def _first(said: Said, name: str) -> str:
    return said.get(name, [""])[0]


def _plain(cells: list[str], currency: str) -> list[str]:
    return _kept([text(", ".join(cells), MAX_WORDS)])


def _limited(limit: int) -> Callable[[list[str], str], list[str]]:
    return lambda cells, currency: _kept([text(", ".join(cells), limit)])


def _several(cells: list[str], currency: str) -> list[str]:
    """Colours and materials of one product, the first the most important."""
    return _kept(["/".join([text(cell, 40) for cell in cells][:MAX_COLORS])])


def _word(name: str) -> Callable[[list[str], str], list[str]]:
    known = _ALLOWED[name]
    return lambda cells, currency: _kept(
        [known.get(cells[0].casefold().replace("'", "").strip(), "")]
    )


def _kept(texts: list[str]) -> list[str]:
    return [one for one in texts if one]


_READS: dict[str, Callable[[list[str], str], list[str]]] = {
    "id": lambda cells, currency: _kept([cells[0].strip()]),
    "title": _limited(MAX_TITLE),
    "description": _limited(MAX_DESCRIPTION),
    "link": lambda cells, currency: list(addresses(cells[0])[:1]),
    "image_link": lambda cells, currency: [one for cell in cells for one in addresses(cell)],
    "additional_image_link": lambda cells, currency: [
        one for cell in cells for one in addresses(cell)
    ],
    "availability": lambda cells, currency: _kept([availability(cells[0])]),
    "price": lambda cells, currency: _kept([money(cells[0], currency)]),
    "sale_price": lambda cells, currency: _kept([money(cells[0], currency)]),
    "gtin": lambda cells, currency: _kept([gtin(cells[0])]),
    "color": _several,
    "material": _several,
    "condition": _word("condition"),
    "gender": _word("gender"),
    "age_group": _word("age_group"),
}
