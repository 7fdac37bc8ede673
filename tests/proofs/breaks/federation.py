"""Credentials of one identity that Azure would not take."""

from __future__ import annotations

from tests.proofs.breaks.azure import EAST, WEST, identity, more_credentials, template, text
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "more credentials than an identity takes",
        (template(EAST, more_credentials(20)),),
        "aks-eastus-workload: 21 federated credentials are more than the 20",
        ((EAST, "more19"), (EAST, "anyscale-operator_anyscale-operator")),
    ),
    Break(
        "one issuer and subject twice",
        (
            template(EAST, more_credentials(2)),
            Edit(EAST, "system:serviceaccount:default:more1", "system:serviceaccount:default:more0"),
        ),
        "aks-eastus-workload: more1 and more0 have the same issuer and the same subject",
        ((EAST, "default:more0"), (EAST, "default:more0")),
    ),
    Break(
        "credentials of one identity written at once",
        (template(EAST, more_credentials(2)), Edit(EAST, "'aks-eastus-workload', 'more0')]", "'a', 'b')]")),
        "aks-eastus-workload: more1 does not wait for more0",
        ((EAST, "dependsOn"), (EAST, "more0")),
    ),
    Break(
        "one identity for all regions, as in the reference",
        (text(WEST, "aks-westus2-workload", "aks-eastus-workload"),),
        "aks-eastus-workload: aks-multi-region-westus2 and aks-multi-region-eastus may run at once and both write its",
        ((WEST, "anyscale-operator_anyscale-operator"), (EAST, "anyscale-operator_anyscale-operator")),
    ),
    Break(
        "what one cluster may do all may, as in the reference",
        (text(WEST, "aks-westus2-workload", "aks-eastus-workload"),),
        "aks-eastus-workload: 2 clusters sign in as it, aks-eastus and aks-westus2 among them",
        ((WEST, '"issuer"'), (EAST, '"issuer"')),
        outcome="warned",
    ),
    Break(
        "an identity in a region that does not federate",
        (
            Edit(
                EAST,
                identity("aks-eastus-workload"),
                identity("aks-eastus-workload", "Malaysia South"),
            ),
        ),
        "aks-eastus-workload: identities in malaysiasouth cannot have federated credentials",
        ((EAST, "Malaysia South"), (EAST, "anyscale-operator_anyscale-operator")),
    ),
)
