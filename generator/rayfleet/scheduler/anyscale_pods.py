"""The Ray pods that Anyscale's operator makes: each shape of its values on each market type, after its patches.

What the chart does is told here in our own words (anyscale-operator 1.8.0: templates/_helpers.tpl and
templates/configmap_patches.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from rayfleet.facts.anyscale_pod_defaults import CHART, add, select
from rayfleet.facts.labels import NVIDIA_GPU, POD_ACCELERATOR, POD_INSTANCE, POD_MARKET, POD_ZONE, ZONE
from rayfleet.facts.quantity import quantity
from rayfleet.scheduler.content_key import ContentKey
from rayfleet.scheduler.fits import Pod, pod_of
from rayfleet.scheduler.helm_values import coalesce, first_wins
from rayfleet.scheduler.json_patch import Patch, PatchedPod, apply, of_values, picks, unfollowed_parts
from rayfleet.source import Path
from rayfleet.tree import entries, get, mapping, text
from rayfleet.tree.helm_release import Release

#: Market types, and how people say them.
MARKETS = {"ON_DEMAND": "on demand", "SPOT": "on spot"}

_KNOWN = frozenset({POD_MARKET, POD_ACCELERATOR, POD_INSTANCE})
_PRODUCT = f"{NVIDIA_GPU}.product"
_ADDITIONAL = "additional"
_SLOTS = {"all": "", "ondemand": f"{POD_MARKET} in (ON_DEMAND)", "spot": f"{POD_MARKET} in (SPOT)"}


class Shape(NamedTuple):
    """An instance type of the values; ``path`` leads to it in them."""

    name: str
    path: Path
    data: Any

    @property
    def resources(self) -> dict[str, Any]:
        return mapping(self.data, "resources")

    @property
    def accelerators(self) -> list[str]:
        """Those that a pod of the shape may ask for, one at a time."""
        return [row for row in entries(self.resources, "accelerators") if isinstance(row, str)]

    @property
    def devices(self) -> dict[str, Any]:
        """The extended resources that it asks for; ``GPU`` means NVIDIA's."""
        found = {NVIDIA_GPU if key == "GPU" else str(key): value for key, value in self.resources.items()}
        return {key: value for key, value in found.items() if "/" in key and not key.startswith("anyscale/")}

    @property
    def architecture(self) -> str:
        """The architecture of its image; the operator takes amd64 where none is said."""
        return text(self.data, "cpuArchitecture") or "amd64"


class Ask(NamedTuple):
    """Shapes that run in the same places, with an accelerator or without: their pod on each market type. ``origins``
    tell what made it look for a label, by market type and label.
    """

    shapes: tuple[Shape, ...]
    accelerator: str
    pods: Mapping[str, Pod]
    origins: Mapping[str, Mapping[str, Path]]

    @property
    def gpu(self) -> bool:
        """True where they ask for devices or an accelerator."""
        return bool(self.accelerator or self.pods["SPOT"].devices)


class OperatorPods(NamedTuple):
    """All that can be asked of the operator. ``unread`` are operations that were not followed, ``ignored`` values that
    the chart takes no notice of, and ``refused`` those that it fails over: each a path and what there is to say.
    """

    shapes: tuple[Shape, ...]
    asks: tuple[Ask, ...]
    unread: tuple[tuple[Path, str], ...]
    ignored: tuple[tuple[Path, str], ...]
    refused: tuple[tuple[Path, str], ...]


def operator_pods(release: Release) -> OperatorPods:
    """The pods that the operator of a release makes."""
    provider = text(release.values, "global", "cloudProvider")
    return _operator_pods(
        ContentKey.of((mapping(release.values, "workloads"), get(release.values, "patches"), provider))
    )


@lru_cache(maxsize=256)
def _operator_pods(content: ContentKey) -> OperatorPods:
    values, additional, provider = content.data
    workloads = coalesce(values, CHART)
    theirs = of_values(additional, ("patches",))
    shapes, shadowed = _shapes(workloads)
    selectors, hidden = _selectors(workloads, provider)
    patches = [*_markets(workloads, provider), *_zones(workloads), *selectors, *_tolerations(workloads)]
    return OperatorPods(
        shapes,
        tuple(_asks(shapes, patches, theirs)),
        tuple(row for patch in (*patches, *theirs) for row in unfollowed_parts(patch, _KNOWN)),
        (*shadowed, *hidden),
        tuple(_chart_failures(workloads)),
    )


# --- shapes ---


def _shapes(workloads: Mapping[str, Any]) -> tuple[tuple[Shape, ...], list[tuple[Path, str]]]:
    types = mapping(workloads, "instanceTypes")
    own, defaults = mapping(types, _ADDITIONAL), mapping(types, "defaults") if types.get("enableDefaults") else {}
    path = ("workloads", "instanceTypes")
    shapes: list[Shape] = []
    shadowed: list[tuple[Path, str]] = []
    for name, data in first_wins(defaults, own).items():
        there = "defaults" if name in defaults else _ADDITIONAL
        shapes.append(Shape(str(name), (*path, there, name), data))
        if name in defaults and name in own and data != first_wins(mapping(own, name), mapping(defaults, name)):
            what = f"{name} of additional does not change the chart's {name}, only adds to it"
            shadowed.append(((*path, _ADDITIONAL, name), what))
    return tuple(shapes), shadowed


