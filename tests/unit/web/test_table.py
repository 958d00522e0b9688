"""What an address asks of a table, and where the table's links lead."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from app.web.table import Column, Table, TableQuery, value_of

COLUMNS = (
    Column("name", "Name", kind="link", sort=True),
    Column("units", "Units", kind="number", sort="incremental_units"),
    Column("note", "Note", hidden=True),
    Column("parent.name", "Belongs to", hidden=True),
)


def query(cookie: str = "", **args: str) -> TableQuery:
    return TableQuery.from_address(args, "/promotions", COLUMNS, "-units", filters=("q", "status", "from"), columns_cookie=cookie)


def table(asked: TableQuery, **more: object) -> Table:
    return Table("t", COLUMNS, asked, rows=[], **more)  # type: ignore[arg-type]


def asked_by(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def test_a_sort_that_no_column_offers_falls_back() -> None:
    assert query(sort="password").sort == "-units"
    assert query(sort="-name").sort == "-name"
    assert query(sort="incremental_units").sort == "incremental_units"


def test_only_known_filters_are_read_and_kept() -> None:
    asked = query(q="  juice ", status="", evil="x", sort="name")
    assert asked.filters == {"q": "juice"}
    assert asked.filtered
    assert asked_by(asked.link()) == {"q": "  juice ", "sort": "name"}


def test_limits_are_bounded_and_nonsense_is_ignored() -> None:
    assert query(limit="9999").limit == 500
    assert query(limit="0").limit == 1
    assert query(limit="-5").limit == 50
    assert query(limit="many").limit == 50
    assert query(format="exe").export is None
    assert query(format="xlsx").export == "xlsx"


def test_headers_sort_numbers_largest_first_and_then_reverse() -> None:
    name, units = COLUMNS[:2]
    first = table(query(sort="name"))
    assert asked_by(first.sort_link(units))["sort"] == "-incremental_units"
    assert asked_by(first.sort_link(name))["sort"] == "-name"
    assert first.sorted_by(name) == "ascending"
    assert first.sorted_by(units) == ""
    assert table(query(sort="-name")).sorted_by(name) == "descending"


def test_sorting_or_filtering_starts_again_from_the_first_page() -> None:
    link = query(cursor="c3", trail="~c2", sort="name").link(sort="-name")
    assert "cursor" not in asked_by(link)
    assert "trail" not in asked_by(link)


def test_pages_lead_forward_and_back_to_the_first() -> None:
    seen = []
    asked = query(q="x")
    for cursor in ("c2", "c3", "c4"):
        link = table(asked, next_cursor=cursor).next_link
        assert link
        asked = query(**asked_by(link))
        seen.append(asked.cursor)
    assert seen == ["c2", "c3", "c4"]
    back = []
    for _step in range(3):
        link = table(asked).previous_link
        assert link
        asked = query(**asked_by(link))
        back.append(asked.cursor)
    assert back == ["c3", "c2", None]
    assert table(asked).previous_link is None
    assert asked.filters == {"q": "x"}


def test_columns_come_from_address_then_cookie_then_the_table() -> None:
    keys = lambda asked: [column.key for column in table(asked).shown]  # noqa: E731
    assert keys(query()) == ["name", "units"]
    assert keys(query(cookie="note~name")) == ["name", "note"]
    assert keys(query(cookie="note", cols="units")) == ["units"]
    assert keys(query(cols="nothing")) == ["name", "units"]
    assert keys(query(cols="name~parent.name")) == ["name", "parent.name"], "a dotted key is one column"


def test_values_are_found_in_nested_mappings_and_objects() -> None:
    row = {"customer": SimpleNamespace(name="Store 5"), "nothing": None}
    assert value_of(row, "customer.name") == "Store 5"
    assert value_of(row, "nothing.name") is None
    assert value_of(row, "missing") is None


def test_exports_ask_for_every_row() -> None:
    links = dict(table(query(q="x", cursor="c2")).export_links)
    assert asked_by(links["CSV"]) == {"q": "x", "format": "csv"}


def test_the_scope_fills_filters_that_the_address_does_not_name() -> None:
    def asked(**args: str) -> TableQuery:
        scope = {"from": "1992-01-06", "customer": "cus_1"}
        return TableQuery.from_address(args, "/promotions", COLUMNS, "name", filters=("q", "from"), scope=scope)

    assert asked().filters == {"from": "1992-01-06"}, "customer is no filter of this list"
    assert not asked().filtered, "the scope is shown in the top bar, not as a filter"
    assert asked(**{"from": "1991-01-07"}).filters == {"from": "1991-01-07"}
    wider = asked(**{"from": "", "q": "x"})
    assert wider.filters == {"q": "x"}
    assert asked_by(wider.link(sort="-name"))["q"] == "x"
    assert "from=" in wider.link(), "an emptied filter stays emptied on the next page"
    assert wider.clear_link == "/promotions?from="
