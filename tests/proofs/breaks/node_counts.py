"""Node pools that a deployment would scale."""

from __future__ import annotations

from tests.proofs.breaks.bound import EAST, LISTED, POOLS, T4_POOL, bound
from tests.testing.broken_trees import BINDINGS, Break, Edit

BREAKS = (
    Break(
        "a busy pool that a deployment would reset",
        (Edit(EAST, T4_POOL, T4_POOL.replace(",\n", ',\n        "count": 0,\n')),),
        "pool t4: already there and scaling, but rendered with a count, which a deployment sets it to",
        ((EAST, '"count": 0'), (BINDINGS, "nodePools")),
    ),
    Break(
        "a new pool that would start with a GPU node",
        bound(POOLS, POOLS.replace(", t4", "")),
        "pool t4: not bound, and without a count, so that a new one would start with ARM's 1 node",
        ((EAST, "properties"), (BINDINGS, "nodePools")),
    ),
    Break(
        "a pool that Azure keeps",
        bound(POOLS, POOLS.replace("a100", "a100, old")),
        "pool old is bound, and no longer in ARM: Azure keeps it, and you pay for it",
        ((BINDINGS, "old"), (EAST, "agentPoolProfiles")),
        outcome="warned",
    ),
    Break(
        "an output that leaves a pool out",
        (Edit(EAST, LISTED, LISTED.replace('"cpu",', "")),),
        "its output nodePools leaves out pool cpu",
        ((EAST, "nodePools"), (EAST, "properties")),
    ),
    Break(
        "an output with a pool too many",
        (Edit(EAST, LISTED, LISTED.replace('"cpu"', '"cpu", "old"')),),
        "its output nodePools lists pool old, which the template does not make",
        ((EAST, "nodePools"), (EAST, "agentPoolProfiles")),
    ),
)

CHANGES = (
    Break(
        "a pool that somebody unbound",
        (
            *bound(POOLS, POOLS.replace(", t4", "")),
            Edit(EAST, T4_POOL, T4_POOL.replace(",\n", ',\n        "count": 0,\n')),
        ),
        "pool t4: it was bound in the base commit and is not, so that the next deployment sets a running pool to",
        ((EAST, '"count": 0'), (f"HEAD:rendered/{EAST}", ""), (BINDINGS, "nodePools")),
    ),
)
