"""Words that say nothing about what is wanted, and words that mean a word of the shop.

Small tables for the languages that shoppers use most; the shop's own words are
in rag/vocabulary.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from rag.shop_words import key_of, listed

_CHATTER = """
a an the this that these those some any all every each other another no not and or but also too
do does did done can could would will should shall may might must have has had having is are was
were be been being am it its they them their he she i you we us me my mine your yours our ours
what which whom who whose why how much many more most few when there here then than so such just
only
please hi hello hey ok okay thank thanks hallo bonjour hola ciao
of in on at to for from by with without about into per as up out off if
need want like love looking look search find show see give tell get got buy buying purchase order
sell sells selling offer carry stock stocked keep recommend suggest help know think let's let us
something anything thing things stuff product products item items article articles model models
goods everything one ones good nice best great kind kinds type types sort sorts option options
range selection different various available availability currently now today right total number
count list left brand brands colour color colours colors shop shops ours cost costs costing price
priced prices pay spend budget buck worth
come comes made make makes making use go goes work works well very really maybe perhaps still
under over between around less least than below above up max maximum minimum please again instead
haben habt hat sie ihr ich wir du gibt es ein eine einen einer der die das den dem des und oder
mit
für von im in zu ist sind was welche welcher welches wie viele kosten kostet suche brauche möchte
produkt produkte artikel unter auf
avez vous je tu nous il elle y a t un une des les le la du de et ou avec pour est sont quel quelle
quels quelles combien cherche veux voudrais produit produits articles que qui dans coûte coûtent
tienen tiene tenéis hay un una unos unas el los las y o con para por es son qué cuál cuáles
cuántos
cuántas busco quiero necesito producto productos artículos cuesta cuestan de en
avete ho cerco un uno una il lo gli i e con per è sono quale quali quanti quante prodotto prodotti
costa costano di da in
heeft hebt hebben jullie u ik een het de en of met voor van zijn welke hoeveel zoek producten kost
vocês têm tem um uma uns umas os as e ou com para por é são qual quais quantos quantas procuro
produto produtos custa custam do da dos das em no na
"""
CHATTER = frozenset(_CHATTER.split()) | frozenset(map(key_of, _CHATTER.split()))

NOT = listed(
    """
    not no non without except excluding but isn't aren't nicht ohne kein keine außer sans
    sauf sin excepto senza tranne zonder behalve sem exceto
    """
)
_VERBS = listed(
    "hold fit weigh last sleep serve have keep cover support carry include need suit block"
)
#: What may follow the name of a thing, when it is the thing itself that is meant.
AFTER_A_THING = (CHATTER | _VERBS | NOT) - listed("kind type sort range selection option model")

#: What the shop calls whom somebody buys for.
_WHO = {
    "women": "woman lady female her frauen femme mujer donna vrouwen mulher damen",
    "men": "man gentleman male him gent herren homme hombre uomo mannen homem männer",
    "kids": "kid child children childrens junior kinder enfant niño bambino kinderen criança",
    "baby": "baby infant newborn bébé bebé",
}
WHO = {key_of(word): who for who, words in _WHO.items() for word in [who, *words.split()]}
#: Names that shops give to the same people.
ALIKE_WHO = {
    "women": ("women", "woman", "womens", "ladies", "female"),
    "men": ("men", "man", "mens", "gentlemen", "male"),
    "kids": ("kids", "kid", "children", "child", "junior"),
    "baby": ("baby", "babies", "infant", "newborn"),
}
UNISEX = ("unisex", "everyone", "adults", "adult")

_MEANS = """
    red: rot rote roter rotes roten rouge rojo roja rojos rojas rosso rossa rossi rosse rood
    rode vermelho vermelha
    |blue: blau blaue blauer blaues blauen bleu bleue bleus bleues azul azules blu blauw blauwe
    azuis
    |green: grün grüne grüner grünes grünen vert verte verts vertes verde verdes verdi groen
    groene
    |black: schwarz schwarze schwarzer schwarzes schwarzen noir noire noirs noires negro negra
    negros negras nero nera neri nere zwart zwarte preto preta pretos pretas
    |white: weiß weiss weiße weißer weißes weißen blanc blanche blancs blanches blanco blanca
    blancos blancas bianco bianca bianchi bianche wit witte branco branca
    |yellow: gelb gelbe gelber gelbes gelben jaune jaunes amarillo amarilla giallo gialla geel
    gele amarelo amarela
    |grey: gray grau graue grauer graues grauen gris grises grigio grigia grijs grijze cinza
    |brown: braun braune brauner braunes braunen brun brune marron marrón marrone bruin bruine
    castanho marrom
    |pink: rosa rose
    |orange: orangefarben naranja arancione oranje laranja
    |purple: lila violett violet violette morado morada viola paars roxo roxa
    |waterproof: wasserdicht wasserdichte wasserdichter wasserdichtes wasserdichten imperméable
    imperméables impermeable impermeables impermeabile impermeabili waterdicht waterdichte
    impermeável impermeáveis
    |wireless: kabellos kabellose drahtlos drahtlose inalámbrico inalámbricos inalámbricas
    draadloos draadloze
    |cancelling: canceling
    |coloured: colored
"""
MEANS: Mapping[str, str] = {
    key_of(word): key_of(meant)
    for meant, _, words in (line.strip().partition(": ") for line in _MEANS.split("|"))
    for word in words.split()
}

#: Colours that are meant as such wherever they stand; others need a word that says so.
BASIC_COLOURS = listed(
    """
    red blue green black white yellow grey brown pink orange purple navy beige teal
    turquoise maroon burgundy violet lilac khaki tan silver gold golden cream multicolour
    """
) - {"cream", "gold", "silver", "tan"}

#: Between "not" and what it is about: "any brand but Tarnwick", "anything other than red".
_LOOSE = "a an the any be in for made of from by brand colour color other than really too so very"
BETWEEN_NOT = frozenset(_LOOSE.split())
