"""The subjects whose API and pages the backend serves; adding one is one line here."""

import importlib

from apiflask import APIFlask

MODULES = (
    "app.web.health",
    "app.web.doctor",
    "app.web.backup_trail",
    "app.web.jobs_api",
    "app.web.home",
    "app.web.notifications",
    "app.web.offline",
    "app.web.about",
    "app.web.api_docs",
    "app.web.search",
    "app.web.scope_customers",
    "app.web.styleguide",
    "app.access.sign_in.api",
    "app.access.sign_in.pages",
    "app.access.users.api",
    "app.access.users.pages",
    "app.access.audit.api",
    "app.access.audit.pages",
    "app.trade.customers.api",
    "app.trade.customers.pages",
    "app.trade.products.api",
    "app.trade.products.pages",
    "app.trade.imports.api",
    "app.trade.imports.pages",
    "app.trade.sales.api",
    "app.trade.sales.pages",
    "app.trade.promotions.api",
    "app.trade.promotions.pages",
    "app.trade.promotions.forms",
    "app.trade.promotions.batch_pages",
    "app.trade.models.api",
    "app.trade.models.pages",
    "app.trade.forecasts.api",
    "app.trade.forecasts.pages",
    "app.trade.anomalies.api",
    "app.trade.anomalies.pages",
    "app.trade.planning.api",
    "app.trade.planning.pages",
    "app.trade.planning.optimiser_pages",
    "app.trade.recommendations.api",
    "app.trade.recommendations.pages",
    "app.trade.segments.api",
    "app.trade.segments.pages",
    "app.trade.search.api",
)


def install(app: APIFlask) -> None:
    """Register `blueprint` (or each of `blueprints`) of every module."""
    for name in MODULES:
        module = importlib.import_module(name)
        for blueprint in getattr(module, "blueprints", None) or (module.blueprint,):
            app.register_blueprint(blueprint)
