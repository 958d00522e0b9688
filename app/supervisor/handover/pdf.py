"""The report as PDF. Loaded by the press's own process only: reportlab takes a second and 30 MB to load."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.core.i18n import _

_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_MARGIN = 15 * mm
_PADDING = 6  # that reportlab keeps around the text of a page
_WIDTH = A4[0] - 2 * _MARGIN
_QUIET, _LINE = HexColor("#5b6270"), HexColor("#d9dce3")
_TONES = {"good": HexColor("#17663a"), "bad": HexColor("#a11b1b")}


def pdf(document: Mapping[str, Any], fingerprint: str) -> bytes:
    """The same document as the HTML. A header line of each table stands on every page it reaches."""
    styles = _styles(*_fonts())
    packed = io.BytesIO()
    template = SimpleDocTemplate(
        packed,
        pagesize=A4,
        title=document["title"],
        author="TradeAI",
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        invariant=1,
    )
    footer = f"{document['title']}, {dict(document['facts']).get(_('Made'), '')}"

    def number(canvas: Any, page: Any) -> None:
        canvas.setFont(styles["small"].fontName, 7)
        canvas.setFillColor(_QUIET)
        canvas.drawString(_MARGIN, 8 * mm, footer)
        canvas.drawRightString(A4[0] - _MARGIN, 8 * mm, str(page.page))

    template.build([*_head(document, fingerprint, styles), *_body(document, styles)], onFirstPage=number, onLaterPages=number)
    return packed.getvalue()


def _fonts() -> tuple[str, str]:
    """DejaVu knows every European letter. Without it the report is written in Helvetica, where some of them become boxes."""
    try:
        pdfmetrics.registerFont(TTFont("Plain", _FONTS / "DejaVuSans.ttf"))
        pdfmetrics.registerFont(TTFont("Bold", _FONTS / "DejaVuSans-Bold.ttf"))
    except (OSError, TTFError):
        return "Helvetica", "Helvetica-Bold"
    return "Plain", "Bold"


def _styles(plain: str, bold: str) -> dict[str, ParagraphStyle]:
    small = ParagraphStyle("small", fontName=plain, fontSize=7, leading=9.5, splitLongWords=1)
    return {
        "title": ParagraphStyle("title", fontName=bold, fontSize=16, leading=20, spaceAfter=8),
        "heading": ParagraphStyle("heading", fontName=bold, fontSize=10.5, leading=14, spaceBefore=12, spaceAfter=4),
        "text": ParagraphStyle("text", fontName=plain, fontSize=8.5, leading=12, spaceAfter=4),
        "small": small,
        "column": ParagraphStyle("column", parent=small, textColor=_QUIET),
        **{tone: ParagraphStyle(tone, parent=small, fontName=bold, textColor=colour) for tone, colour in _TONES.items()},
    }


def _head(document: Mapping[str, Any], fingerprint: str, styles: Mapping[str, ParagraphStyle]) -> Iterator[Any]:
    yield Paragraph(escape(document["title"]), styles["title"])
    facts = [*document["facts"], (_("Key"), fingerprint)]
    rows = [[Paragraph(escape(name), styles["column"]), Paragraph(escape(value), styles["small"])] for name, value in facts]
    yield Table(rows, colWidths=[_WIDTH * 0.2, _WIDTH * 0.8], style=_lines(header=False))


def _body(document: Mapping[str, Any], styles: Mapping[str, ParagraphStyle]) -> Iterator[Any]:
    for section in document["sections"]:
        heading = [Paragraph(escape(section["title"]), styles["heading"])]
        yield KeepTogether([*heading, *(Paragraph(escape(text), styles["text"]) for text in section["sentences"])])
        if section["table"]:
            yield _table(section["table"], styles)
            yield Spacer(1, 4)


def _table(table: Mapping[str, Any], styles: Mapping[str, ParagraphStyle]) -> Table:
    tones = table["tones"] or [""] * len(table["rows"])
    rows = [[Paragraph(escape(name), styles["column"]) for name in table["columns"]]]
    for row, tone in zip(table["rows"], tones, strict=True):
        first, *others = row
        rows.append([Paragraph(escape(first), styles.get(tone, styles["small"]))])
        rows[-1] += [Paragraph(escape(cell), styles["small"]) for cell in others]
    widths = [_WIDTH * share / sum(table["widths"]) for share in table["widths"]]
    return Table(rows, colWidths=widths, repeatRows=1, splitInRow=1, style=_lines(header=True))


def _lines(header: bool) -> TableStyle:
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            *([("LINEABOVE", (0, 1), (-1, -1), 0.4, _LINE)] if header else []),
        ]
    )
