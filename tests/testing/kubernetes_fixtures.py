"""kubeconform as the tests ask it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.testing.judges.kubernetes import (
    CUSTOM_RESOURCES,
    Problem,
    core_schemas,
    custom_resource_location,
    kubeconform,
)

VERSION = "1.36"


Judge = Callable[..., list[Problem]]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return core_schemas(VERSION, tmp_path_factory.mktemp("core"))


@pytest.fixture
def judge(core: Path, tmp_path: Path) -> Judge:
    """Judges one text as a file, by the core schemas and ours (or those of another folder)."""

    def judge_text(text: str, custom_resources: Path = CUSTOM_RESOURCES) -> list[Problem]:
        file = tmp_path / "judged.yaml"
        file.write_text(text, encoding="utf-8")
        locations = (core, custom_resource_location(custom_resources))
        return kubeconform([file], version=VERSION, schema_locations=locations)

    return judge_text
