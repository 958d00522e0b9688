"""What is proposed never loses money, and the best sharing of a cost is the best of all of them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ai.economics import Missing, Return
from ai.recommend.choice import Limits, Worth, best_sharing, net_of, order, verdict

money = st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)


def earned(net: Decimal, spend: Decimal = Decimal(10)) -> Return:
    return Return(net + spend, Decimal(0), spend, Decimal(0), net, net - 5, net + 5, None, None, None, [])


def worth(own: Decimal | None, other: Decimal | None, spend: Decimal = Decimal(10), sharing: int = 0) -> Worth:
    unknown = Missing("unit_cost", "no unit cost")
    return Worth(
        unknown if own is None else earned(own, spend), unknown if other is None else earned(other), Decimal(100), sharing
    )


def sharings(own: Decimal, other: Decimal, cut: Decimal) -> list[Worth]:
    """Both sides of one promotion whose cut is shared in steps of a tenth, the manufacturer's lightest first."""
    shares = [Decimal(step) / 10 for step in range(11)]
    return [worth(own - share * cut, other - (1 - share) * cut, 10 + share * cut, n) for n, share in enumerate(shares)]


@given(money, money, st.integers(0, 200).map(Decimal), st.none() | st.integers(0, 150).map(Decimal))
def test_the_chosen_sharing_is_the_best_of_those_that_pay_and_pays_both(
    own: Decimal, other: Decimal, cut: Decimal, most: Decimal | None
) -> None:
    every, limits = sharings(own, other, cut), Limits(most_spend=most)
    paying = [one for one in every if verdict(one, limits) == "pays"]
    chosen, judged = best_sharing(len(every), every.__getitem__, limits)
    assert (judged == "pays") == bool(paying)
    if paying:
        assert net_of(chosen) == max(net_of(one) for one in paying) > 0
        assert isinstance(chosen.other, Return)
        assert chosen.other.net >= 0
        assert isinstance(chosen.own, Return)
        assert most is None or chosen.own.spend <= most


@given(st.none() | money, st.none() | money, st.floats(0, 1))
def test_nothing_that_loses_or_cannot_be_told_pays(own: Decimal | None, other: Decimal | None, share: float) -> None:
    one = worth(own, other)
    if verdict(one, Limits(most_spend_share=Decimal(str(share)))) == "pays":
        assert own is not None
        assert own > 0
        assert other is None or other >= 0
        assert Decimal(10) <= Decimal(str(share)) * 100


def test_what_pays_comes_first_then_what_earns_most() -> None:
    few = [("loses", worth(Decimal(-1), None)), ("pays", worth(Decimal(1), None)), ("pays", worth(Decimal(9), None))]
    ordered = sorted(few, key=lambda pair: order(pair[0], pair[1]))  # type: ignore[arg-type]
    assert [net_of(one) for _verdict, one in ordered] == [9, 1, -1]


def test_a_sharing_that_is_given_is_judged_as_it_is() -> None:
    one = worth(Decimal(5), Decimal(-1))
    assert best_sharing(1, lambda _number: one, Limits()) == (one, "other_side_loses")
