"""Service accounts of overlays: whose ids they carry, and who names one that is not there."""

from __future__ import annotations

from tests.proofs.breaks.azure import CLIENT, CLUSTER, EAST, PRINCIPAL, more_credentials, template
from tests.testing.broken_trees import Break, Edit

TEAM = f"{CLUSTER}/platform/team.yaml"
LISTED = f"{CLUSTER}/platform/kustomization.yaml"
OTHER_CLIENT = "33333333-3333-4333-8333-333333333333"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
NAMESPACE = """apiVersion: v1
kind: Namespace
metadata: {name: team-a, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}}
---
"""
TRUSTED = (
    template(EAST, more_credentials(1)),
    Edit(EAST, "system:serviceaccount:default:more0", "system:serviceaccount:team-a:ray"),
)


def account(name: str, client_id: str = CLIENT) -> str:
    annotations = f"annotations: {{azure.workload.identity/client-id: {client_id}}}" if client_id else ""
    head = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n"
    return f"{head}  name: {name}\n  namespace: team-a\n  {annotations}\n---\n"


def deployment(account: str, labels: str = "{}") -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: team-a}}
spec:
  template:
    metadata: {{labels: {labels}}}
    spec:
      serviceAccountName: {account}
      containers: [{{name: web, image: web}}]
"""


def team(*documents: str) -> tuple[Edit, ...]:
    """A namespace of a team's own, with what is in it."""
    return (
        Edit(LISTED, "resources:\n", "resources:\n  - team.yaml\n"),
        Edit(TEAM, "", NAMESPACE + "".join(documents)),
    )


BREAKS = (
    Break(
        "a team's account with the client id of another region",
        (*TRUSTED, *team(account("ray", OTHER_CLIENT))),
        "the service account team-a/ray carries aks-westus2's client id, not the client id of aks-eastus-workload",
        ((TEAM, "client-id"), ("bindings.yaml", OTHER_CLIENT)),
    ),
    Break(
        "a team's account with the principal id",
        (*TRUSTED, *team(account("ray", PRINCIPAL))),
        "the service account team-a/ray carries its own principal id, not the client id of aks-eastus-workload",
        ((TEAM, "client-id"), ("bindings.yaml", PRINCIPAL)),
    ),
    Break(
        "a team's account that nothing trusts",
        team(account("ray")),
        "the service account team-a/ray cannot sign in as aks-eastus-workload: no credential is for "
        "system:serviceaccount:team-a:ray",
        ((TEAM, "name: ray"),),
    ),
    Break(
        "a team's account under another name than the fleet has",
        (*TRUSTED, *team(account("rya"))),
        "the service account team-a/rya cannot sign in as aks-eastus-workload: its credential is for "
        "system:serviceaccount:team-a:ray",
        ((TEAM, "name: rya"), (EAST, "team-a:ray")),
    ),
    Break(
        "a credential for an account that no layer makes",
        (*TRUSTED, *team()),
        "system:serviceaccount:team-a:ray may sign in to Azure, and no layer makes the service account team-a/ray",
        ((EAST, "team-a:ray"),),
        "noted",
    ),
    Break(
        "a team's account with the client id of nobody here",
        (*TRUSTED, *team(account("ray", UNKNOWN))),
        f"the service account team-a/ray carries the client id {UNKNOWN}, which is none of the fleet's, and "
        "aks-eastus-workload trusts it",
        ((TEAM, "client-id"), (EAST, "team-a:ray")),
        "warned",
    ),
    Break(
        "a pod that runs as an account that nobody makes",
        (*TRUSTED, *team(account("ray"), deployment("rya"))),
        "Deployment web runs as team-a/rya, which neither a chart nor a layer makes",
        ((TEAM, "serviceAccountName"),),
    ),
    Break(
        "a pod that is to sign in, of an account without a client id",
        (*TRUSTED, *team(account("ray", ""), deployment("ray", '{azure.workload.identity/use: "true"}'))),
        "Deployment web is to sign in to Azure as team-a/ray, which carries no client id",
        ((TEAM, "metadata"), (TEAM, "serviceAccountName")),
    ),
)

#: What a team may do, and nothing is said of.
GOOD = (
    ("a team's account that the fleet names", (*TRUSTED, *team(account("ray"), deployment("ray")))),
    ("a team's account that signs in nowhere", team(account("ray", ""), deployment("ray"))),
    ("a team's account of an identity of its own", team(account("ray", UNKNOWN), deployment("ray"))),
    ("a pod that runs as what every namespace has", team(deployment("default"))),
)
