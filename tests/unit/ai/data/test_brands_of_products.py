"""The brand is the node below the category; a product that hangs on the category itself has none."""

from dataclasses import replace
from typing import Any

from ai.data.panel import Panel
from ai.data.sales_reader import read_products
from ai.features.design import blocks_of
from ai.models.loglinear import LogLinearModel
from ai.registry.storage import bind, pack


class Products:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def find(self, *_question: Any) -> list[dict[str, Any]]:
        return self._rows


def test_the_second_step_of_a_path_is_the_brand() -> None:
    paths = {
        "prd_1": ["cat", "brand", "prd_1"],
        "prd_2": ["cat", "brand", "sub", "prd_2"],
        "prd_3": ["cat", "prd_3"],
        "prd_4": [],
    }
    rows = [{"_id": key, "name": key, "path": path} for key, path in paths.items()]
    found = read_products({"products": Products(rows)})  # type: ignore[arg-type]
    assert {key: product.brand_id for key, product in found.items()} == {
        "prd_1": "brand", "prd_2": "brand", "prd_3": "", "prd_4": "",
    }  # fmt: skip


def test_blocks_know_their_brand_and_a_stored_model_keeps_it(panel: Panel, quick_model: Any) -> None:
    products = {key: replace(product, brand_id=f"brand_{key}") for key, product in panel.products.items()}
    branded = replace(panel, products=products)
    assert [block.brand_id for block in blocks_of(branded)] == ["brand_prd_a", "brand_prd_b", "brand_prd_c"]
    model: LogLinearModel = quick_model(branded)
    stored = pack(model, branded)
    assert [block.block.brand_id for block in bind(stored, branded).blocks.values()] == [
        "brand_prd_a",
        "brand_prd_b",
        "brand_prd_c",
    ]
    for facts in stored.facts["blocks"]:
        del facts["brand_id"]  # as models of before brands were read
    assert {block.block.brand_id for block in bind(stored, branded).blocks.values()} == {""}
