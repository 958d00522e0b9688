"""Creating, changing and moving a node of a tree: permission, rules, storage, audit, event, in this order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.cache import cached, changing, size_of
from app.core.clock import iso
from app.core.errors import FieldError, Invalid, NotFound, Stale
from app.core.events import emit
from app.core.follow import Wanted, followed
from app.core.ids import new_id
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.trade.hierarchy.answers import encode, pack
from app.trade.hierarchy.renames import RENAMED, FirstPage, can_follow, rename
from app.trade.hierarchy.rules import BadParent, check_children, check_parent, path_under
from app.trade.hierarchy.store import Nodes

_FOLLOWED_ROWS = 100


@dataclass(frozen=True)
class Tree:
    """One hierarchy: `kind` names one node (ids, audit), `scope` all of them (cache, topic); `levels` from the top."""

    nodes: Nodes
    kind: str
    scope: str
    levels: Sequence[str]
    sortable: dict[str, str]
    read: Permission
    write: Permission

    def get(self, who: Principal, node_id: str) -> Document:
        """The node; raises NotFound."""
        require(who, self.read)
        return self.nodes.get(node_id)

    def page(self, who: Principal, where: Document, request: PageRequest, count: bool = True) -> Page:
        """One page of `where`."""
        require(who, self.read)
        page = self.nodes.page(where, request, self.sortable, count=False)
        return replace(page, total=self._count(where)) if count else page

    def packed_page(
        self, who: Principal, where: Document, request: PageRequest, count: bool, as_json: Callable[[Document], Document]
    ) -> bytes:
        """One page of `where` as packed JSON, each node as `as_json` gives it; a rename is worked in without the database."""
        require(who, self.read)

        def load() -> FirstPage:
            found = self.page(who, where, request, count)
            return FirstPage([as_json(node) for node in found.items], found.next_cursor, found.total, request.sort)

        if request.cursor is None and request.limit <= _FOLLOWED_ROWS and can_follow(where, request.sort):
            key = (tuple(sorted(where.items())), request.sort, request.limit, count)
            (page,) = followed(Wanted(self.scope, key, load, rename))
        else:
            page = load()
        return pack(encode({"items": page.items, "next_cursor": page.next_cursor, "total": page.total}))

    def _count(self, where: Document) -> int:
        """How many nodes `where` has; kept while only names change, if it is plain enough not to look at them."""
        if not can_follow(where, ""):
            return self.nodes.count(where)
        return int(cached([size_of(self.scope)], ["count", self.scope, where], lambda: b"%d" % self.nodes.count(where)))

    def iterate(self, who: Principal, where: Document) -> Iterator[Document]:
        """Every node of `where`, by code."""
        require(who, self.read)
        return self.nodes.find(where)

    def ancestors(self, who: Principal, node: Document) -> list[Document]:
        """The nodes above, from the top."""
        require(who, self.read)
        above = [node_id for node_id in node["path"] if node_id != node["_id"]]
        found = self.nodes.by_ids(above)
        return [found[node_id] for node_id in above if node_id in found]

    def children(self, who: Principal, node_id: str) -> list[Document]:
        """Direct children, by code."""
        require(who, self.read)
        return self.nodes.children(node_id)

    def names(self, ids: Sequence[str]) -> dict[str, Document]:
        """Code and name of each of `ids` that exists, for labels."""
        return self.nodes.by_ids(ids, {self.nodes.code: 1, "name": 1, "level": 1, "path": 1})

    def below(self, node_id: str, level: str | None = None) -> list[str]:
        """Ids of the node and all below it, of one `level` only when given; raises NotFound for an unknown node."""
        found = self.nodes.below(node_id, level)
        if not found and level is None:
            self.nodes.get(node_id)
        return found

    def possible_parents(self, who: Principal, level: str | None = None) -> list[Document]:
        """Nodes of every level above `level` (above the lowest when left out), for a choice."""
        require(who, self.read)
        limit = self.levels.index(level) if level else len(self.levels) - 1
        return list(self.nodes.find({"level": {"$in": list(self.levels[:limit])}}))

    def create(self, who: Principal, fields: Mapping[str, Any]) -> Document:
        """Store a new node from `fields` (as in the input model); raises Invalid for a bad parent, Conflict for a taken code."""
        require(who, self.write)
        node_id = new_id(self.kind)
        with changing(self.scope), self.nodes.moving():
            parent = self._parent(fields.get("parent_id"))
            self._check(None, fields["name"], fields["level"], parent)
            document = {"_id": node_id, **fields, "path": path_under(node_id, parent)}
            node = self.nodes.insert(document, who.user_id)
        self._tell(who, "created", None, node)
        return node

    def change(self, who: Principal, node_id: str, version: int, fields: Mapping[str, Any]) -> Document:
        """Set `fields` if the node still has `version`; everything below follows when the parent changes.

        Raises NotFound, Stale, Conflict (code taken), Invalid (bad parent or level).
        """
        require(who, self.write)
        node = self.nodes.get(node_id)
        if node["version"] != version:
            raise Stale(f"{node['name']} was changed by somebody else since you opened it. Load it again, repeat your change.")
        changes = {name: value for name, value in fields.items() if node.get(name) != value}
        if not changes:
            return node
        if "parent_id" in changes or "level" in changes:
            before, after = self._reshape(who, node_id, version, changes)
        else:
            renames = set(changes) == {"name"}
            with changing(self.scope, numbers_stay=renames) as change:
                before, after = self.nodes.update(node_id, version, changes, who.user_id)
                if renames:
                    told = {**after, "id": node_id, "updated_at": iso(after["updated_at"])}
                    change.row = {name: told[name] for name in RENAMED}
        self._tell(who, "changed", {name: before.get(name) for name in changes}, after, {n: after.get(n) for n in changes})
        return after

    def _reshape(self, who: Principal, node_id: str, version: int, changes: Document) -> tuple[Document, Document]:
        with changing(self.scope), self.nodes.moving():
            node = self.nodes.get(node_id)  # read again: the tree stands still only from here
            wanted = {**node, **changes}
            parent = self._parent(wanted.get("parent_id"))
            self._check(node_id, wanted["name"], wanted["level"], parent)
            return self.nodes.move(node_id, version, {**changes, "path": path_under(node_id, parent)}, who.user_id)

    def _parent(self, parent_id: str | None) -> Document | None:
        if parent_id is None:
            return None
        try:
            return self.nodes.get(parent_id)
        except NotFound as error:
            raise Invalid("The parent does not exist.", [FieldError("parent_id", "Choose one that exists.")]) from error

    def _check(self, node_id: str | None, name: str, level: str, parent: Document | None) -> None:
        try:
            check_parent(node_id, name, level, parent, self.levels)
            if node_id is not None:
                check_children(name, level, self.nodes.children(node_id), self.levels)
        except BadParent as error:
            raise Invalid(str(error), [FieldError("parent_id", str(error))]) from error

    def _tell(self, who: Principal, what: str, before: Document | None, node: Document, after: Document | None = None) -> None:
        record(who, f"{self.scope}.{what}", self.kind, node["_id"], before, after if after is not None else node)
        told = {"id": node["_id"], "code": node[self.nodes.code], "name": node["name"], "version": node["version"]}
        emit(self.scope, f"{self.kind}.{what}", told, actor=who.user_id)
