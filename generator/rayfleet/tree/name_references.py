"""References to names in a configuration of kustomize: those that carry names of generated ConfigMaps over."""

from __future__ import annotations

from functools import lru_cache

from rayfleet.diagnostics import Invalid
from rayfleet.source import read
from rayfleet.tree.place import entries, text


@lru_cache(maxsize=64)
def carried_into_releases(configuration: bytes) -> bool:
    """True where it tells kustomize at which paths HelmReleases name ConfigMaps."""
    try:
        data = read("configurations", configuration).data
    except Invalid:
        return False
    return any(
        (text(field, "kind"), text(field, "path")) == ("HelmRelease", "spec/valuesFrom/name")
        for row in entries(data, "nameReference")
        if text(row, "kind") == "ConfigMap"
        for field in entries(row, "fieldSpecs")
    )
