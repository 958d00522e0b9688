"""What is pulled has a version: an image called latest would be another one tomorrow."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
OURS = "tradeai/"


def _named() -> dict[str, str]:
    """Every image that Dockerfiles, Compose files and deploy.sh name -> where."""
    found = {}
    for path in (ROOT / "compose").rglob("*Dockerfile*"):
        text = path.read_text()
        stages = set(re.findall(r"^FROM .* AS (\S+)", text, re.MULTILINE))
        named = re.findall(r"^(?:FROM|ARG [A-Z_]+=) ?([^\s=]+)$|^FROM (\S+) AS", text, re.MULTILINE)
        found |= {image: path.name for pair in named for image in pair if image and image not in stages and "$" not in image}
    for path in (ROOT / "docker-compose.yml", *(ROOT / "compose").glob("*.yml")):
        services = (yaml.safe_load(path.read_text()) or {}).get("services") or {}
        found |= {service["image"]: path.name for service in services.values() if "image" in service}
    script = ROOT / "scripts/deploy/debian.sh"
    return found | dict.fromkeys(re.findall(r"^DEBIAN_IMAGE=(\S+)$", script.read_text(), re.MULTILINE), script.name)


def _tag(image: str) -> str:
    """`${NAME:-default}` counts as its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", image).rpartition("/")[2].partition(":")[2]


@pytest.mark.parametrize(("image", "where"), _named().items())
def test_an_image_is_named_with_its_version(image: str, where: str) -> None:
    tag = _tag(image)
    assert tag, f"{image} in {where} has no tag: that means latest"
    assert tag != "latest"
    assert image.startswith(OURS) or re.match(r"\d+\.\d+", tag), f"{image} in {where} names no version"


def test_the_two_that_are_pulled_are_among_them() -> None:
    outside = {image.partition(":")[0] for image in _named() if not image.startswith(OURS)}
    assert outside == {"debian", "mongo"}
