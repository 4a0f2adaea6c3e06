"""A statement as an electronic invoice: UBL 2.1, core invoice of EN 16931; a credit note where its total is negative.

One line for each site and rate; the items are the annex, as CSV inside. Order and names of the elements are those of
the UBL 2.1 schema; what of EN 16931's rules is kept stands in docs/statements.md. Amounts on a credit note are those
that are given back.
"""

import base64
from collections.abc import Iterable
from decimal import Decimal
from xml.etree import ElementTree as Xml

from headquarters.settlement.csv_paper import csv_of
from headquarters.settlement.statement import Party, SiteSum, Statement, StatementLine, euros

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_CAC, _CBC = f"{_UBL}CommonAggregateComponents-2", f"{_UBL}CommonBasicComponents-2"
INVOICE, CREDIT_NOTE = "380", "381"
CREDIT_TRANSFER = "30"
ONE_PIECE = "C62"


def ubl_of(statement: Statement, lines: Iterable[StatementLine]) -> bytes:
    """The bytes of the XML, UTF-8."""
    is_credit = statement.gross_cents < 0
    name = "CreditNote" if is_credit else "Invoice"
    root = Xml.Element(f"{{{_UBL}{name}-2}}{name}")
    _basic(root, "CustomizationID", CUSTOMIZATION)
    _basic(root, "ID", statement.number)
    _basic(root, "IssueDate", statement.issued_day)
    if not is_credit:
        _basic(root, "DueDate", statement.due_day)
    _basic(root, f"{name}TypeCode", CREDIT_NOTE if is_credit else INVOICE)
    _basic(root, "Note", f"Parking and services on account, {statement.period}")
    _basic(root, "DocumentCurrencyCode", "EUR")
    _basic(root, "BuyerReference", statement.ean)
    period = _group(root, "InvoicePeriod")
    _basic(period, "StartDate", statement.first_day)
    _basic(period, "EndDate", statement.last_day)
    _annex(root, statement, lines)
    _party(_group(root, "AccountingSupplierParty"), statement.seller)
    _party(_group(root, "AccountingCustomerParty"), statement.buyer)
    if not is_credit:
        means = _group(root, "PaymentMeans")
        _basic(means, "PaymentMeansCode", CREDIT_TRANSFER)
        _basic(means, "PaymentID", statement.number)
        _basic(_group(means, "PayeeFinancialAccount"), "ID", statement.iban)
    sign = -1 if is_credit else 1
    _totals(root, statement, sign)
    for number, each in enumerate(statement.sites, 1):
        _line(root, number, each, sign, name)
    for prefix, space in (("", f"{_UBL}{name}-2"), ("cac", _CAC), ("cbc", _CBC)):
        Xml.register_namespace(prefix, space)
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _annex(root: Xml.Element, statement: Statement, lines: Iterable[StatementLine]) -> None:
    reference = _group(root, "AdditionalDocumentReference")
    _basic(reference, "ID", f"{statement.number}-charges")
    _basic(reference, "DocumentDescription", "Charges and credits")
    attached = _basic(
        _group(reference, "Attachment"),
        "EmbeddedDocumentBinaryObject",
        base64.b64encode(csv_of(statement, lines)).decode(),
    )
    attached.set("mimeCode", "text/csv")
    attached.set("filename", f"{statement.number}.csv")


def _party(parent: Xml.Element, party: Party) -> None:
    node = _group(parent, "Party")
    if party.electronic_address is not None:
        scheme, _, address = party.electronic_address.partition(":")
        _basic(node, "EndpointID", address).set("schemeID", scheme)
    place = _group(node, "PostalAddress")
    _basic(place, "StreetName", party.street)
    _basic(place, "CityName", party.city)
    _basic(place, "PostalZone", party.postal_code)
    _basic(_group(place, "Country"), "IdentificationCode", party.country)
    if party.vat_id is not None:
        tax = _group(node, "PartyTaxScheme")
        _basic(tax, "CompanyID", party.vat_id)
        _basic(_group(tax, "TaxScheme"), "ID", "VAT")
    legal = _group(node, "PartyLegalEntity")
    _basic(legal, "RegistrationName", party.name)
    if party.registration is not None:
        _basic(legal, "CompanyID", party.registration)
    if party.email is not None:
        _basic(_group(node, "Contact"), "ElectronicMail", party.email)


def _totals(root: Xml.Element, statement: Statement, sign: int) -> None:
    tax = _group(root, "TaxTotal")
    _amount(tax, "TaxAmount", sign * statement.vat_cents)
    for each in statement.vats:
        part = _group(tax, "TaxSubtotal")
        _amount(part, "TaxableAmount", sign * each.net_cents)
        _amount(part, "TaxAmount", sign * each.vat_cents)
        _category(part, "TaxCategory", each.vat)
    total = _group(root, "LegalMonetaryTotal")
    _amount(total, "LineExtensionAmount", sign * statement.net_cents)
    _amount(total, "TaxExclusiveAmount", sign * statement.net_cents)
    _amount(total, "TaxInclusiveAmount", sign * statement.gross_cents)
    _amount(total, "PayableAmount", sign * statement.gross_cents)


def _line(root: Xml.Element, number: int, each: SiteSum, sign: int, name: str) -> None:
    net = sign * each.net_cents
    line = _group(root, f"{name}Line")
    _basic(line, "ID", str(number))
    quantity = "CreditedQuantity" if name == "CreditNote" else "InvoicedQuantity"
    _basic(line, quantity, "-1" if net < 0 else "1").set("unitCode", ONE_PIECE)  # a price is never negative
    _amount(line, "LineExtensionAmount", net)
    item = _group(line, "Item")
    _basic(item, "Description", f"{each.charges} charges, {each.credits} credits")
    _basic(item, "Name", f"{each.name} (site {each.site}), parking and services, VAT {each.vat} %")
    _category(item, "ClassifiedTaxCategory", each.vat)
    _amount(_group(line, "Price"), "PriceAmount", abs(net))


def _category(parent: Xml.Element, name: str, vat: str) -> None:
    category = _group(parent, name)
    _basic(category, "ID", "S" if Decimal(vat) else "Z")
    _basic(category, "Percent", vat)
    _basic(_group(category, "TaxScheme"), "ID", "VAT")


def _amount(parent: Xml.Element, name: str, cents: int) -> None:
    _basic(parent, name, euros(cents)).set("currencyID", "EUR")


def _group(parent: Xml.Element, name: str) -> Xml.Element:
    return Xml.SubElement(parent, f"{{{_CAC}}}{name}")


def _basic(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    node = Xml.SubElement(parent, f"{{{_CBC}}}{name}")
    node.text = text
    return node
