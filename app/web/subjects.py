"""The subjects whose API and pages the backend serves; adding one is one line here."""

import importlib

from apiflask import APIFlask

MODULES = (
    "app.web.health",
    "app.trade.customers.api",
    "app.trade.products.api",
)


def install(app: APIFlask) -> None:
    """Register `blueprint` (or each of `blueprints`) of every module."""
    for name in MODULES:
        module = importlib.import_module(name)
        for blueprint in getattr(module, "blueprints", None) or (module.blueprint,):
            app.register_blueprint(blueprint)
