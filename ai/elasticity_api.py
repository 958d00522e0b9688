"""HTTP of elasticities."""

from __future__ import annotations

from typing import Any

from flask import Response

from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.models.elasticity import BlockElasticity, Estimate, GroupMean, elasticities, group_means
from ai.planning_schemas import (
    BrandElasticity,
    CategoryElasticity,
    CrossElasticity,
    Elasticity,
    ElasticityAnswer,
    ElasticityRequest,
    ProductElasticity,
    Refusal,
)


@blueprint.post("/elasticity")
def elasticity() -> Response:
    """Own and cross price elasticities with standard errors, thin products drawn to their brand and category."""
    asked = read_body(ElasticityRequest)
    ready = parts().serving.ready(asked.source)
    known_ids(ready.panel, "", [], asked.product_ids)
    everything = elasticities(ready.panel, ready.model, set())
    wanted = set(asked.product_ids)
    refused = [
        Refusal(product_id=block.block.product_id, reason=block.refusal)
        for block in ready.model.blocks.values()
        if block.refusal and (not wanted or block.block.product_id in wanted)
    ]
    answered = {key[0] for key in ready.model.blocks}
    refused += [
        Refusal(product_id=key, reason="the model has not seen this product; train it again once it has sold")
        for key in asked.product_ids
        if key not in answered
    ]
    return answer(
        ElasticityAnswer(
            model=model_info(ready.entry),
            products=[product_elasticity(one) for one in everything if not wanted or one.block.block.product_id in wanted],
            categories=[
                CategoryElasticity(category_id=mean.category_id, **_of_group(mean)) for mean in group_means(everything, False)
            ],
            brands=[
                BrandElasticity(category_id=mean.category_id, brand_id=mean.brand_id, **_of_group(mean))
                for mean in group_means(everything, True)
            ],
            refused=refused,
        )
    )


def _of_group(mean: GroupMean) -> dict[str, Any]:
    figures = {"promotion_mean": round(mean.mean, 3), "promotion_sd": round(mean.sd, 3)}
    return {"chain_id": mean.chain_id, "products": mean.products, **figures}


def _told(estimate: Estimate) -> dict[str, Any]:
    return {"value": round(estimate.value, 3), "standard_error": round(estimate.standard_error, 3), "basis": estimate.basis}


def product_elasticity(one: BlockElasticity) -> ProductElasticity:
    """As the API gives it."""
    return ProductElasticity(
        product_id=one.block.block.product_id,
        chain_id=one.block.block.chain_id,
        brand_id=one.block.block.brand_id,
        weeks=one.weeks,
        stores=one.stores,
        promotion=Elasticity(**_told(one.promotion)),
        promotion_featured=Elasticity(**_told(one.promotion_featured)),
        regular=Elasticity(**_told(one.regular)),
        cross=[CrossElasticity(product_id=key, **_told(estimate)) for key, estimate in one.cross],
    )
