"""What headquarters watches for and whom it tells: `alarms.toml` in its folder (docs/alarms.md)."""

import base64
import binascii
import ssl
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from terminal.errors import ConfigurationError

FILE = "alarms.toml"
SECRET_PREFIX = "whsec_"  # noqa: S105  what a webhook's secret begins with, by the convention of its kind
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
MAX_CHANNELS = 20

ChannelName = Annotated[str, Field(pattern="^[a-z0-9-]{1,32}$")]
Sites = Annotated[list[int], Field(max_length=1000)]
Address = Annotated[str, Field(pattern=r"^[!-~]{1,200}@[A-Za-z0-9.-]{1,200}$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Strict):
    """When something that headquarters sees by itself is an alarm."""

    silent_min: int = Field(default=10, ge=2, le=10_000)
    backlog_entries: int = Field(default=500, ge=1, le=1_000_000)
    backlog_min: int = Field(default=15, ge=1, le=10_000)
    clock_s: int = Field(default=60, ge=5, le=3600)
    disk_free_mib: int = Field(default=512, ge=1, le=1_000_000)
    software: str | None = Field(default=None, min_length=1, max_length=64)


class _Webhook(_Strict):
    name: ChannelName
    url: str = Field(max_length=1000)
    secret: str
    ca: str | None = None
    sites: Sites = []


class _Mail(_Strict):
    name: ChannelName
    relay: Host = "localhost"
    port: int = Field(default=25, ge=1, le=65535)
    sender: Address = Field(alias="from")
    to: list[Address] = Field(min_length=1, max_length=50)
    sites: Sites = []


class _Settings(_Strict):
    watch: Limits = Limits()
    webhook: list[_Webhook] = Field(default=[], max_length=MAX_CHANNELS)
    mail: list[_Mail] = Field(default=[], max_length=MAX_CHANNELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where notices are posted, one by one. `sites`: only of these; empty: of all."""

    name: str
    host: str
    port: int
    path: str
    secret: bytes = field(repr=False)
    tls: ssl.SSLContext = field(repr=False, compare=False)
    sites: frozenset[int]

    @property
    def channel(self) -> str:
        """Its name in the outbox."""
        return f"webhook {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """To whom notices are mailed, those of a site summed up."""

    name: str
    relay: str
    port: int
    sender: str
    to: tuple[str, ...]
    sites: frozenset[int]

    @property
    def channel(self) -> str:
        """Its name in the outbox."""
        return f"mail {self.name}"


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """All of `alarms.toml`."""

    limits: Limits = field(default_factory=Limits)
    webhooks: tuple[Webhook, ...] = ()
    mails: tuple[Mail, ...] = ()

    @property
    def channels(self) -> "tuple[Webhook | Mail, ...]":
        """Everybody who is told."""
        return (*self.webhooks, *self.mails)


def load_alarm_settings(folder: Path) -> AlarmSettings:
    """What `alarms.toml` in headquarters' folder says; without the file every limit's default, and nobody is told.

    Raises:
        ConfigurationError: it has mistakes, or a file that it names is missing or open to others.
    """
    path = folder / FILE
    try:
        found = _Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return AlarmSettings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        mistakes = tuple(f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(mistakes[0], mistakes) from None
    for kind, names in (
        ("webhook", [each.name for each in found.webhook]),
        ("mail", [each.name for each in found.mail]),
    ):
        if len(set(names)) != len(names):
            raise ConfigurationError(f"{path}: two [[{kind}]] have one name")
    return AlarmSettings(
        found.watch,
        tuple(_webhook(path, each) for each in found.webhook),
        tuple(
            Mail(
                name=each.name,
                relay=each.relay,
                port=each.port,
                sender=each.sender,
                to=tuple(each.to),
                sites=frozenset(each.sites),
            )
            for each in found.mail
        ),
    )


def _webhook(path: Path, found: _Webhook) -> Webhook:
    try:
        url = urlsplit(found.url)
        port = url.port or 443
    except ValueError:
        url, port = urlsplit(""), 443
    if (
        url.scheme != "https"
        or not url.hostname
        or url.username is not None
        or url.fragment
        or not _is_plain(found.url)
    ):
        raise ConfigurationError(f"{path}: webhook {found.name}: url wants https://HOST[:PORT]/PATH")
    return Webhook(
        name=found.name,
        host=url.hostname,
        port=port,
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        secret=_secret(path.parent / found.secret),
        tls=_tls(path, found),
        sites=frozenset(found.sites),
    )


def _is_plain(text: str) -> bool:
    return text.isascii() and all(each.isprintable() and each != " " for each in text)


def _tls(path: Path, found: _Webhook) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if found.ca is None else path.parent / found.ca)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"{path}: webhook {found.name}: ca {found.ca} cannot be used: {error}") from None


def _secret(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise ConfigurationError(f"{path}: the webhook's secret cannot be read: {why}") from None
    if mode & 0o077:
        raise ConfigurationError(f"{path}: others may read or change it (mode {mode:04o}); do: chmod 600 {path}")
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(SECRET_PREFIX) or not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        raise ConfigurationError(
            f"{path}: a secret wants {SECRET_PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes in base64"
        )
    return secret
