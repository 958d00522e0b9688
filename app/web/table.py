"""The one table: its columns, what the address asks of it, and its rows; drawn by templates/macros/table.html."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from flask import request

from app.core.paging import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from app.web.scope import current_scope

Kind = Literal[
    "text", "link", "number", "money", "amount", "percent", "roi", "signed",
    "date", "week", "datetime", "ago", "status", "badge", "custom",
]  # fmt: skip
NUMERIC: frozenset[str] = frozenset({"number", "money", "amount", "percent", "roi", "signed"})
_OWN_NAMES = frozenset({"sort", "cursor", "trail", "limit", "format", "cols", "tab"})
_TRAIL_SEPARATOR = _COLUMN_SEPARATOR = "~"  # not a dot: column keys have dots
_TRAIL_MAX = 12


@dataclass(frozen=True)
class Column:
    """One column. `key` may be dotted; `sort` is True (sorts by key) or the public sort name; `help` explains the header;
    `right` aligns a drawn (custom) column like numbers."""

    key: str
    label: str
    kind: Kind = "text"
    sort: bool | str = False
    hidden: bool = False
    decimals: int | None = None
    help: str = ""
    currency: str = ""
    href: Callable[[Any], str] | None = None
    right: bool = False

    @property
    def sort_name(self) -> str | None:
        """The name that the address uses to sort by this column, None when it does not sort."""
        return (self.key if self.sort is True else self.sort) or None

    @property
    def numeric(self) -> bool:
        """Right-aligned with tabular figures."""
        return self.right or self.kind in NUMERIC


@dataclass(frozen=True)
class TableQuery:
    """What the address (and for columns a cookie) asks for."""

    sort: str
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT
    filters: Mapping[str, str] = field(default_factory=dict)
    inherited: frozenset[str] = frozenset()
    export: str | None = None
    columns: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    path: str = ""
    address: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_request(
        cls, columns: Sequence[Column], default_sort: str, filters: Sequence[str] = ("q",), limit: int = DEFAULT_LIMIT
    ) -> "TableQuery":
        """Read the current request. A sort that no column offers falls back to `default_sort`; filters named from, to
        and customer are taken from the remembered scope when the address does not name them."""
        cookie = request.cookies.get("cols." + request.path.strip("/").replace("/", "."), "")
        return cls.from_address(
            request.args.to_dict(), request.path, columns, default_sort, filters, limit, cookie, current_scope().as_dict()
        )

    @classmethod
    def from_address(
        cls,
        args: Mapping[str, str],
        path: str,
        columns: Sequence[Column],
        default_sort: str,
        filters: Sequence[str] = ("q",),
        limit: int = DEFAULT_LIMIT,
        columns_cookie: str = "",
        scope: Mapping[str, str] | None = None,
    ) -> "TableQuery":
        """The same from plain values. A filter that the address names, even empty, is not taken from `scope`."""
        inherited = {name: value for name, value in (scope or {}).items() if name in filters and name not in args}
        sortable = {column.sort_name for column in columns if column.sort_name}
        sort = args.get("sort", "")
        chosen = [key for key in args.get("cols", columns_cookie).split(_COLUMN_SEPARATOR) if key]
        asked = args.get("limit", "")
        trail = args.get("trail", "")
        return cls(
            sort=sort if sort.removeprefix("-") in sortable else default_sort,
            cursor=args.get("cursor") or None,
            limit=max(1, min(int(asked), MAX_LIMIT)) if asked.isdigit() else limit,
            filters={**{name: args[name].strip() for name in filters if args.get(name, "").strip()}, **inherited},
            inherited=frozenset(inherited),
            export=args["format"] if args.get("format") in {"csv", "xlsx"} else None,
            columns=tuple(chosen),
            trail=tuple(trail.split(_TRAIL_SEPARATOR)) if trail else (),
            path=path,
            address={
                name: value
                for name, value in args.items()
                if (name in filters or name in _OWN_NAMES) and (value or name in (scope or {}))
            },
        )

    @property
    def page_request(self) -> PageRequest:
        """As `app.core.paging` takes it."""
        return PageRequest(sort=self.sort, limit=self.limit, cursor=self.cursor)

    @property
    def filtered(self) -> bool:
        """Whether a filter of the page's own narrows the list; the scope in the top bar does not count."""
        return bool(set(self.filters) - self.inherited)

    def link(self, **changes: str | None) -> str:
        """This address with `changes`; None removes a name. Anything but paging starts again from the first page."""
        address = dict(self.address)
        address.pop("format", None)
        if not {"cursor", "trail"} & set(changes):
            address.pop("cursor", None)
            address.pop("trail", None)
        for name, value in changes.items():
            if value is None:
                address.pop(name, None)
            else:
                address[name] = value
        return f"{self.path}?{urlencode(address)}" if address else self.path

    @property
    def clear_link(self) -> str:
        """The list without filters of its own, sort kept; the scope applies again."""
        return self.link(**dict.fromkeys(set(self.filters) - self.inherited))

    def hidden_fields(self, *without: str) -> list[tuple[str, str]]:
        """Names and values a GET form carries along so that it does not lose the rest of the address."""
        dropped = {"cursor", "trail", "format", *without}
        return [(name, value) for name, value in self.address.items() if name not in dropped]


