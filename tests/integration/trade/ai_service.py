"""The AI service as the app meets it: answers are built from its own schemas, so a changed shape fails here."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from ai.anomalies_api import AnomalyAnswer, AnomalyFound, AnomalyRequest
from ai.drift_api import DriftAnswer, ErrorDrift, FeatureDrift
from ai.planning_schemas import ForecastAnswer, ForecastRequest, ForecastTotal, ForecastWeek
from ai.problems import Invalid, from_validation
from ai.recommend_schemas import NotProposed, Proposal, RecommendAnswer, RecommendRequest
from ai.retrospect_api import AccuracyAnswer, AccuracyRequest, AccuracyWeek, LookBack
from ai.schemas import Band, Job, JobAnswer, ModelInfo, ModelList, PromoteRequest, Side, TrainRequest, Window
from ai.segments_api import Group, GroupTrait, LeftOut, Member, SegmentsAnswer, SegmentsRequest, Trait

FIRST_MONDAY = date(2026, 1, 5)
WEEKS = 30
ERRORS = {"cells": 480, "mape": 0.41, "wmape": 0.312, "bias": 0.021}
METRICS = {
    "protocol": "5 folds of hidden 4-week blocks", "single": {"cells": 900, "wmape": 0.31, "bias": 0.001, "coverage50": 0.5,
    "coverage80": 0.79, "coverage95": 0.95}, "chain": {"cells": 90, "wmape": 0.218, "bias": 0.0, "coverage50": 0.5,
    "coverage80": 0.78, "coverage95": 0.94}, "runs": {"cells": 30, "wmape": 0.168, "bias": 0.0, "coverage50": 0.47,
    "coverage80": 0.75, "coverage95": 0.93}, "blocks": {"modelled": 2, "refused": 0}, "shared_share_of_variance": 0.42,
    "forecast": {"protocol": "the last 12 weeks", "objective": {"mean": ERRORS, "median": ERRORS, "mape": ERRORS},
    "coverage80": 0.81, "coverage95": 0.95},
}  # fmt: skip


def _window(start: date = FIRST_MONDAY, end: date = FIRST_MONDAY + timedelta(weeks=WEEKS - 1)) -> Window:
    return Window(start=start, end=end)


class AiService:
    """As the test sets it: `down`, `problem` (status, body), `models`, `evaluated`, `shifted` (features), `polls`, `fails` and
    `held_back` (why)."""

    def __init__(self) -> None:
        self.down = False
        self.problem: tuple[int, dict[str, Any]] | None = None
        self.models = [self.model("mdl_2", True), self.model("mdl_1", False)]
        self.evaluated = True
        self.shifted: set[str] = set()
        self.asked: list[tuple[str, Any]] = []
        self.polls = 1
        self.fails = ""
        self.stopped: list[str] = []
        self.held_back: str | None = None

    def model(self, key: str, current: bool) -> ModelInfo:
        return ModelInfo(
            id=key, source="pos", fitted_at=f"2026-08-0{key[-1]}T10:00:00+00:00", rows=240, window=_window(), current=current,
            metrics=METRICS,
        )  # fmt: skip

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def questions(self, path: str) -> list[Any]:
        return [body for asked, body in self.asked if asked == path]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("nobody there")
        body = json.loads(request.content) if request.content else None
        self.asked.append((f"{request.method} {request.url.path}", body))
        if self.problem is not None:
            return httpx.Response(self.problem[0], json=self.problem[1])
        try:
            status, answer = self._route(request, body)
        except ValidationError as error:
            problem = from_validation(error)
            return httpx.Response(problem.status, json=problem.body())
        except Invalid as problem:
            return httpx.Response(422, json=problem.body())
        return httpx.Response(status, content=answer if isinstance(answer, str) else answer.model_dump_json(by_alias=True))

    def _route(self, request: httpx.Request, body: Any) -> tuple[int, BaseModel | str]:
        path = request.url.path
        if path == "/v1/models":
            return 200, ModelList(models=self.models, gone=[self.model("mdl_0", False)])
        if path.endswith("/promote"):
            PromoteRequest.model_validate(body)
            return self._promote(path.split("/")[3])
        if path in {"/v1/train", "/v1/evaluate"}:
            TrainRequest.model_validate(body)
            return 202, self._job("running")
        if path.endswith("/stop"):
            self.stopped.append(path.split("/")[3])
            return 200, self._job("failed", error="stopped by hand")
        if path.startswith(("/v1/train/", "/v1/evaluate/")):
            return 200, self._poll(path)
        if path == "/v1/drift":
            return 200, self._drift()
        if path == "/v1/evaluation":
            return self._evaluation()
        if path == "/v1/forecast":
            return 200, self._forecast(ForecastRequest.model_validate_json(json.dumps(body)))
        if path == "/v1/accuracy":
            return self._accuracy(AccuracyRequest.model_validate_json(json.dumps(body)))
        if path == "/v1/recommend":
            return 200, self._recommend(RecommendRequest.model_validate_json(json.dumps(body)))
        if path == "/v1/segments":
            return 200, self._segments(SegmentsRequest.model_validate_json(json.dumps(body)))
        if path == "/v1/anomalies":
            return 200, self._anomalies(AnomalyRequest.model_validate_json(json.dumps(body)))
        return 404, json.dumps({"type": "/problems/not-found", "detail": path})

    def _promote(self, key: str) -> tuple[int, BaseModel | str]:
        if key not in {model.id for model in self.models}:
            return 404, json.dumps({"type": "/problems/not-found", "detail": f"there is no model {key!r}"})
        self.models = [model.model_copy(update={"current": model.id == key}) for model in self.models]
        return 200, next(model for model in self.models if model.id == key)

    def _job(self, status: str, **more: Any) -> JobAnswer:
        started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return JobAnswer(job=Job(id="job_1", status=status, progress=0.5, step="fitting", started_at=started, **more))  # type: ignore[arg-type]

    def _poll(self, path: str) -> JobAnswer:
        if self.fails:
            return self._job("failed", error=self.fails)
        if self.polls > 0:
            self.polls -= 1
            return self._job("running")
        if path.startswith("/v1/evaluate"):
            self.evaluated = True
        elif self.models[0].id != "mdl_3":
            serving = self.held_back is not None
            kept = [model.model_copy(update={"current": serving and model.current}) for model in self.models]
            self.models = [self.model("mdl_3", not serving), *kept]
        return self._job("done", model=self.models[0].id, held_back=self.held_back)

    def _drift(self) -> DriftAnswer:
        features = [
            FeatureDrift(
                feature=name, reading=name, state="shifted" if name in self.shifted else "stable",
                psi=0.6 if name in self.shifted else 0.04, usual=0.2, mean_before=0.0, mean_now=0.3, cells=64,
            )
            for name in ("price", "price_cut", "deal", "feature", "display", "units")
        ]  # fmt: skip
        error = ErrorDrift(state="unknown", at_training=0.312, now=None, ratio=None, cells=0, reason="nothing new")
        away = "baseline_error" in self.shifted
        baseline = ErrorDrift(
            state="shifted" if away else "stable", at_training=0.2, now=0.4 if away else 0.21, ratio=2.0 if away else 1.05,
            cells=64, reason="",
        )  # fmt: skip
        return DriftAnswer(
            model=next(model for model in self.models if model.current), state="shifted" if self.shifted else "stable",
            newest=_window(), unseen_weeks=0, features=features, error=error, baseline_error=baseline,
        )  # fmt: skip

    def look_back(self) -> LookBack:
        errors = {"objective": {"mean": ERRORS, "median": ERRORS, "mape": ERRORS}, "coverage80": 0.8, "coverage95": 0.95}
        return LookBack(
            model=next(model.id for model in self.models if model.current), source="pos", at="2026-08-03T00:00:00+00:00",
            weeks=_window(), protocol="a model that ended before", all=errors,
            leads={str(lead): errors for lead in (1, 2, 4, 8)}, chain=errors,
        )  # fmt: skip

    def _evaluation(self) -> tuple[int, BaseModel | str]:
        if not self.evaluated:
            return 409, json.dumps({"type": "/problems/no-evaluation", "detail": "nothing hidden yet"})
        return 200, self.look_back()

    def _accuracy(self, asked: AccuracyRequest) -> tuple[int, BaseModel | str]:
        if not self.evaluated:
            return 409, json.dumps({"type": "/problems/no-evaluation", "detail": "nothing hidden yet"})
        weeks = [
            AccuracyWeek(
                week=FIRST_MONDAY + timedelta(weeks=WEEKS - 12 + n), actual=40.0, units=44.0, lo80=30.0, hi80=60.0, lo95=25.0,
                hi95=70.0,
            )
            for n in range(12)
        ]  # fmt: skip
        return 200, AccuracyAnswer(
            look_back=self.look_back(), objective=asked.objective, lead=asked.lead, series=4, wmape=0.1, bias=0.1,
            coverage80=1.0, weeks=weeks,
        )  # fmt: skip

    def _forecast(self, asked: ForecastRequest) -> ForecastAnswer:
        for number, planned in enumerate(asked.plan):
            if planned.price is not None and planned.price > 1000:
                raise Invalid("too dear", [{"field": f"plan.{number}.price", "message": "no such price was ever seen"}])
        lift = 2.0 if asked.plan else 1.0
        weeks = [
            ForecastWeek(
                week=asked.start + timedelta(weeks=n), horizon=n + 1, units=40.0 * lift, median=40.0, lo50=35, hi50=45, lo80=30,
                hi80=52, lo95=25, hi95=60, price=None,
            )
            for n in range(((asked.end - asked.start).days + 1) // 7)
        ]  # fmt: skip
        return ForecastAnswer(
            model=next(model for model in self.models if model.current), objective=asked.objective, series=[],
            total=ForecastTotal(series=4, weeks=weeks), warnings=["the model has not seen the latest sales; train it again"],
        )  # fmt: skip

    def _anomalies(self, asked: AnomalyRequest) -> AnomalyAnswer:
        rows = [
            AnomalyFound(
                customer_id=f"cus_{'ab'[n % 2]}", product_id="prd_sku1", week=FIRST_MONDAY + timedelta(weeks=n), actual=2.0 + n,
                expected=10.0, deviations=-5.0 - n, cause=("out_of_stock", "chain_wide", "one_off_low")[n % 3], reading="why",
            )
            for n in range(6)
        ]  # fmt: skip
        model = next(model for model in self.models if model.current)
        return AnomalyAnswer(model=model, found=9, anomalies=rows[: asked.most])

    def _recommend(self, asked: RecommendRequest) -> RecommendAnswer:
        """The first product pays, the second does not; with fixed costs none does."""
        skus = asked.product_ids or ["prd_sku1", "prd_sku2"]
        model = next(model for model in self.models if model.current)
        loses = [NotProposed(product_id=sku, code="loses", reason="no promotion of it pays", net="-12.00") for sku in skus[1:]]
        if asked.costs.fixed:
            return RecommendAnswer(model=model, side=asked.side, considered=8, proposals=[], none_pays="No promotion pays.",
                                   not_proposed=loses)  # fmt: skip
        band = Band(mean=40.0, lo80=20.0, hi80=60.0, lo95=10.0, hi95=70.0)
        side = Side(
            incremental_margin="90.00", other_products_margin="0.00", spend="40.00", funding_kept="0.00", net="50.00",
            net_lo80="-5.00", net_hi80="95.00", roi="2.2500", roi_lo80="0.8750", roi_hi80="3.3750", basis=["as planned"],
        )  # fmt: skip
        start = asked.start or FIRST_MONDAY + timedelta(weeks=WEEKS + 1)
        proposal = Proposal(
            product_id=skus[0], start=start, end=start + timedelta(weeks=asked.weeks, days=-1), cut=0.25, deal=1.0, feature=0.5,
            display=0.0, funding_share=0.35 if asked.funding_share is None else asked.funding_share, fixed="0", price_regular=2.0,
            price=1.5, stores=4, net="50.00", net_lo80="-5.00", net_hi80="95.00", sure=False, baseline_units=80.0,
            promoted_units=120.0, incremental_units=band, post_dip_band=band, cannibalised_band=band, net_band=band,
            manufacturer=side, retailer=side, last_promotion=FIRST_MONDAY, reasons=["It sells more.", "It may lose money."],
        )  # fmt: skip
        return RecommendAnswer(model=model, side=asked.side, considered=8, proposals=[proposal], not_proposed=loses)

    def _segments(self, asked: SegmentsRequest) -> SegmentsAnswer:
        """Two groups of two stores; products are too few."""
        told = SegmentsAnswer(model=next(model for model in self.models if model.current), of=asked.of, weeks=_window())
        if asked.of == "products":
            return told.model_copy(update={"refused": "only 2 products have enough sales; groups need 8"})
        traits = [
            Trait(trait="level", reading="units", used=True, mean=10.0),
            Trait(trait="trend", reading="trend", used=False, reason="52 weeks of sales are needed", mean=None),
        ]
        groups = [
            Group(id=f"g{n}", name=name, size=2, traits=[GroupTrait(trait="level", mean=mean, deviations=away)])
            for n, name, mean, away in ((1, "Large", 14.0, 1.0), (2, "Small", 7.0, -1.0))
        ]
        members = [
            Member(id=f"cus_{key}", group=group, fit=fit, weeks=30, traits={"level": 10.0, "trend": None})
            for key, group, fit in (("a", "g1", 0.6), ("b", "g1", 0.4), ("c", "g2", 0.5), ("d", "g2", -0.1))
        ]
        left_out = [LeftOut(id="cus_acme", reason="1 weeks with sales; 26 are needed")]
        return told.model_copy(
            update={"silhouette": 0.35, "structure": "weak", "traits": traits, "groups": groups, "members": members,
                    "left_out": left_out}
        )  # fmt: skip
