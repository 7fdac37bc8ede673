"""The custom resources that are rendered, defined."""

from __future__ import annotations

import yaml

from tests.testing.control_plane.api_server import ApiServer, condition
from tests.testing.rendering import ROOT

DEFINITIONS = ROOT / ".tools/crds"


def define(api: ApiServer) -> None:
    """Flux's and the Gateway API's, as tools/install_control_plane.py makes them."""
    definitions = [yaml.safe_load(path.read_text()) for path in sorted(DEFINITIONS.glob("*.yaml"))]
    assert definitions, "make test-cluster makes them"
    for definition in definitions:
        api.apply(definition)
        api.until(
            definition["apiVersion"],
            definition["kind"],
            lambda row: condition(row, "Established") == "True",
            fieldSelector=f"metadata.name={definition['metadata']['name']}",
        )
