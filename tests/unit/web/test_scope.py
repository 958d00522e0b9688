"""The period and customer that stay while a person moves."""

from flask import Flask

from app.web import scope
from app.web.scope import Scope, current_scope, from_values


def test_days_that_are_none_are_ignored() -> None:
    assert from_values({"from": "1992-02-30", "to": "1992-09-14", "customer": "cus_1"}) == Scope("", "1992-09-14", "cus_1")
    assert from_values({}) == Scope()


def test_a_period_is_told_in_words() -> None:
    assert Scope("1992-09-14", "1992-10-04").period_text == "14 Sep to 4 Oct 1992"
    assert Scope("1992-09-14").period_text == "14 Sep 1992 →"
    assert Scope(end="1992-10-04").period_text == "→ 4 Oct 1992"
    assert Scope().period_text == ""


def test_a_chosen_scope_is_remembered_and_can_be_widened_again() -> None:
    app = Flask(__name__)
    scope.install(app)

    @app.get("/")
    def page() -> dict[str, str]:
        return current_scope().as_dict()

    client = app.test_client()
    assert client.get("/?from=1992-01-06").json == {}, "an address without scope=1 filters its page only"
    chosen = client.get("/?scope=1&from=1992-01-06&customer=cus_1").json
    assert chosen == {"from": "1992-01-06", "customer": "cus_1"}
    assert client.get("/").json == chosen
    assert client.get("/?scope=1").json == {}
    assert client.get("/").json == {}
