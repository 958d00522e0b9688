"""Rules about the models behind forecasts and analyses."""

from app.core.i18n import N_
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules.terms import P3, YES, minutes

MODELS: tuple[Rule, ...] = (
    Rule(
        "model_drift",
        N_("Sales no longer look like those the model of {subject} learned from"),
        "model_drift",
        YES,
        P3,
        N_("The page Models shows what moved. Check the newest imports; if they are right, train the model again."),
        after=minutes(2),
        group="models",
    ),
)
