"""Who sends the statements: `seller.toml` in headquarters' folder (docs/statements.md)."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from terminal.errors import ConfigurationError

FILE = "seller.toml"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", re.ASCII)


def is_iban(text: str) -> bool:
    """Tell whether its check digits are right (ISO 13616)."""
    moved = text[4:] + text[:4]
    return _IBAN.fullmatch(text) is not None and int("".join(str(int(each, 36)) for each in moved)) % 97 == 1


def _iban(text: str) -> str:
    compact = text.replace(" ", "").upper()
    if not is_iban(compact):
        raise ValueError("no IBAN: its check digits are not right")
    return compact


Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
VatId = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9+*]{2,13}$")]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
ElectronicAddress = Annotated[str, Field(pattern=r"^[0-9A-Z]{2,4}:[!-~]{1,100}$")]
Email = Annotated[str, Field(pattern=r"^[!-~]{1,200}@[A-Za-z0-9.-]{1,200}$")]


class Seller(BaseModel):
    """Name, address and bank of the operator. `payment_days`: until when a statement is to be paid."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Line
    vat_id: VatId
    street: Line
    postal_code: Line
    city: Line
    country: Country
    iban: Annotated[str, AfterValidator(_iban)]
    registration: Line | None = None
    email: Email | None = None
    electronic_address: ElectronicAddress | None = None
    payment_days: Annotated[int, Field(ge=0, le=120)] = 14


def load_seller(folder: Path) -> Seller:
    """What `seller.toml` says.

    Raises:
        ConfigurationError: it is missing, or has mistakes; all of them are said.
    """
    path = folder / FILE
    try:
        return Seller.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; it says who sends the statements (docs/statements.md)") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        mistakes = tuple(f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(mistakes[0], mistakes) from None
