"""The service accounts of manifests: those that layers make, that pods of manifests run as, and that credentials name.

Of the operator's account and of that of Ray pods service_accounts speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.late_values import CLIENT_ID, words
from rayfleet.facts.workload_identity import CLIENT_ID_ANNOTATION, CLIENT_ID_VARIABLE, USE_LABEL
from rayfleet.proofs.azure.federation import SUBJECT, federation
from rayfleet.proofs.azure.service_accounts import BUILT_IN_NAMESPACES, accounts, is_similar
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.kubernetes.pod_claims import may_come_with_chart
from rayfleet.scheduler.pods import WrittenPod, written_pods
from rayfleet.tree import RenderedCluster, Tree, entries, get, text
from rayfleet.tree.bindings import Late, bound_values
from rayfleet.tree.gaps import has_gaps
from rayfleet.tree.layer import Manifest
from rayfleet.tree.memo import once
from rayfleet.tree.role_assignments import resource_name

# Every namespace has one of this name (Kubernetes docs, service-accounts).
_DEFAULT = "default"


def judge(cluster: RenderedCluster, tree: Tree, identity: str) -> Iterator[Finding]:
    """Every account by its ids, then whoever names one. Of a cluster that cannot be read whole nothing is said."""
    if has_gaps(cluster):
        return
    own = {account.subject for account in accounts(cluster)}
    made = {_subject(row.namespace, row.name): row for row in cluster.of_kind("ServiceAccount", "")}
    for subject, account in made.items():
        if subject not in own:
            yield from _ids(cluster, tree, identity, account)
    for pod in written_pods(cluster):
        yield from _pod_account(cluster, pod, made, own)
    yield from _credentials(cluster, tree, made, own)


def _subject(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


# --- by its ids ---


@once
def _owners(tree: Tree) -> dict[str, Late]:
    """Every id that is bound."""
    return {late.text: late for late in bound_values(tree) if late.text}


def _ids(cluster: RenderedCluster, tree: Tree, identity: str, account: Manifest) -> Iterator[Finding]:
    """The client id that an account carries is that of this cluster's identity, which trusts the account."""
    said = text(account.data, "metadata", "annotations", CLIENT_ID_ANNOTATION)
    side = account.side("metadata", "annotations", CLIENT_ID_ANNOTATION)
    subject, who = _subject(account.namespace, account.name), f"the service account {account.namespace}/{account.name}"
    right = [row for row in federation(tree).of_issuer.get(cluster.id, []) if row.subject == subject]
    owner = _owners(tree).get(said)
    if said and owner and (owner.cluster, owner.kind) != (cluster.name, CLIENT_ID):
        whose = "its own" if owner.cluster == cluster.name else f"{owner.cluster}'s"
        what = f"{who} carries {whose} {words(owner.kind)}, not the client id of {resource_name(tree, identity)}"
        fix = f"annotate it with {CLIENT_ID_ANNOTATION}: {_client_id(tree, cluster.name)}"
        yield failed("identity/service-account-client-id", cluster.name, what, fix, side, owner.side)
    elif said and owner and not right:
        yield _missing_credential(cluster, tree, identity, account)
    elif said and not owner and right and _client_id(tree, cluster.name):
        what = f"{who} carries the client id {said}, which is none of the fleet's, and {resource_name(tree, identity)}"
        fix = f"annotate it with {CLIENT_ID_ANNOTATION}: {_client_id(tree, cluster.name)}, or take the credential away"
        other = right[0].resource.side("properties", "subject")
        yield warned("identity/account-of-another", cluster.name, f"{what} trusts it", fix, side, other)
    elif said and owner:
        what = f"{who} signs in as {resource_name(tree, identity)}, which trusts it"
        yield proved("identity/no-credential", cluster.name, what, side, right[0].resource.side("properties"))


def _client_id(tree: Tree, cluster: str) -> str:
    late = (late for late in bound_values(tree) if (late.cluster, late.kind) == (cluster, CLIENT_ID))
    return next((row.text for row in late), "")


