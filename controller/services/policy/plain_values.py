"""Domain values as plain ones, and back: for what is kept as JSON and must mean the same when it is read again.

What is at its default is left out, so that most of a value is never written; names of people, teams and events, titles
of bookings and where they came from are left out too, because nothing is decided by them and a log that lives for years
should not repeat them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from controller.domain.facts import Plain

_UNTOLD = frozenset({"name", "title", "origin"})


class UnreadableError(ValueError):
    """These plain values are not of this type; another version wrote them, or they are damaged."""


def to_plain(value: Any) -> Plain:
    """What JSON can hold of a frozen value."""
    return _writer_of(value.__class__)(value)


def from_plain(kind: Any, plain: Plain) -> Any:
    """The value again; raises UnreadableError."""
    try:
        return _reader_of(kind)(plain)
    except (KeyError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise UnreadableError(f"not a {getattr(kind, '__name__', kind)}: {error}") from error


# --- writing --------------------------------------------------------------------------------------


@cache
def _writer_of(kind: Any) -> Callable[[Any], Plain]:
    if is_dataclass(kind):
        return _dataclass_writer(kind)
    if issubclass(kind, Enum):
        return _value_of
    if issubclass(kind, date):  # a datetime is a date, too
        return _iso
    if issubclass(kind, frozenset | set):
        return lambda value: tuple(sorted(map(to_plain, value), key=str))
    if issubclass(kind, tuple | list):
        return lambda value: tuple(map(to_plain, value))
    if issubclass(kind, Mapping):
        return lambda value: {str(to_plain(key)): to_plain(one) for key, one in value.items()}
    return _itself


def _dataclass_writer(kind: Any) -> Callable[[Any], Plain]:
    written = tuple((one.name, default_of(one)) for one in fields(kind) if one.name not in _UNTOLD)

    def write(value: Any) -> Plain:
        found: dict[str, Plain] = {}
        for name, default in written:
            part = getattr(value, name)
            if part is not default and part != default:
                found[name] = part if part.__class__ is str else _writer_of(part.__class__)(part)
        return found

    return write


def default_of(one: "Field[Any]") -> Any:
    """The default of a field, made if it has to be; MISSING where there is none."""
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


def _value_of(value: Any) -> Plain:
    return value.value  # type: ignore[no-any-return]


def _iso(value: Any) -> Plain:
    return value.isoformat()  # type: ignore[no-any-return]


def _itself(value: Any) -> Plain:
    return value  # type: ignore[no-any-return]


# --- reading --------------------------------------------------------------------------------------


@cache
def _reader_of(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, NewType):
        return _reader_of(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        some = [one for one in inner if one is not NoneType]
        # Of several ids, each reads a string; of anything else there is one beside None.
        read = _reader_of(some[0])
        return lambda plain: None if plain is None else read(plain)
    if origin is Literal:
        return lambda plain: plain if plain in inner else _refuse(plain, inner)
    if origin is tuple:
        one = _reader_of(inner[0])
        return lambda plain: tuple(map(one, _many(plain)))
    if origin is frozenset:
        one = _reader_of(inner[0])
        return lambda plain: frozenset(map(one, _many(plain)))
    if origin is not None and issubclass(origin, Mapping):
        key, each = _reader_of(inner[0]), _reader_of(inner[1])
        return lambda plain: {key(name): each(value) for name, value in plain.items()}
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if issubclass(kind, datetime | date):
        return lambda plain: kind.fromisoformat(plain)
    if issubclass(kind, Enum):
        return lambda plain: kind(plain)
    return lambda plain: plain if isinstance(plain, kind | (int if kind is float else kind)) else _refuse(plain, kind)


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {one.name: _reader_of(hints[one.name]) for one in fields(kind) if one.name not in _UNTOLD}
    # Of those that were left out, a name has no default of its own.
    untold = {one.name: "" for one in fields(kind) if one.name in _UNTOLD}

    def read(plain: Any) -> Any:
        # What a newer version wrote and this one does not know counts for nothing that this one decides.
        known = {name: readers[name](value) for name, value in plain.items() if name in readers}
        return kind(**known, **untold)

    return read


def _many(plain: Any) -> Any:
    return plain if isinstance(plain, tuple | list) else _refuse(plain, "a list")


def _refuse(plain: Any, wanted: object) -> Any:
    raise TypeError(f"{plain!r} is not {wanted}")
