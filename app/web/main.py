"""The backend: one Flask application with the API of every subject and the pages of every subject."""

from apiflask import APIFlask

from app import __version__
from app.access import authentication
from app.core.logging import configure_logging
from app.core.settings import Settings, settings
from app.web import metrics, openapi, presentation, problems, request_context, short_way, subjects

# What a form adds to the file in it; the file itself is judged by whoever takes it in. nginx allows imports the same.
ENVELOPE_BYTES = 1024 * 1024


def create_app(config: Settings | None = None) -> APIFlask:
    """Build the application; `config` defaults to the process's settings."""
    config = config or settings()
    configure_logging(config)
    app = APIFlask(
        __name__,
        title="TradeAI",
        version=__version__,
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        static_url_path="/static",
    )
    app.config.update(
        MAX_CONTENT_LENGTH=config.upload_limit_bytes + ENVELOPE_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SECRET_KEY=config.secret("secret_key").get_secret_value(),
        OPENAPI_VERSION="3.1.0",
        VALIDATION_ERROR_STATUS_CODE=422,
        VALIDATION_ERROR_DESCRIPTION="The request does not fit the schema.",
        JSON_SORT_KEYS=False,
    )
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    request_context.install(app)
    metrics.install(app, config)
    authentication.install(app)
    presentation.install(app)
    problems.install(app)
    openapi.install(app)
    subjects.install(app)
    short_way.install(app)
    return app
