"""Does a pod accept a node pool: node selector, required node affinity and tolerations, or the smallest reason why not.

The rules are Kubernetes' own (Kubernetes docs, assign-pod-node and taint-and-toleration).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from rayfleet.facts.labels import GPU_RESOURCES, HARD
from rayfleet.scheduler.content_key import ContentKey
from rayfleet.scheduler.nodes import Labels, Node, Traits, Values
from rayfleet.source import Path
from rayfleet.tree import entries, get, mapping, text
from rayfleet.tree.node_pool import NodeTaint

_INTEGER = re.compile("-?[0-9]{1,18}")


class Obstacle(NamedTuple):
    """A condition that is not met. ``what`` is said of the pod; ``place`` leads to it in the pool, empty where the
    pod itself is at fault; ``label`` is the one that the pod looks for.
    """

    what: str
    place: Path
    label: str = ""

    @property
    def is_device(self) -> bool:
        """True where nodes lack a device: no other word of the pool brings it."""
        return self.place == ("vmSize",)

    def fix(self, pool: str) -> str:
        """The advice for a pod that does not fit the pool."""
        if not self.place:
            return "write the toleration as Kubernetes takes it"
        if self.is_device:
            return "add a pool that has it, or do not ask for it"
        if self.label:
            return f"give {pool} the label in nodeLabels, or ask for one that it has"
        return f"tolerate it, or take it from {pool}" if "nodeTaints" in self.place else f"change {pool}, or add a pool"


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """A pod as the scheduler reads it. ``terms`` are those of required node affinity, None where there is none;
    ``devices`` the extended resources that it asks for."""

    selector: Mapping[str, str]
    terms: Sequence[Any] | None
    tolerations: Sequence[Any]
    devices: frozenset[str] = frozenset()


def pod_of(spec: Any, devices: Iterable[str] = ()) -> Pod:
    """The pod of a pod's ``spec``, as it reaches the scheduler: AKS's admission lets pods that ask for a device onto
    nodes tainted by its name (AKS docs, faq: ExtendedResourceToleration; kubernetes/kubernetes PR 55839).
    """
    words = [get(spec, word) for word in ("nodeSelector", "affinity", "tolerations")]
    return _pod(ContentKey.of((*words, sorted(devices))))


@lru_cache(maxsize=4096)
def _pod(said: ContentKey) -> Pod:
    selector, affinity, tolerations, devices = said.data
    required = get(affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    admitted = [{"key": device, "operator": "Exists", "effect": "NoSchedule"} for device in devices]
    return Pod(
        {str(key): _scalar(value) for key, value in mapping(selector).items()},
        entries(required, "nodeSelectorTerms") if isinstance(required, dict) else None,
        [*entries(tolerations), *admitted],
        frozenset(devices),
    )


# --- why not ---


def obstacles(pod: Pod, node: Node) -> tuple[Obstacle, ...]:
    """Every condition that keeps the pod off the pool's nodes; none where it may run."""
    return _obstacles(pod, node.traits)


@lru_cache(maxsize=1 << 15)
def _obstacles(pod: Pod, traits: Traits) -> tuple[Obstacle, ...]:
    found = [*_refusals(pod), *_selector_obstacles(pod, traits, traits.labels), *_taint_obstacles(pod, traits)]
    if traits.device is not None:
        missing = sorted((pod.devices & GPU_RESOURCES) - {traits.device})
        found += [Obstacle(f"it asks for {device}, which the pool does not have", ("vmSize",)) for device in missing]
    if traits.empty:
        found.append(Obstacle("the pool never has a node", traits.empty))
    return tuple(found)


def start_obstacle(pod: Pod, node: Node) -> Obstacle | None:
    """The reason why the autoscaler would not start the empty pool for a pod that its nodes would take; None where it
    would."""
    return _start_obstacle(pod, node.traits)


@lru_cache(maxsize=1 << 15)
def _start_obstacle(pod: Pod, traits: Traits) -> Obstacle | None:
    return next(_selector_obstacles(pod, traits, traits.at_zero), None) if traits.at_zero is not None else None


def needs_unknown_label(pod: Pod, node: Node) -> bool:
    """True where the pod selects by a label whose value nothing rendered tells."""
    return any(node.traits.values(key, node.traits.labels) is None for key in pod.selector)


