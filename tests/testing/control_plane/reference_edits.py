"""The reference fleet with edits of its fleet.yaml, bound, and what they are made of."""

from __future__ import annotations

from tests.testing.broken_trees import BINDINGS
from tests.testing.rendering import REFERENCE, bindings, from_text

CLUSTER = "aks-eastus"
ACCOUNT, CONTAINER = (("aksmultiregionsa", "another"), ("aks-anyscale-blob", "another"))
CPU = "cpu: {vmSize: Standard_D16ds_v5, minCount: 3, maxCount: 6}"
T4 = "    t4: {vmSize: Standard_NC16as_T4_v3, maxCount: 3, capacityType: spot}\n"
NO_GPUS = tuple((f"    {name}: ", f"    # {name}: ") for name in ("t4", "a100"))
NO_OVERLAY = ("  overlays: [operator-availability]\n", "")

#: What stands in fleet.yaml, and what is to stand there.
Edit = tuple[str, str]
_FLEET = (REFERENCE / "fleet.yaml").read_text()
_OVERLAYS = frozenset({"operator-availability/workloads"})


def default(text: str) -> Edit:
    """One more setting of all clusters."""
    return "defaults:\n", f"defaults:\n  {text}\n"


def files(*edits: Edit) -> dict[str, bytes]:
    """The files below rendered/, and the bindings."""
    text = _FLEET
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    late = bindings(from_text(text, overlays=_OVERLAYS))
    return {**dict(from_text(text, late=late.decode(), overlays=_OVERLAYS).rendered()), BINDINGS: late}
