"""Rules of EN 16931 for what our invoices hold, each by its number, read with lxml; nothing of ours is imported.

`ORDER` is how UBL 2.1's schema orders the elements that we use, at the top of both documents.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
SPACES = {"cac": f"{UBL}CommonAggregateComponents-2", "cbc": f"{UBL}CommonBasicComponents-2"}
ORDER = {
    "Invoice": "CustomizationID ID IssueDate DueDate InvoiceTypeCode Note DocumentCurrencyCode BuyerReference"
    " InvoicePeriod AdditionalDocumentReference AccountingSupplierParty AccountingCustomerParty PaymentMeans TaxTotal"
    " LegalMonetaryTotal InvoiceLine",
    "CreditNote": "CustomizationID ID IssueDate CreditNoteTypeCode Note DocumentCurrencyCode BuyerReference"
    " InvoicePeriod AdditionalDocumentReference AccountingSupplierParty AccountingCustomerParty TaxTotal"
    " LegalMonetaryTotal CreditNoteLine",
}
CENT = Decimal("0.01")


class Document:
    """A document, by XPath."""

    def __init__(self, data: bytes) -> None:
        self.root = etree.fromstring(data)
        self.name = etree.QName(self.root).localname

    def texts(self, path: str, of: "etree._Element | None" = None) -> list[str]:
        found = (self.root if of is None else of).xpath(path, namespaces=SPACES)
        assert isinstance(found, list)
        return [(each.text or "") if isinstance(each, etree._Element) else str(each) for each in found]

    def nodes(self, path: str) -> "list[etree._Element]":
        found = self.root.xpath(path, namespaces=SPACES)
        assert isinstance(found, list)
        return [each for each in found if isinstance(each, etree._Element)]

    def has(self, *paths: str) -> bool:
        """Each of them once, and not empty."""
        return all(len(found := self.texts(path)) == 1 and found[0].strip() != "" for path in paths)

    def number(self, path: str, of: "etree._Element | None" = None) -> Decimal:
        (text,) = self.texts(path, of)
        return Decimal(text)

    def total(self, path: str) -> Decimal:
        return sum((Decimal(each) for each in self.texts(path)), Decimal(0))

    @property
    def lines(self) -> "list[etree._Element]":
        return self.nodes(f"cac:{self.name}Line")

    def each_line(self, *paths: str) -> bool:
        return bool(self.lines) and all(
            len(self.texts(path, line)) == 1 and self.texts(path, line)[0] != ""
            for line in self.lines
            for path in paths
        )

    def each_category(self, holds: "Callable[[etree._Element], bool]", category: str = "") -> bool:
        chosen = [
            each for each in self.nodes("cac:TaxTotal/cac:TaxSubtotal")
            if not category or self.texts("cac:TaxCategory/cbc:ID", each) == [category]
        ]  # fmt: skip
        return all(holds(each) for each in chosen)

    def taxable_is_that_of_its_lines(self, part: "etree._Element") -> bool:
        wanted = [*self.texts("cac:TaxCategory/cbc:ID", part), *self.texts("cac:TaxCategory/cbc:Percent", part)]
        of_lines = sum(
            (
                self.number("cbc:LineExtensionAmount", line)
                for line in self.lines
                if [
                    *self.texts("cac:Item/cac:ClassifiedTaxCategory/cbc:ID", line),
                    *self.texts("cac:Item/cac:ClassifiedTaxCategory/cbc:Percent", line),
                ]
                == wanted
            ),
            Decimal(0),
        )
        return of_lines == self.number("cbc:TaxableAmount", part)

    def tax_is_near_its_rate(self, part: "etree._Element") -> bool:
        """Within a cent: VAT comes from the gross total here, and from the net total in the rule."""
        rate = self.number("cac:TaxCategory/cbc:Percent", part)
        exact = self.number("cbc:TaxableAmount", part) * rate / 100
        return abs(self.number("cbc:TaxAmount", part) - exact.quantize(CENT, ROUND_HALF_UP)) <= CENT


SELLER, BUYER = "cac:AccountingSupplierParty/cac:Party/", "cac:AccountingCustomerParty/cac:Party/"
MONEY = "cac:LegalMonetaryTotal/cbc:"
TAX = "cac:TaxTotal/cbc:TaxAmount"
RULES: dict[str, Callable[[Document], bool]] = {
    "schema order": lambda d: (
        list(dict.fromkeys(etree.QName(each).localname for each in d.root))
        == [name for name in ORDER[d.name].split() if d.nodes(f"cac:{name} | cbc:{name}")]
        and not [each for each in d.root if etree.QName(each).localname not in ORDER[d.name].split()]
    ),
    "BR-01": lambda d: d.texts("cbc:CustomizationID") == ["urn:cen.eu:en16931:2017"],
    "BR-02": lambda d: d.has("cbc:ID"),
    "BR-03": lambda d: d.has("cbc:IssueDate"),
    "BR-04": lambda d: d.texts(f"cbc:{d.name}TypeCode") == ["381" if d.name == "CreditNote" else "380"],
    "BR-05": lambda d: d.texts("cbc:DocumentCurrencyCode") == ["EUR"] and set(d.texts("//@currencyID")) == {"EUR"},
    "BR-06": lambda d: d.has(SELLER + "cac:PartyLegalEntity/cbc:RegistrationName"),
    "BR-07": lambda d: d.has(BUYER + "cac:PartyLegalEntity/cbc:RegistrationName"),
    "BR-09": lambda d: d.has(SELLER + "cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    "BR-11": lambda d: d.has(BUYER + "cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    "BR-12": lambda d: d.has(MONEY + "LineExtensionAmount"),
    "BR-13": lambda d: d.has(MONEY + "TaxExclusiveAmount"),
    "BR-14": lambda d: d.has(MONEY + "TaxInclusiveAmount"),
    "BR-15": lambda d: d.has(MONEY + "PayableAmount"),
    "BR-16": lambda d: bool(d.lines),
    "BR-21": lambda d: d.each_line("cbc:ID") and len(set(d.texts(f"cac:{d.name}Line/cbc:ID"))) == len(d.lines),
    "BR-22": lambda d: d.each_line(f"cbc:{'Credited' if d.name == 'CreditNote' else 'Invoiced'}Quantity"),
    "BR-23": lambda d: d.each_line("*/@unitCode"),
    "BR-24": lambda d: d.each_line("cbc:LineExtensionAmount"),
    "BR-25": lambda d: d.each_line("cac:Item/cbc:Name"),
    "BR-26": lambda d: d.each_line("cac:Price/cbc:PriceAmount"),
    "BR-27": lambda d: all(Decimal(each) >= 0 for each in d.texts("//cac:Price/cbc:PriceAmount")),
    "BR-29": lambda d: d.texts("cac:InvoicePeriod/cbc:StartDate") <= d.texts("cac:InvoicePeriod/cbc:EndDate"),
    "BR-45": lambda d: d.each_category(lambda part: len(d.texts("cbc:TaxableAmount", part)) == 1),
    "BR-46": lambda d: d.each_category(lambda part: len(d.texts("cbc:TaxAmount", part)) == 1),
    "BR-47": lambda d: d.each_category(lambda part: len(d.texts("cac:TaxCategory/cbc:ID", part)) == 1),
    "BR-48": lambda d: d.each_category(lambda part: len(d.texts("cac:TaxCategory/cbc:Percent", part)) == 1),
    "BR-49": lambda d: d.name == "CreditNote" or d.has("cac:PaymentMeans/cbc:PaymentMeansCode"),
    "BR-52": lambda d: d.has("cac:AdditionalDocumentReference/cbc:ID"),
    "BR-61": lambda d: d.name == "CreditNote" or d.has("cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"),
    "BR-62": lambda d: len(d.texts(SELLER + "cbc:EndpointID/@schemeID")) == len(d.texts(SELLER + "cbc:EndpointID")),
    "BR-63": lambda d: len(d.texts(BUYER + "cbc:EndpointID/@schemeID")) == len(d.texts(BUYER + "cbc:EndpointID")),
    "BR-CO-04": lambda d: d.each_line("cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
    "BR-CO-09": lambda d: all(each[:2].isalpha() for each in d.texts("//cac:PartyTaxScheme/cbc:CompanyID")),
    "BR-CO-10": lambda d: (
        d.total(f"cac:{d.name}Line/cbc:LineExtensionAmount") == d.number(MONEY + "LineExtensionAmount")
    ),
    "BR-CO-13": lambda d: d.number(MONEY + "TaxExclusiveAmount") == d.number(MONEY + "LineExtensionAmount"),
    "BR-CO-14": lambda d: d.total("cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount") == d.number(TAX),
    "BR-CO-15": lambda d: (
        d.number(MONEY + "TaxExclusiveAmount") + d.number(TAX) == d.number(MONEY + "TaxInclusiveAmount")
    ),
    "BR-CO-16": lambda d: d.number(MONEY + "TaxInclusiveAmount") == d.number(MONEY + "PayableAmount"),
    "BR-CO-17": lambda d: d.each_category(d.tax_is_near_its_rate),
    "BR-CO-18": lambda d: bool(d.nodes("cac:TaxTotal/cac:TaxSubtotal")),
    "BR-CO-25": lambda d: d.number(MONEY + "PayableAmount") <= 0 or d.name == "CreditNote" or d.has("cbc:DueDate"),
    "BR-CO-26": lambda d: d.has(SELLER + "cac:PartyTaxScheme/cbc:CompanyID"),
    "BR-S-05": lambda d: d.each_category(lambda part: d.number("cac:TaxCategory/cbc:Percent", part) > 0, "S"),
    "BR-S-08, BR-Z-08": lambda d: d.each_category(d.taxable_is_that_of_its_lines),
    "BR-Z-05": lambda d: d.each_category(lambda part: d.number("cac:TaxCategory/cbc:Percent", part) == 0, "Z"),
    "BR-Z-09": lambda d: d.each_category(lambda part: d.number("cbc:TaxAmount", part) == 0, "Z"),
    "BR-DEC": lambda d: all(len(each.text.partition(".")[2]) <= 2 for each in d.nodes("//*[@currencyID]") if each.text),
}


def broken(data: bytes) -> list[str]:
    """The rules that a document breaks."""
    document = Document(data)
    return [name for name, holds in RULES.items() if not holds(document)]
