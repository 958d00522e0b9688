"""Customers over HTTP."""

import functools
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.customers import service
from app.trade.customers.models import Customer, CustomerChange, CustomerInput, CustomerPage, CustomerQuery
from app.trade.hierarchy.answers import encode, json_answer, packed_answer
from app.web import short_way

blueprint = APIBlueprint("customers_api", __name__, url_prefix="/api/v1/customers", tag="Customers")


@blueprint.get("")
@blueprint.input(CustomerQuery, location="query")
@blueprint.output(CustomerPage)
@blueprint.doc(summary="List customers", responses=[401, 403, 422])
def listing(query_data: CustomerQuery) -> Response:
    """A page of customers, filtered and sorted."""
    who = may(Permission.CUSTOMERS_READ)
    answer = packed_answer(service.page_json(who, query_data))
    load = functools.partial(service.load_page, query=query_data)
    short_way.remember(service.page_question(query_data), load, Permission.CUSTOMERS_READ)
    return answer


@blueprint.post("")
@blueprint.input(CustomerInput)
@blueprint.output(Customer, status_code=201)
@blueprint.doc(summary="Create a customer", responses=[401, 403, 409, 422])
def create(json_data: CustomerInput) -> Any:
    """A new customer; its code must be free."""
    customer = service.create(may(Permission.CUSTOMERS_WRITE), json_data)
    answer = json_answer(encode(service.as_json(customer)), 201)
    answer.headers["Location"] = f"/api/v1/customers/{customer['_id']}"
    return answer


@blueprint.get("/<customer_id>")
@blueprint.output(Customer)
@blueprint.doc(summary="One customer", responses=[401, 403, 404])
def detail(customer_id: str) -> Response:
    """The customer with its version."""
    return json_answer(encode(service.as_json(service.get(may(Permission.CUSTOMERS_READ), customer_id))))


@blueprint.patch("/<customer_id>")
@blueprint.input(CustomerChange)
@blueprint.output(Customer)
@blueprint.doc(summary="Change a customer", responses=[401, 403, 404, 409, 422])
def change(customer_id: str, json_data: CustomerChange) -> Response:
    """Changes what is sent; 409 when `version` is not the newest any more."""
    customer = service.change(may(Permission.CUSTOMERS_WRITE), customer_id, json_data)
    return json_answer(encode(service.as_json(customer)))
