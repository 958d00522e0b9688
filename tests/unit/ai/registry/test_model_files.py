import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.models.loglinear import LogLinearModel
from ai.registry.manifest import KEPT_MODELS, Entry, Registry, UnknownModel
from ai.registry.storage import UnreadableModel, bind, pack, read, write


def add(registry: Registry, model: LogLinearModel, panel: Panel, key: str, source: str = "pos") -> Entry:
    return registry.add(
        pack(model, panel), key=key, source=source, fitted_at="2024-01-01T00:00:00+00:00", rows=1, window=("a", "b")
    )


def test_a_model_comes_back_as_it_was(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    again = bind(read(tmp_path, write(pack(model, panel), tmp_path)), panel)
    for key, block in model.blocks.items():
        assert np.array_equal(again.blocks[key].fit.coefficients, block.fit.coefficients)
        assert np.array_equal(again.blocks[key].block.series, block.block.series)
        assert again.blocks[key].own == block.own
    assert np.array_equal(again.calibration.several, model.calibration.several)
    assert again.metrics == model.metrics


def test_after_a_store_has_gone_the_others_keep_their_own_effects(
    panel: Panel, model: LogLinearModel, make_panel: Callable[..., Panel], keep: Callable
) -> None:
    fewer = make_panel(lambda sales: keep(sales, sales.customer != 0))
    bound = bind(pack(model, panel), fewer).blocks[("prd_a", "cus_chain")]
    before = model.blocks[("prd_a", "cus_chain")]
    assert len(bound.block.series) == 11
    for row, series in enumerate(bound.block.series):
        old = list(before.block.series).index(panel.index[fewer.series[series]])
        assert bound.fit.intercepts[row] == before.fit.intercepts[old]


@pytest.mark.parametrize("name", ["model.npz", "model.json"])
def test_damaged_files_are_noticed(tmp_path: Path, panel: Panel, model: LogLinearModel, name: str) -> None:
    sha256 = write(pack(model, panel), tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableModel):
        read(tmp_path, sha256)


def test_an_unreadable_model_falls_back_to_the_one_before(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    registry = Registry(tmp_path)
    add(registry, model, panel, "mdl_1")
    add(registry, model, panel, "mdl_2")
    (tmp_path / "mdl_2" / "model.npz").unlink()
    loaded = registry.load("pos")
    assert loaded is not None
    assert loaded[0].id == "mdl_1"


def test_sources_are_never_mixed(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    registry = Registry(tmp_path)
    add(registry, model, panel, "mdl_1", "shipment")
    assert registry.load("pos") is None
    assert registry.current("pos") is None


def test_only_the_newest_models_are_kept(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    registry = Registry(tmp_path)
    for number in range(KEPT_MODELS + 2):
        add(registry, model, panel, f"mdl_{number}")
    kept = [entry.id for entry in registry.entries()]
    assert kept == [f"mdl_{n}" for n in range(2, KEPT_MODELS + 2)]
    assert not (tmp_path / "mdl_0").exists()


def test_a_damaged_manifest_counts_as_no_model_instead_of_failing(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"models": [{"id": ')
    assert Registry(tmp_path).entries() == []


def test_a_promoted_model_serves_until_the_next_training(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    registry = Registry(tmp_path)
    add(registry, model, panel, "mdl_1")
    add(registry, model, panel, "mdl_2")
    assert registry.promote("mdl_1").id == "mdl_1"
    assert registry.current("pos").id == registry.load("pos")[0].id == "mdl_1"
    add(registry, model, panel, "mdl_3")
    assert registry.current("pos").id == "mdl_3"


def test_a_promoted_model_that_cannot_be_read_falls_back_to_the_newest(
    tmp_path: Path, panel: Panel, model: LogLinearModel
) -> None:
    registry = Registry(tmp_path)
    for key in ("mdl_1", "mdl_2", "mdl_3"):
        add(registry, model, panel, key)
    registry.promote("mdl_1")
    (tmp_path / "mdl_1" / "model.npz").write_bytes(b"damaged")
    assert registry.load("pos")[0].id == "mdl_3"


def test_a_model_nobody_kept_cannot_be_promoted(tmp_path: Path, panel: Panel, model: LogLinearModel) -> None:
    registry = Registry(tmp_path)
    add(registry, model, panel, "mdl_1")
    with pytest.raises(UnknownModel, match="mdl_9"):
        registry.promote("mdl_9")
    assert registry.current("pos").id == "mdl_1"


def test_the_manifest_says_what_a_model_learned_from_and_reads_those_that_do_not(
    tmp_path: Path, panel: Panel, model: LogLinearModel
) -> None:
    registry = Registry(tmp_path)
    assert add(registry, model, panel, "mdl_1").features == registry.entries()[0].features
    names = registry.entries()[0].features["baseline"]
    assert {"depth", "deal", "display", "regular_price", "rival_depth"} <= set(names)
    assert len(set(names)) == len(names)
    manifest = tmp_path / "manifest.json"
    content = json.loads(manifest.read_text())
    del content["models"][0]["features"]
    manifest.write_text(json.dumps(content))
    assert registry.entries()[0].features == {}
