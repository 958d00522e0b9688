"""Products over HTTP."""

import functools
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.hierarchy.answers import encode, json_answer, packed_answer
from app.trade.products import service
from app.trade.products.models import Product, ProductChange, ProductInput, ProductPage, ProductQuery
from app.web import short_way

blueprint = APIBlueprint("products_api", __name__, url_prefix="/api/v1/products", tag="Products")


@blueprint.get("")
@blueprint.input(ProductQuery, location="query")
@blueprint.output(ProductPage)
@blueprint.doc(summary="List products", responses=[401, 403, 422])
def listing(query_data: ProductQuery) -> Response:
    """A page of products, filtered and sorted."""
    who = may(Permission.PRODUCTS_READ)
    answer = packed_answer(service.page_json(who, query_data))
    load = functools.partial(service.load_page, query=query_data)
    short_way.remember(service.page_question(query_data), load, Permission.PRODUCTS_READ)
    return answer


@blueprint.post("")
@blueprint.input(ProductInput)
@blueprint.output(Product, status_code=201)
@blueprint.doc(summary="Create a product", responses=[401, 403, 409, 422])
def create(json_data: ProductInput) -> Any:
    """A new product; its SKU must be free."""
    product = service.create(may(Permission.PRODUCTS_WRITE), json_data)
    answer = json_answer(encode(service.as_json(product)), 201)
    answer.headers["Location"] = f"/api/v1/products/{product['_id']}"
    return answer


@blueprint.get("/<product_id>")
@blueprint.output(Product)
@blueprint.doc(summary="One product", responses=[401, 403, 404])
def detail(product_id: str) -> Response:
    """The product with its version."""
    return json_answer(encode(service.as_json(service.get(may(Permission.PRODUCTS_READ), product_id))))


@blueprint.patch("/<product_id>")
@blueprint.input(ProductChange)
@blueprint.output(Product)
@blueprint.doc(summary="Change a product", responses=[401, 403, 404, 409, 422])
def change(product_id: str, json_data: ProductChange) -> Response:
    """Changes what is sent; 409 when `version` is not the newest any more."""
    product = service.change(may(Permission.PRODUCTS_WRITE), product_id, json_data)
    return json_answer(encode(service.as_json(product)))
