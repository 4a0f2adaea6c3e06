"""Names of MQTT topics (design 7, 'MQTT 5'; docs/mqtt.md): who writes what, where."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

ROOT = "xs/v1"
COLLECTORS = "collectors"
"""The group of a shared subscription: each message goes to one of its members."""
MAX_WHOLE_BYTES = 128 * 1024
"""A file of a repository up to this goes as one message, a larger one in pieces of this size."""

Leaf: TypeAlias = Literal["journal", "head", "presence", "ack", "replay", "command"]
"""Of a terminal's own topics. The terminal writes the first three, headquarters the others."""

STAYS = "stays"
"""Of the topics of its own that are pages, each with its number: what headquarters says of the site's stays."""

_LEAF = rf"(?P<leaf>journal|head|presence|ack|replay|command)|(?P<pages>{STAYS})/(?:0|[1-9][0-9]{{0,3}})"
_OWN = re.compile(rf"{ROOT}/t/(?P<terminal>[a-z0-9-]{{1,32}})/(?:{_LEAF})")
_REPOSITORY = re.compile(rf"{ROOT}/repo/(?:shared|sites/(?P<site>[1-9][0-9]{{0,9}}))/(?P<rest>.+)")
_NAME = r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*"
_FILE = re.compile(_NAME)
_PIECE = r"(?P<sha256>[0-9a-f]{64})/(?P<count>[1-9][0-9]{0,3})/(?P<n>0|[1-9][0-9]{0,3})"
_BIG = re.compile(rf"big/(?P<name>{_NAME})/{_PIECE}")


@dataclass(frozen=True, slots=True)
class Piece:
    """Piece `n` of `count`, from 0, of a file whose content has this SHA-256 (in hexadecimal)."""

    sha256: str
    count: int
    n: int


@dataclass(frozen=True, slots=True)
class RepositoryTopic:
    """A file of the shared repository (`site` None) or of a site's; whole, or a piece of it."""

    site: int | None
    name: str
    piece: Piece | None = None

    def __str__(self) -> str:
        where = repository(self.site)
        if self.piece is None:
            return where + self.name
        return f"{where}big/{self.name}/{self.piece.sha256}/{self.piece.count}/{self.piece.n}"


def own(terminal: str, leaf: Leaf) -> str:
    """A topic of one terminal."""
    return f"{ROOT}/t/{terminal}/{leaf}"


def stays_page(terminal: str, page: int) -> str:
    """The topic of one page of the stays."""
    return f"{ROOT}/t/{terminal}/{STAYS}/{page}"


def stays_pages(terminal: str = "+") -> str:
    """The filter for all pages of the stays, of one terminal or of every one."""
    return f"{ROOT}/t/{terminal}/{STAYS}/+"


def of_all(leaf: Leaf, *, shared: bool = False) -> str:
    """The filter for this topic of every terminal; `shared` between all collectors."""
    return f"{f'$share/{COLLECTORS}/' if shared else ''}{ROOT}/t/+/{leaf}"


def read_own(topic: str) -> tuple[str, str] | None:
    """Terminal and leaf of a terminal's own topic, `STAYS` for each page of them; None for any other."""
    found = _OWN.fullmatch(topic)
    return (found["terminal"], found["leaf"] or found["pages"]) if found else None


def repository(site: int | None) -> str:
    """What all topics of a repository begin with: the shared one's, or a site's."""
    return f"{ROOT}/repo/shared/" if site is None else f"{ROOT}/repo/sites/{site}/"


def read_repository(topic: str) -> RepositoryTopic | None:
    """Which file of a repository, or which piece of one, a topic is for; None for any other."""
    found = _REPOSITORY.fullmatch(topic)
    if found is None:
        return None
    site = int(found["site"]) if found["site"] else None
    if site is not None and site >= 2**32:
        return None
    if big := _BIG.fullmatch(found["rest"]):
        piece = Piece(big["sha256"], int(big["count"]), int(big["n"]))
        return RepositoryTopic(site, big["name"], piece) if piece.n < piece.count else None
    # No file of a repository lies below `big`, so that no piece that is none is taken for a file.
    if found["rest"].startswith("big/") or not _FILE.fullmatch(found["rest"]):
        return None
    return RepositoryTopic(site, found["rest"])
