"""One search over customers, products and promotions."""

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.signed_in import principal
from app.core.cache import cached
from app.trade.hierarchy.answers import encode, pack, packed_answer
from app.web.search import find

blueprint = APIBlueprint("search_api", __name__, url_prefix="/api/v1/search", tag="Search")
SCOPES = ("customers", "products", "promotions")


class SearchQuery(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(min_length=2, max_length=100, description="Part of a code or name")
    limit: int = Field(10, ge=1, le=50, description="At most this many of each subject")


class Found(BaseModel):
    """One thing; `href` is its page."""

    title: str
    note: str
    href: str


class Group(BaseModel):
    """What was found of one subject; `href` is its list."""

    title: str
    href: str
    items: list[Found]


class SearchAnswer(BaseModel):
    """Subjects without a match, and those the role may not read, are left out."""

    groups: list[Group]


@blueprint.get("")
@blueprint.input(SearchQuery, location="query")
@blueprint.output(SearchAnswer)
@blueprint.doc(summary="Search customers, products and promotions", responses=[401, 422])
def search(query_data: SearchQuery) -> Response:
    """By code or name, capitals ignored."""
    who = principal()

    def load() -> bytes:
        return pack(encode({"groups": find(who, query_data.q, query_data.limit)}))

    return packed_answer(cached(SCOPES, ["search", who.role.value, query_data.model_dump()], load))