@dataclass(frozen=True)
class RowAction:
    """One thing to do with the ticked rows; `name` is sent as `action`. `download` answers with a file and leaves the page."""

    name: str
    label: str
    icon: str = ""
    download: bool = False


@dataclass(frozen=True)
class Picking:
    """Ticking rows: the ticked ones are posted to `href`, each as what `value` makes of it under the name `chosen`; `label`
    names a row for those who do not see it."""

    href: str
    actions: Sequence[RowAction]
    value: Callable[[Any], str]
    label: Callable[[Any], str]


@dataclass(frozen=True)
class Table:
    """Rows with all that is needed to draw them. `href` makes a row open; `totals` are values by column key."""

    id: str
    columns: Sequence[Column]
    query: TableQuery
    rows: Sequence[Any]
    next_cursor: str | None = None
    count: int | None = None
    href: Callable[[Any], str] | None = None
    totals: Mapping[str, Any] | None = None
    caption: str = ""
    exports: Sequence[str] = ("csv", "xlsx")
    panel: bool = True
    topic: str = ""
    picking: Picking | None = None

    @property
    def shown(self) -> list[Column]:
        """The columns to draw: the chosen ones in the table's own order, else all that are not hidden at first."""
        chosen = [column for column in self.columns if column.key in self.query.columns]
        return chosen or [column for column in self.columns if not column.hidden]

    def value(self, row: Any, column: Column) -> Any:
        """The cell's value."""
        return value_of(row, column.key)

    def sort_link(self, column: Column) -> str:
        """Where a click on the header leads: sort by it, then reverse; numbers and dates start with the largest."""
        name = column.sort_name or ""
        if self.query.sort == name:
            return self.query.link(sort=f"-{name}")
        if self.query.sort == f"-{name}":
            return self.query.link(sort=name)
        largest_first = column.numeric or column.kind in {"date", "week", "datetime", "ago"}
        return self.query.link(sort=f"-{name}" if largest_first else name)

    def sorted_by(self, column: Column) -> str:
        """`ascending`, `descending` or `` as aria-sort wants it."""
        name = column.sort_name
        if not name or self.query.sort.removeprefix("-") != name:
            return ""
        return "descending" if self.query.sort.startswith("-") else "ascending"

    @property
    def next_link(self) -> str | None:
        """The next page; the cursors of the pages before travel along so that one can go back."""
        if not self.next_cursor:
            return None
        trail = (*self.query.trail, self.query.cursor or "")[-_TRAIL_MAX:]
        return self.query.link(cursor=self.next_cursor, trail=_TRAIL_SEPARATOR.join(trail) or _TRAIL_SEPARATOR)

    @property
    def previous_link(self) -> str | None:
        """The page before, None on the first."""
        if not self.query.cursor:
            return None
        trail = [part for part in self.query.trail if part]
        if not trail:
            return self.query.link(cursor=None, trail=None)
        return self.query.link(cursor=trail[-1], trail=_TRAIL_SEPARATOR.join(trail[:-1]) or None)

    @property
    def export_links(self) -> list[tuple[str, str]]:
        """(`CSV`, address) for each way out."""
        return [(kind.upper(), self.query.link(format=kind)) for kind in self.exports]


def value_of(row: Any, key: str) -> Any:
    """`customer.name` of nested mappings or objects; None where a part is missing."""
    value = row
    for part in key.split("."):
        if value is None:
            return None
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value


def rows_of_values(columns: Sequence[Column], rows: Iterable[Any]) -> Iterable[list[Any]]:
    """Each row as its values in column order, for exports."""
    for row in rows:
        yield [value_of(row, column.key) for column in columns]
