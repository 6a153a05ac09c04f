"""PDF and Word files made by hand, for what reads them."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterable, Sequence

#: A line of text: the size of its letters in points, and the text.
Line = tuple[int, str]

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def pdf(pages: Sequence[Iterable[Line]], *, password: str = "") -> bytes:
    """A PDF with these lines on its pages; a page without any has only a drawing."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", tree.encode(), font]
    for at, lines in enumerate(pages):
        drawn = _drawn(lines)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * at} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n".encode() + drawn + b"\nendstream")
    return pdf_of(objects, _locked(password) if password else b"")


def _drawn(lines: Iterable[Line]) -> bytes:
    parts, y = ["10 10 100 100 re f"], 780
    for size, text in lines:
        y -= round(size * 1.4)
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        parts.append(f"BT /F {size} Tf 50 {y} Td ({escaped}) Tj ET")
    return "\n".join(parts).encode("latin-1")


def pdf_of(objects: Sequence[bytes], extra: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which names its pages."""
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode() + one + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R ".encode() + extra + b" >>"
    return written + head.encode() + trailer + f"\nstartxref\n{len(written)}\n%%EOF".encode()


def _locked(password: str) -> bytes:
    """The entries by which a PDF asks for a password: the standard handler, revision 2."""
    owner = _rc4(hashlib.md5(_padded("owner")).digest()[:5], _padded(password))
    seed = _padded(password) + owner + struct.pack("<i", -4) + b"0" * 16
    user = _rc4(hashlib.md5(seed).digest()[:5], _PADDING)
    name = (b"0" * 16).hex().encode()
    rule = b"/Filter /Standard /V 1 /R 2 /Length 40 /P -4"
    keys = b"/O <" + owner.hex().encode() + b"> /U <" + user.hex().encode() + b">"
    return b"/Encrypt << " + rule + b" " + keys + b" >> /ID [<" + name + b"> <" + name + b">]"


def _padded(password: str) -> bytes:
    return (password.encode() + _PADDING)[:32]


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def docx(hidden: str = "") -> bytes:
    """A Word file with a title, headings, a table, and a text that Word does not show."""
    body = "".join(
        [
            _paragraph("Repairs", "Title"),
            _paragraph("Who repairs", "Heading1"),
            _paragraph("We repair zips and poles ourselves."),
            _paragraph("Prices", "Heading2"),
            _table([("Part", "Price"), ("Zip", "$12"), ("Pole", "$9")]),
            f"<w:p><w:r><w:t>Seen.</w:t></w:r>{_hidden(hidden)}</w:p>",
        ]
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{kind}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles xmlns:w="{_WORD}">{_styles()}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return target.getvalue()


def _paragraph(text: str, style: str = "") -> str:
    marked = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{marked}<w:r><w:t>{text}</w:t></w:r></w:p>"


def _table(rows: Iterable[Sequence[str]]) -> str:
    cells = ("".join(f"<w:tc><w:tcPr/>{_paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl><w:tblPr/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def _hidden(text: str) -> str:
    return f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{text}</w:t></w:r>" if text else ""


def _styles() -> str:
    names = {"Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2"}
    return "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in names.items()
    )
