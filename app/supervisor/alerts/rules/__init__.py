"""The rules of the operators' manuals, all on unless the settings say otherwise. What to do about each: docs/alerts.md."""

from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.backups import BACKUPS
from app.supervisor.alerts.rules.database import DATABASE
from app.supervisor.alerts.rules.host import HOST
from app.supervisor.alerts.rules.models import MODELS
from app.supervisor.alerts.rules.own import OWN
from app.supervisor.alerts.rules.requests import REQUESTS
from app.supervisor.alerts.rules.security import SECURITY
from app.supervisor.alerts.rules.services import SERVICES

RULES: tuple[Rule, ...] = SERVICES + HOST + DATABASE + REQUESTS + SECURITY + MODELS + BACKUPS + OWN
BY_NAME = {rule.name: rule for rule in RULES}