# --- patches, in the chart's order ---


def _markets(workloads: Mapping[str, Any], provider: str) -> Iterator[Patch]:
    types = mapping(workloads, "marketType")
    provider = "karpenter" if workloads.get("enableKarpenterSupport") else provider
    sources = (*(("generic", provider) if types.get("enableDefaults") else ()), _ADDITIONAL)
    for slot, selector in _SLOTS.items():
        for source in sources:
            yield Patch(selector, entries(types, source, slot), ("workloads", "marketType", source, slot))


def _zones(workloads: Mapping[str, Any]) -> Iterator[Patch]:
    if workloads.get("enableZoneSelector"):
        copies = [{"op": "copy", "path": f"/spec/nodeSelector/{ZONE.replace('/', '~1')}"}]
        yield Patch(POD_ZONE, copies, ("workloads", "enableZoneSelector"))


def _selectors(workloads: Mapping[str, Any], provider: str) -> tuple[list[Patch], list[tuple[Path, str]]]:
    """The label that pods with an accelerator look for."""
    accelerator = mapping(workloads, "accelerator")
    if not accelerator.get("enableDefaults"):
        return [], []
    path = ("workloads", "accelerator", "nodeSelectors")
    found: dict[str, tuple[Any, Path]] = {}
    hidden: list[tuple[Path, str]] = []
    for source in (provider, _ADDITIONAL):
        for name, value in mapping(accelerator, "nodeSelectors", source).items():
            kept = found.setdefault(name, (value, (*path, source, name)))[0]
            if kept != value:
                what = f"{name} of additional is {value}, and the chart keeps {kept}, which stands under {provider}"
                hidden.append(((*path, source, name), what))
    key = text(accelerator, "customNodeSelectorKey") or _PRODUCT
    return [
        Patch(f"{POD_ACCELERATOR} in ({name})", [select(key, str(value))], origin)
        for name, (value, origin) in found.items()
    ], hidden


def _tolerations(workloads: Mapping[str, Any]) -> Iterator[Patch]:
    accelerator = mapping(workloads, "accelerator")
    for source in (*(("default",) if accelerator.get("enableDefaults") else ()), _ADDITIONAL):
        rows = entries(accelerator, "tolerations", source)
        path = ("workloads", "accelerator", "tolerations", source)
        yield Patch(POD_ACCELERATOR, [add("/spec/tolerations/-", row) for row in rows], path)


def _shape_patch(shape: Shape) -> Patch:
    selected = [select(str(key), str(value)) for key, value in mapping(shape.data, "nodeSelector").items()]
    tolerated = [add("/spec/tolerations/-", row) for row in entries(shape.data, "tolerations")]
    return Patch("", [*selected, *tolerated], (*shape.path, "nodeSelector"))


def _chart_failures(workloads: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The chart joins lists of tolerations, and fails over a map that is not empty."""
    path = ("accelerator", "tolerations", _ADDITIONAL)
    found = get(workloads, *path)
    if found and not isinstance(found, list):
        yield ("workloads", *path), f"{'.'.join(path)} is no list, and the chart fails to join it"


# --- pods ---


def _asks(shapes: tuple[Shape, ...], patches: list[Patch], theirs: list[Patch]) -> Iterator[Ask]:
    """Shapes that no patch tells apart share their pods."""
    told_apart = any(POD_INSTANCE in patch.selector for patch in theirs)
    alike: dict[tuple[Any, ...], list[Shape]] = {}
    for shape in shapes:
        own = repr((get(shape.data, "nodeSelector"), get(shape.data, "tolerations"), sorted(_devices(shape))))
        for accelerator in shape.accelerators or [""]:
            key = (accelerator, own, shape.architecture, told_apart and shape.name)
            alike.setdefault(key, []).append(shape)
    for (accelerator, *_), same in alike.items():
        made = {market: _patched_pod(same[0], accelerator, market, patches, theirs) for market in MARKETS}
        pods = {market: pod_of(row.pod["spec"], _devices(same[0])) for market, row in made.items()}
        yield Ask(tuple(same), accelerator, pods, {market: row.origins for market, row in made.items()})


def _devices(shape: Shape) -> frozenset[str]:
    return frozenset(key for key, value in shape.devices.items() if quantity(value) != 0)


def _patched_pod(shape: Shape, accelerator: str, market: str, patches: list[Patch], theirs: list[Patch]) -> PatchedPod:
    marks = {POD_MARKET: market, POD_INSTANCE: shape.name, **({POD_ACCELERATOR: accelerator} if accelerator else {})}
    return apply(patch for patch in (*patches, _shape_patch(shape), *theirs) if _selects(patch, marks))


def _selects(patch: Patch, marks: Mapping[str, str]) -> bool:
    try:
        return picks(patch.selector, marks, _KNOWN) is True
    except ValueError:
        return False
