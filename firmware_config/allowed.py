"""What a key may hold, in words, taken from its type: for the lines about mistakes and for the page in `docs/`."""

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le, MaxLen, MinLen

from firmware_config.values import Allowed, Section


def key_types(section: type[Section]) -> dict[str, Any]:
    """Key → annotated type of a table, in the order of its definition."""
    hints = get_type_hints(section, include_extras=True)
    return {each.name: hints[each.name] for each in fields(section)}  # type: ignore[arg-type]  # every Section is one


def defaults(section: type[Section]) -> dict[str, Any]:
    """Key → what it is when left out, `dataclasses.MISSING` where it may not be."""
    return {each.name: each.default for each in fields(section)}  # type: ignore[arg-type]  # every Section is one


def unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type without `Annotated` and without its `None`, and what it was annotated with."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(hint) is Annotated:
            hint, metadata = hint.__origin__, hint.__metadata__ + metadata
        elif get_origin(hint) in {Union, UnionType}:
            (hint,) = (each for each in get_args(hint) if each is not NoneType)
        else:
            return hint, metadata


def is_mapping(hint: Any) -> bool:
    """Tell whether `hint` is a table whose keys are names that the file makes up."""
    return get_origin(unwrapped(hint)[0]) is dict


def element(hint: Any) -> Any:
    """Type of the elements of a list or of such a table, None when `hint` is neither."""
    plain, _ = unwrapped(hint)
    if is_mapping(hint):
        return get_args(plain)[1]
    return get_args(plain)[0] if get_origin(plain) is tuple else None


def section_of(hint: Any) -> type[Section] | None:
    """The table that `hint` (or a list's element) stands for, None when it is a plain value."""
    plain, _ = unwrapped(element(hint) or hint)
    return plain if is_dataclass(plain) and isinstance(plain, type) and issubclass(plain, Section) else None


def allowed(hint: Any, key: str) -> str:
    """What the key `key` (its whole path, without counts) may hold, in words."""
    plain, metadata = unwrapped(hint)
    bounds = {type(each): each for each in metadata}
    if words := bounds.get(Allowed):
        return str(words.words)
    if section_of(hint):
        if element(hint) is None or is_mapping(hint):
            return f"a table [{key}]"
        return f"{how_many(hint)} tables [[{key}]]"
    if get_origin(plain) is Literal:
        return _choices(plain, " or ")
    if plain is int:
        return f"a whole number from {bounds[Ge].ge} to {bounds[Le].le}"
    if inner := element(hint):
        any_of = f"a list of any of {_choices(unwrapped(inner)[0], ' and ')}, each at most once"
        return f"{any_of}, at least one" if MinLen in bounds else any_of
    raise TypeError(f"{key}: no words for {plain}")


def how_many(hint: Any) -> str:
    """How many elements a bounded list may have."""
    bounds = {type(each): each for each in unwrapped(hint)[1]}
    return f"{bounds[MinLen].min_length} to {bounds[MaxLen].max_length}"


def _choices(literal: Any, conjunction: str) -> str:
    *most, last = (f'"{choice}"' for choice in get_args(literal))
    return f"{', '.join(most)}{conjunction if most else ''}{last}"
