"""Where headquarters' own broker is: `broker.toml` in its folder (docs/broker.md)."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from terminal.edges.mqtt import Broker
from terminal.errors import ConfigurationError

FILE = "broker.toml"


class _Address(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(ge=1, le=65535)
    ca: str
    certificate: str
    key: str


def load_broker(folder: Path) -> Broker:
    """The broker that `broker.toml` in headquarters' folder names; paths in it are meant from that folder.

    Raises:
        ConfigurationError: there is no such file, or it has mistakes.
    """
    path = folder / FILE
    try:
        address = _Address.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; it says where the broker is (broker set-up makes one)") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        mistakes = tuple(f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(mistakes[0], mistakes) from None
    return Broker(
        host=address.host,
        port=address.port,
        ca=folder / address.ca,
        certificate=folder / address.certificate,
        key=folder / address.key,
    )
