"""A statement as PDF, A4: who to whom, sums by rate and site, every item with its card; the same bytes each time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from headquarters.settlement.statement import PREVIEW, Party, Statement, StatementLine, euros
from terminal.errors import ConfigurationError

FONTS = Path("/usr/share/fonts/truetype/dejavu")
"""Debian package fonts-dejavu-core; the fonts built into PDF have no letters for Polish or Romanian names."""
_LEFT, _RIGHT, _BOTTOM = 18, 18, 20
_GREY, _RULE, _BAND = (96, 96, 96), (190, 190, 190), (240, 243, 246)
Column = tuple[str, float, str]


def pdf_of(statement: Statement, lines: Sequence[StatementLine]) -> bytes:
    """The bytes of the file.

    Raises:
        ConfigurationError: the fonts are not installed.
    """
    paper = _Paper(statement)
    paper.add_page()
    paper.head()
    paper.sums()
    paper.items(lines)
    return bytes(paper.output())


class _Paper(FPDF):
    def __init__(self, statement: Statement) -> None:
        super().__init__(format="A4")
        self._statement = statement
        self._columns: Sequence[Column] = ()
        for style, file in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            if not (FONTS / file).is_file():
                raise ConfigurationError(f"{FONTS / file} is missing; install the Debian package fonts-dejavu-core")
            self.add_font("DejaVu", style, FONTS / file)
        self.set_margins(_LEFT, 18, _RIGHT)
        self.set_auto_page_break(auto=True, margin=_BOTTOM)
        self.set_title(f"{self.kind} {statement.number}")
        self.set_author(statement.seller.name)
        self.set_creation_date(datetime.fromisoformat(statement.issued_day).replace(tzinfo=UTC))

    @property
    def kind(self) -> str:
        if self._statement.number == PREVIEW:
            return "Preview, no invoice"
        return "Credit note" if self._statement.gross_cents < 0 else "Invoice"

    def header(self) -> None:
        if self.page_no() > 1:
            self._write(8, _GREY)
            self.cell(
                0,
                5,
                f"{self.kind} {self._shown_number}  ·  {self._statement.buyer.name}",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )
            self.ln(2)
            if self._columns:
                self._heads()

    def footer(self) -> None:
        seller = self._statement.seller
        self.set_y(-14)
        self._write(7, _GREY)
        words = (seller.name, f"VAT {seller.vat_id}", seller.registration, f"IBAN {_grouped(self._statement.iban)}")
        self.cell(self.epw - 25, 5, "  ·  ".join(word for word in words if word))
        self.cell(25, 5, f"{self.page_no()} / {{nb}}", align="R")

    def head(self) -> None:
        told = self._statement
        self._write(9, _GREY)
        self.multi_cell(0, 4.5, "\n".join(_address(told.seller)), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(6)
        self._write(10)
        self.multi_cell(90, 5, "\n".join(_address(told.buyer)), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(10)
        self._write(17, style="B")
        self.cell(0, 9, f"{self.kind} {self._shown_number}".strip(), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        facts = [("Period", f"{told.period}  ({told.first_day} to {told.last_day})"), ("Date", told.issued_day)]
        facts += [("Your EAN", told.ean)]
        facts += [("Your VAT number", told.buyer.vat_id)] if told.buyer.vat_id else []
        for name, value in facts:
            self._write(9, _GREY)
            self.cell(38, 5.2, name)
            self._write(9)
            self.cell(0, 5.2, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(5)

    def sums(self) -> None:
        told = self._statement
        self._table(
            (("Site", 70, "L"), ("VAT", 18, "R"), ("Charges", 21, "R"), ("Credits", 21, "R"), ("Incl. VAT €", 44, "R")),
            [
                (
                    f"{each.name} ({each.site})",
                    f"{each.vat} %",
                    str(each.charges),
                    str(each.credits),
                    _amount(each.gross_cents),
                )
                for each in told.sites
            ],
        )
        self.ln(4)
        self._table(
            (("VAT rate", 42, "L"), ("Excl. VAT €", 44, "R"), ("VAT €", 44, "R"), ("Incl. VAT €", 44, "R")),
            [
                (f"{each.vat} %", *map(_amount, (each.net_cents, each.vat_cents, each.gross_cents)))
                for each in told.vats
            ],
        )
        self.ln(2)
        self._write(11, style="B")
        self.set_fill_color(*_BAND)
        owed = told.gross_cents >= 0
        self.cell(self.epw - 44, 9, "  To be paid" if owed else "  To be paid back to you", fill=True)
        self.cell(
            44, 9, f"€ {_amount(abs(told.gross_cents))}  ", align="R", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        self.ln(3)
        self._write(9)
        where = f"to IBAN {_grouped(told.iban)}, {told.seller.name}"
        pay = f"Please pay by {told.due_day} {where}, stating {self._shown_number}."
        if told.number == PREVIEW:
            pay = "This is a preview. Nothing is to be paid on it."
        self.multi_cell(
            0, 5, pay if owed else "We pay this amount back.", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        self._write(8, _GREY)
        self.multi_cell(
            0,
            4.5,
            "VAT is computed once for each rate, from the total including VAT.",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.ln(6)

    def items(self, lines: Sequence[StatementLine]) -> None:
        self._write(12, style="B")
        self.cell(0, 7, "Charges and credits", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)
        self._table(
            (
                ("Site", 16, "L"),
                ("Card", 40, "L"),
                ("What", 62, "L"),
                ("Reference", 22, "R"),
                ("VAT", 12, "R"),
                ("€", 22, "R"),
            ),
            [
                (str(line.site), line.card, _what(line), str(line.item), f"{line.vat} %", _amount(line.amount_cents))
                for line in lines
            ],
        )

    @property
    def _shown_number(self) -> str:
        return "" if self._statement.number == PREVIEW else self._statement.number

    def _table(self, columns: Sequence[Column], rows: Sequence[tuple[str, ...]]) -> None:
        if self.get_y() > self.h - _BOTTOM - 20:
            self.add_page()
        self._columns = columns
        self._heads()
        for row in rows:
            for (_, width, align), text in zip(columns, row, strict=True):
                self.cell(width, 5.4, self._fitted(text, width), align=align)
            self.ln(5.4)
        self._rule()
        self._columns = ()

    def _heads(self) -> None:
        self._write(8, _GREY)
        for name, width, align in self._columns:
            self.cell(width, 5.4, name, align=align)
        self.ln(5.4)
        self._rule()
        self._write(8.5)

    def _rule(self) -> None:
        self.set_draw_color(*_RULE)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())

    def _fitted(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width - 2:
            return text
        while text and self.get_string_width(text + "…") > width - 2:
            text = text[:-1]
        return text + "…"

    def _write(self, size: float, colour: tuple[int, int, int] = (0, 0, 0), style: str = "") -> None:
        self.set_font("DejaVu", style, size)
        self.set_text_color(*colour)


def _what(line: StatementLine) -> str:
    what = line.what if line.kind == "charge" else f"credit of {line.corrects}, {line.what}"
    return what if line.late_day is None else f"{what} ({line.late_day})"


def _amount(cents: int) -> str:
    whole, _, part = euros(abs(cents)).partition(".")
    return f"{'-' if cents < 0 else ''}{int(whole):,}".replace(",", " ") + f".{part}"


def _grouped(iban: str) -> str:
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def _address(party: Party) -> list[str]:
    return [party.name, party.street, f"{party.postal_code} {party.city}", party.country]
