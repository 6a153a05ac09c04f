"""The names merchants give their columns, in the languages we have met."""

from __future__ import annotations

#: Role to names, the likeliest first; compared without case, accents and punctuation.
SYNONYMS: dict[str, str] = {
    "id": """
        sku variantsku productsku itemsku id productid itemid articleid variantid offerid
        artikelnummer artikelnr artnr articlenumber itemnumber productnumber partnumber mpn
        referencia reference ref codigo codice codearticle productcode itemcode code handle
        gtin ean upc barcode asin uniqid uniqueid key nummer
    """,
    "title": """
        title producttitle itemtitle name productname itemname artikelname produktname
        artikelbezeichnung bezeichnung titel titre titulo titolo nom nombre nome produkt
        product item artikel
    """,
    "description": """
        description productdescription itemdescription bodyhtml body longdescription
        fulldescription descriptionhtml beschreibung produktbeschreibung artikelbeschreibung
        langtext descripcion descrizione descricao omschrijving details text content
        shortdescription kurzbeschreibung
    """,
    "price": """
        price variantprice saleprice sellingprice currentprice unitprice regularprice
        retailprice priceusd priceeur pricegbp preis verkaufspreis vk bruttopreis prix precio
        prezzo preco prijs
    """,
    "currency": """
        currency currencycode pricecurrency wahrung waehrung devise moneda valuta
    """,
    "stock": """
        stock stockquantity inventory inventoryquantity variantinventoryqty inventoryqty
        quantity qty onhand availablequantity bestand lagerbestand lager menge existencias
        giacenza voorraad instock availability
    """,
    "department": """
        department category productcategory categories producttype type googleproductcategory
        abteilung kategorie warengruppe produktgruppe categorie categoria rayon collection
        section productgroup
    """,
    "image": """
        image imagesrc imageurl imagelink mainimage images picture photo variantimage bild
        bildurl foto imagen immagine img thumbnail
    """,
    "url": """
        url link producturl productlink onlinestoreurl permalink webpage href lien enlace
        deeplink
    """,
}
