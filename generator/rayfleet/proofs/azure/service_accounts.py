"""Service accounts: those that Helm uses and those that the fleet names, and whether they may sign in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.facts.workload_identity import CLIENT_ID_ANNOTATION
from rayfleet.proofs.azure.federation import SUBJECT, Credential, federation
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import RenderedCluster, Side, Tree, get, text
from rayfleet.tree.gaps import operator_of
from rayfleet.tree.role_assignments import resource_name

# The service account that Ray pods run as where the values name none (anyscale-operator chart 1.8.0, values.yaml,
# templates/configmap_patches.yaml).
_POD = "default"
#: Namespaces that Kubernetes, AKS and its Flux extension make by themselves.
BUILT_IN_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease", "flux-system"})


class Account(NamedTuple):
    """A service account that pods of ``who`` run as, and where the values say so."""

    who: str
    namespace: str
    name: str
    side: Side

    @property
    def subject(self) -> str:
        """The subject of its tokens."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


def accounts(cluster: RenderedCluster) -> list[Account]:
    """The service accounts of the operator and of Ray pods; none while the operator, or a part of its values, is not
    rendered."""
    operator = operator_of(cluster)
    if operator is None:
        return []
    own = ("operator", "serviceAccount", "name")
    pods = ("workloads", "serviceAccount", "name")
    name = get(operator.values, *own, default=cluster.runtime.operator.service_account)
    return [
        Account("the operator", operator.namespace, name if isinstance(name, str) else "", operator.side(*own)),
        Account("Ray pods", operator.namespace, text(operator.values, *pods) or _POD, operator.side(*pods)),
    ]


def judge(cluster: RenderedCluster, tree: Tree, identity: str, client_id: str) -> Iterator[Finding]:
    """Each service account is there, and may sign in as the identity with the id ``identity``."""
    wanted = accounts(cluster)
    subjects: dict[str, list[Account]] = {}
    for account in wanted:
        unmade = _missing_account(cluster, wanted[0], account, client_id)
        if unmade:
            yield unmade
        else:
            subjects.setdefault(account.subject, []).append(account)
    own = federation(tree).of_issuer.get(cluster.id, [])
    spare = [row for row in own if row.subject not in {account.subject for account in wanted}]
    for subject, same in subjects.items():
        who, name = " and ".join(account.who for account in same), resource_name(tree, identity)
        right = next((row for row in own if (row.subject, row.identity) == (subject, identity)), None)
        if right:
            what = f"{who} may sign in as {name}: {subject}, by the cluster's own issuer"
            yield proved(
                "identity/no-credential",
                cluster.name,
                what,
                right.resource.side("properties", "subject"),
                same[-1].side,
            )
        else:
            near = next((row for row in spare if row.identity == identity and is_similar(row.subject, subject)), None)
            spare = [row for row in spare if row is not near]
            yield from _missing_credential(cluster, tree, identity, who, same[-1], near)
    yield from _fleet_accounts(cluster, tree, spare)


def _missing_account(cluster: RenderedCluster, operator: Account, account: Account, client_id: str) -> Finding | None:
    """The reason why a service account with a client id is missing: the chart makes only the operator's."""
    if not operator.name:
        what, made = "the operator's service account has no name", cluster.runtime.operator.service_account
        return (
            failed("identity/service-account-unnamed", cluster.name, what, f"write {made}", operator.side)
            if account is operator
            else None
        )
    if account.name == operator.name:
        return None
    rows = cluster.of_kind("ServiceAccount", "")
    own = next((row for row in rows if (row.namespace, row.name) == (account.namespace, account.name)), None)
    fix = f"write {operator.name}, which the chart makes"
    if own is None and account.name == _POD:
        what = "workloads.serviceAccount.name is empty: Ray pods run as default, which has no client id"
        return failed("identity/pods-as-default", cluster.name, what, fix, account.side, operator.side)
    if own is None:
        what = f"{account.who} run as {account.namespace}/{account.name}, which neither the chart nor a layer makes"
        return failed("identity/no-service-account", cluster.name, what, fix, account.side, operator.side)
    said = text(own.data, "metadata", "annotations", CLIENT_ID_ANNOTATION)
    if said != client_id:
        what = f"{account.who} run as {account.namespace}/{account.name}, whose client id is {said or 'missing'}"
        fix = f"annotate it with {CLIENT_ID_ANNOTATION}: {client_id or 'the client id'}"
        return failed(
            "identity/service-account-client-id",
            cluster.name,
            what,
            fix,
            own.side("metadata", "annotations", CLIENT_ID_ANNOTATION),
            account.side,
        )
    return None


def is_similar(subject: str, wanted: str) -> bool:
    """True where two subjects share namespace or name."""
    return bool({*subject.split(":")[-2:]} & {*wanted.split(":")[-2:]})


def _missing_credential(
    cluster: RenderedCluster, tree: Tree, identity: str, who: str, account: Account, near: Credential | None
) -> Iterator[Finding]:
    """The reason why a service account may not sign in as the identity: the credential that comes nearest."""
    index, subject, name = federation(tree), account.subject, resource_name(tree, identity)
    others = [row for row in index.of_issuer.get(cluster.id, []) if row.subject == subject]
    fix = f"give {name} a credential for {subject} that trusts {cluster.name}"
    if others:
        other = resource_name(tree, others[0].identity)
        what = f"{who} may sign in as {other}, and the ids handed out are those of {name}"
        fix = f"put the credential on {name}, or hand out the ids of {other}"
        yield failed(
            "identity/credential-on-another", cluster.name, what, fix, others[0].resource.side("name"), account.side
        )
        return
    for row in index.of_identity.get(identity, []):
        if row.subject == subject and cluster.id in row.resource.depends_on:
            return  # It is there and trusts somebody else, which federation.judge says.
    if near and not SUBJECT.fullmatch(near.subject):
        return  # federation.judge says that as well.
    if near:
        what = f"{who} cannot sign in as {name}: its credential is for {near.subject}, and the pods are {subject}"
        yield failed(
            "identity/no-credential", cluster.name, what, fix, near.resource.side("properties", "subject"), account.side
        )
        return
    resource = tree.resources.get(identity)
    sides = [resource.side("name")] if resource else []
    what = f"{who} cannot sign in as {name}: no credential is for {subject} of this cluster"
    yield failed("identity/no-credential", cluster.name, what, fix, *sides, account.side)


def _fleet_accounts(cluster: RenderedCluster, tree: Tree, rows: list[Credential]) -> Iterator[Finding]:
    """The service accounts that the fleet names: the namespace of each is there for it."""
    made = {row.name: row.side("metadata", "name") for row in cluster.of_kind("Namespace", "")}
    for row in rows:
        parts = SUBJECT.fullmatch(row.subject)
        if not parts or not made:
            continue
        namespace, side = parts["namespace"], row.resource.side("properties", "subject")
        what = f"{row.subject} may sign in as {resource_name(tree, row.identity)}"
        if namespace in made or namespace in BUILT_IN_NAMESPACES:
            yield proved(
                "identity/no-namespace", cluster.name, what, side, *([made[namespace]] if namespace in made else [])
            )
        else:
            what += f", but no layer makes namespace {namespace}"
            fix = f"make the namespace {namespace}, or take the credential away"
            yield failed("identity/no-namespace", cluster.name, what, fix, side, next(iter(made.values())))