def tolerates(pod: Pod, taint: NodeTaint) -> bool:
    """True where a toleration of the pod matches the taint."""
    return any(_matches(toleration, taint) for toleration in pod.tolerations)


def _refusals(pod: Pod) -> Iterator[Obstacle]:
    """Tolerations with which the API server takes no pod (kube-apiserver 1.36.5, tried)."""
    for row in pod.tolerations:
        key, operator, value = (text(row, name) for name in ("key", "operator", "value"))
        if operator == "Exists" and value:
            yield Obstacle(f"Kubernetes refuses its toleration of {key or 'everything'}: Exists takes no value", ())
        elif operator != "Exists" and not key and isinstance(row, dict):
            yield Obstacle("Kubernetes refuses a toleration of it: without a key, its operator must be Exists", ())


def _taint_obstacles(pod: Pod, traits: Traits) -> Iterator[Obstacle]:
    for taint, place in traits.taints:
        if taint.effect in HARD and not tolerates(pod, taint):
            yield Obstacle(f"it does not tolerate {taint}", place)


def _matches(toleration: Any, taint: NodeTaint) -> bool:
    key, effect = text(toleration, "key"), text(toleration, "effect")
    operator = text(toleration, "operator") or "Equal"
    if effect and effect != taint.effect:
        return False
    if operator == "Exists":
        return key in ("", taint.key) and isinstance(toleration, dict)
    return operator == "Equal" and key == taint.key and _scalar(get(toleration, "value", default="")) == taint.value


def _selector_obstacles(pod: Pod, traits: Traits, labels: Labels) -> Iterator[Obstacle]:
    for key, value in pod.selector.items():
        has = traits.values(key, labels)
        if has is not None and value not in has:
            yield Obstacle(f"it wants {key}={value}, {_label_text(has)}", ("nodeLabels", key), key)
    if pod.terms is not None:
        yield from _nearest_term([list(_term_obstacles(term, traits, labels)) for term in pod.terms])


def _nearest_term(terms: list[list[Obstacle]]) -> list[Obstacle]:
    """The unmet parts of the nearest term: one term that is met is enough."""
    return min(terms, key=len, default=[Obstacle("its affinity has no term, which matches no node", ("nodeLabels",))])


def _term_obstacles(term: Any, traits: Traits, labels: Labels) -> Iterator[Obstacle]:
    expressions = entries(term, "matchExpressions")
    if entries(term, "matchFields"):
        yield Obstacle("it wants one node by its name", ("nodeLabels",))
    elif not expressions:
        yield Obstacle("a term of its affinity is empty, which matches no node", ("nodeLabels",))
    for expression in expressions:
        key, operator = text(expression, "key"), text(expression, "operator")
        asked = tuple(map(_scalar, entries(expression, "values")))
        has = traits.values(key, labels)
        holds = _OPERATORS.get(operator)
        if holds is None or not holds(has, asked):
            wish = f"{key} {operator} {' or '.join(asked)}".rstrip()
            yield Obstacle(f"it wants {wish}, {_label_text(has)}", ("nodeLabels", key), key)


def _label_text(has: Values) -> str:
    if has is None:
        return "which no template says of the pool"
    return f"and the pool has {' or '.join(has)}" if has else "which the pool does not have"


def _scalar(value: Any) -> str:
    """A value of YAML as Kubernetes has it in a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compare(has: Values, asked: tuple[str, ...], holds: Callable[[int, int], bool]) -> bool:
    if has is None:
        return True
    whole = [int(value) for value in has if _INTEGER.fullmatch(value)]
    return len(asked) == 1 and bool(_INTEGER.fullmatch(asked[0])) and any(holds(row, int(asked[0])) for row in whole)


# A label with several values, or with one that nobody can say, is met where one node or another of the pool meets it.
_OPERATORS: Mapping[str, Callable[[Values, tuple[str, ...]], bool]] = {
    "In": lambda has, asked: has is None or any(value in asked for value in has),
    "NotIn": lambda has, asked: not has or any(value not in asked for value in has),
    "Exists": lambda has, asked: has is None or bool(has),
    "DoesNotExist": lambda has, asked: has == (),
    "Gt": lambda has, asked: _compare(has, asked, lambda value, bound: value > bound),
    "Lt": lambda has, asked: _compare(has, asked, lambda value, bound: value < bound),
}