def _missing_credential(cluster: RenderedCluster, tree: Tree, identity: str, account: Manifest) -> Finding:
    name, subject = resource_name(tree, identity), _subject(account.namespace, account.name)
    rows = {row.subject: row.resource for row in federation(tree).of_issuer.get(cluster.id, [])}
    near = next((row for row in rows if row in _absent_subjects(cluster, rows) and is_similar(row, subject)), "")
    what = f"the service account {account.namespace}/{account.name} cannot sign in as {name}"
    what += f": its credential is for {near}" if near else f": no credential is for {subject}"
    fix = "name the account under serviceAccounts in fleet.yaml as its manifest does"
    resource = rows[near].side("properties", "subject") if near else None
    sides = (account.side("metadata", "name"), *([resource] if resource else []))
    return failed("identity/no-credential", cluster.name, what, fix, *sides)


# --- who names one ---


def _pod_account(
    cluster: RenderedCluster, pod: WrittenPod, made: dict[str, Manifest], own: set[str]
) -> Iterator[Finding]:
    """Kubernetes makes no pod of an account that is not there (Kubernetes docs, service-accounts-admin)."""
    name = text(pod.spec, "serviceAccountName") or _DEFAULT
    namespace, subject = pod.manifest.namespace, _subject(pod.manifest.namespace, name)
    account, side = made.get(subject), pod.side("serviceAccountName")
    if account is None and name != _DEFAULT and subject not in own:
        if not _may_be_made_elsewhere(cluster, namespace):
            names = [row.name for row in made.values() if row.namespace == namespace]
            what = f"{pod.name} runs as {namespace}/{name}, which neither a chart nor a layer makes"
            fix = f"make the account in a layer{did_you_mean(name, names)}"
            yield failed("identity/no-service-account", cluster.name, what, fix, side)
    elif subject not in own and get(pod.labels, USE_LABEL) in ("true", True) and not _has_client_id(pod, account):
        what = f"{pod.name} is to sign in to Azure as {namespace}/{name}, which carries no client id"
        fix = f"annotate the account with {CLIENT_ID_ANNOTATION}"
        sides = (account.side("metadata"), side) if account else (side,)
        yield failed("identity/service-account-client-id", cluster.name, what, fix, *sides)


def _has_client_id(pod: WrittenPod, account: Manifest | None) -> bool:
    if account and get(account.data, "metadata", "annotations", CLIENT_ID_ANNOTATION):
        return True
    containers = [*entries(pod.spec, "containers"), *entries(pod.spec, "initContainers")]
    variables = [text(row, "name") for container in containers for row in entries(container, "env")]
    return CLIENT_ID_VARIABLE in variables or any(entries(container, "envFrom") for container in containers)


def _may_be_made_elsewhere(cluster: RenderedCluster, namespace: str) -> bool:
    return namespace in BUILT_IN_NAMESPACES or may_come_with_chart(cluster, namespace)


def _absent_subjects(cluster: RenderedCluster, subjects: Iterable[str]) -> set[str]:
    """Subjects of accounts that no layer makes, and nothing else can."""
    made = {_subject(row.namespace, row.name) for row in cluster.of_kind("ServiceAccount", "")}
    made |= {account.subject for account in accounts(cluster)}
    found = set()
    for subject in subjects:
        parts = SUBJECT.fullmatch(subject)
        if parts and subject not in made and parts["name"] != _DEFAULT:
            found |= set() if _may_be_made_elsewhere(cluster, parts["namespace"]) else {subject}
    return found


def _credentials(cluster: RenderedCluster, tree: Tree, made: dict[str, Manifest], own: set[str]) -> Iterator[Finding]:
    """The accounts that the fleet names are there."""
    rows = {row.subject: row for row in federation(tree).of_issuer.get(cluster.id, [])}
    if not own:  # whose account waits for bindings, as does what follows
        return
    for subject in sorted(_absent_subjects(cluster, set(rows))):
        if any(is_similar(subject, other) and other not in rows for other in made):
            continue  # that one says it
        _, _, namespace, name = subject.split(":")
        what = f"{subject} may sign in to Azure, and no layer makes the service account {namespace}/{name}"
        side = rows[subject].resource.side("properties", "subject")
        yield noted("identity/account-not-made", cluster.name, what, side)
