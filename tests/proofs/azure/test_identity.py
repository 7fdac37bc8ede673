"""Identity: who may sign in as whom, what that identity may do, and whose ids stand where."""

from __future__ import annotations

import json

import pytest

from rayfleet.source import read
from tests.proofs.breaks import accounts, federation, git, ids, manifest_accounts, roles
from tests.proofs.breaks.azure import (
    BLOB,
    BLOB_NAME,
    BLOB_PRINCIPAL,
    BLOB_SCOPE,
    CLIENT,
    CLUSTER,
    EAST,
    NETWORK,
    NETWORK_SCOPE,
    POD_ACCOUNT,
    PRINCIPAL,
    READER,
    RELEASE,
    RESOURCE,
    ROLE,
    SUBJECT,
    VALUES,
    VOLUME,
    WEST,
    ZOO,
    issuer,
    more_credentials,
    template,
    text,
    without,
)
from tests.proofs.breaks.garbage import ruined
from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree
from tests.testing.extent import sampled, some


def text_of(path: str) -> str:
    return tree()[path].decode()


BREAKS = (
    *accounts.BREAKS,
    *federation.BREAKS,
    *roles.BREAKS,
    *roles.CONTROL_PLANE,
    *ids.BREAKS,
    *git.BREAKS,
    *manifest_accounts.BREAKS,
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "identity", fleet=case.fleet), files, "identity", case)


# Breaks that are more than one mistake; of any other the proof gives one reason, the smallest.
SEVERAL = {
    "Helm gives the operator another service account",  # which leaves Ray pods with an account that nobody makes
    "one identity for all regions, as in the reference",
    "what one cluster may do all may, as in the reference",
}


@pytest.mark.parametrize("case", [case for case in BREAKS if case.name not in SEVERAL], ids=lambda case: case.name)
def test_there_is_one_reason(case: Break) -> None:
    report = check(broken(case.edits, case.fleet), "identity", fleet=case.fleet)
    assert len(report.of(case.outcome)) == 1, [row.what for row in report.of(case.outcome)]
    assert case.outcome == "failed" or failures(report) == []


# --- what holds -------------------------------------------------------------------------------------------------------


def proved(fleet: str = "reference") -> list[str]:
    report = check(tree(fleet), "identity", fleet=fleet)
    assert failures(report) + report.of("warned") + report.of("pending") == []
    return [f"{row.subject}: {row.what}" for row in report.of("proved")]


def test_witnesses() -> None:
    found = "\n".join(proved())
    for claim in (
        "aks-eastus: its OIDC issuer and its workload identity are on",
        f"aks-eastus: the operator and Ray pods may sign in as aks-eastus-workload: {SUBJECT}, by the cluster's own",
        "aks-eastus: aks-eastus-workload is Storage Blob Data Contributor on aksmultiregionsa",
        "aks-eastus: its client id and its principal id are both read from aks-eastus-workload",
        "aks-eastus: the client id of aks-eastus-workload is in clientID of the volume blob-fuse2, clientID of",
        "aks-eastus: the principal id of aks-eastus-workload is in anyscale_operator_iam_identity",
        "aks-eastus: its control plane aks-eastus-control-plane has its role on aks-eastus-vnet before the",
        ": no identity has more than 1 federated credential of the 20 allowed: aks-eastus-workload has as many",
        ": no two credentials of an identity are written at once",
        ": the names of 4 role assignments are the same at every deployment, each for one grant",
        ": the tokens of 2 operators are for api://086bc555-6989-4362-ba30-fded273e432b/.default",
    ):
        assert claim in found


def test_the_fleets_own_service_accounts_are_proved() -> None:
    found = proved("every-choice")
    assert "envoy: system:serviceaccount:team-a:trainer may sign in as envoy-workload" in found
    assert "nginx: system:serviceaccount:team-b:server may sign in as nginx-workload" in found


def test_git_is_proved() -> None:
    subject = "system:serviceaccount:flux-system:source-controller"
    assert f"zoo: Flux may sign in to Git as zoo-git: {subject}" in proved("accelerators")


def test_the_operator_is_pending_while_it_is_not_bound() -> None:
    files = dict(rendering.compiled("every-choice", bound=False).rendered())
    report = check(files, "identity", fleet="every-choice")
    assert failures(report) == []
    assert [(row.subject, row.what) for row in report.of("pending")] == [
        ("nginx and 1 more", "the operator waits for clientId and cloudResourceId: who signs in is not rendered yet")
    ]
    found = [row.what for row in report.of("proved")]
    # What ARM says by itself is proved without waiting.
    assert f"{SUBJECT} may sign in as envoy-workload" in found
    assert "envoy-workload is Storage Blob Data Contributor on choices: Ray pods read and write it" in found
    assert "its client id and its principal id are both read from envoy-workload" in found


def test_a_role_is_missed_before_anything_is_mounted() -> None:
    path = "azure/westus3.json"
    files = {**dict(rendering.compiled("no-gpus", bound=False).rendered())}
    files[path] = files[path].replace(f"{ROLE}{BLOB}".encode(), f"{ROLE}{READER}".encode())
    (row,) = failures(check(files, "identity", fleet="no-gpus"))
    assert "small-workload is Storage Blob Data Reader on smallfleet, which is too little" in row.what


GOOD = (
    (
        "a role on the container",
        (
            Edit(
                EAST,
                BLOB_SCOPE,
                BLOB_SCOPE.replace(
                    "storageAccounts', 'aksmultiregionsa'",
                    "storageAccounts/blobServices/containers', 'aksmultiregionsa', 'default', 'aks-anyscale-blob'",
                ),
            ),
        ),
    ),
    ("a role on the resource group", (Edit(EAST, f"{BLOB_SCOPE},", ""),)),
    ("the owner of the network", (Edit(EAST, f"{ROLE}{NETWORK}", f"{ROLE}8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),)),
    ("a larger role", (Edit(EAST, f"{ROLE}{BLOB}", f"{ROLE}b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),)),
    (
        "a role on the subnet alone",
        (
            text(
                EAST,
                NETWORK_SCOPE,
                NETWORK_SCOPE.replace(
                    "virtualNetworks', 'aks-eastus-vnet'", "virtualNetworks/subnets', 'aks-eastus-vnet', 'aks-nodes'"
                ),
            ),
            Edit(
                EAST,
                "[extensionResourceId(resourceId('Microsoft.Network/virtualNetworks', 'aks-eastus-vnet')",
                "[extensionResourceId(resourceId('Microsoft.Network/virtualNetworks/subnets', 'aks-eastus-vnet', "
                "'aks-nodes')",
            ),
        ),
    ),
    (
        "a role granted to the id that is bound",
        (Edit(EAST, BLOB_PRINCIPAL, f'"principalId": "{PRINCIPAL}", "principalType"'),),
    ),
    ("a name that is a GUID", (Edit(EAST, f"[{BLOB_NAME}]", "10000000-0000-4000-8000-000000000000"),)),
    ("as many credentials as an identity takes", (template(EAST, more_credentials(19)),)),
    (
        "the whole of the identity read",
        (Edit(EAST, BLOB_PRINCIPAL, BLOB_PRINCIPAL.replace("30').", "30', 'Full').properties.")),),
    ),
    (
        "a credential of a CI system",
        (
            template(EAST, more_credentials(1)),
            Edit(EAST, "system:serviceaccount:default:more0", "repo:example/fleet:ref:refs/heads/main"),
            Edit(
                EAST,
                f'"{issuer("aks-eastus")}",\n        "subject": "repo',
                '"https://ci.example.com", "subject": "repo',
            ),
        ),
    ),
    (
        "Ray pods with an account of their own",
        (
            Edit(VALUES, POD_ACCOUNT, "serviceAccount:\n    name: ray"),
            Edit(f"{CLUSTER}/platform/kustomization.yaml", "resources:\n", "resources:\n  - ray.yaml\n"),
            Edit(
                f"{CLUSTER}/platform/ray.yaml",
                "",
                "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ray\n  namespace: anyscale-operator\n"
                f"  annotations: {{azure.workload.identity/client-id: {CLIENT}}}\n",
            ),
            template(EAST, more_credentials(1)),
            Edit(EAST, "system:serviceaccount:default:more0", "system:serviceaccount:anyscale-operator:ray"),
        ),
    ),
)


@pytest.mark.parametrize("row", (*GOOD, *manifest_accounts.GOOD), ids=lambda row: row[0])
def test_what_is_meant_raises_no_alarm(row: tuple[str, tuple[Edit, ...]]) -> None:
    report = check(broken(row[1]), "identity")
    assert [finding.what for finding in failures(report) + report.of("warned")] == []


UNREAD = (
    (Edit(VALUES, text_of(VALUES), "{"),),
    (Edit(VALUES, text_of(VALUES), None),),
    (Edit(f"{CLUSTER}/operators/kustomization.yaml", text_of(f"{CLUSTER}/operators/kustomization.yaml"), "{"),),
    (Edit(f"{CLUSTER}/operators/kustomization.yaml", text_of(f"{CLUSTER}/operators/kustomization.yaml"), None),),
    (Edit(f"{CLUSTER}/platform/kustomization.yaml", text_of(f"{CLUSTER}/platform/kustomization.yaml"), "{"),),
)


@pytest.mark.parametrize("edits", UNREAD)
def test_what_cannot_be_read_is_said_by_others(edits: tuple[Edit, ...]) -> None:
    report = check(broken(edits), "identity", "bindings", "storage")
    assert [row.what for row in failures(report) + report.of("warned") if row.proof != "files"] == []


def test_deployments_in_turn_may_share_an_identity() -> None:
    order = "azure/deployments.json"
    old = tree()[order].decode()
    document = json.loads(old)
    document["deployments"][3]["dependsOn"].append("aks-multi-region-eastus")
    edits = (text(WEST, "aks-westus2-workload", "aks-eastus-workload"), Edit(order, old, json.dumps(document)))
    report = check(broken(edits), "identity")
    assert failures(report) == []
    assert len(report.of("warned")) == 1  # that two clusters share it


@pytest.mark.parametrize(("other", "found"), [("azure/shared.json", []), (WEST, ["it does not wait for the role"])])
def test_the_role_may_come_of_a_deployment_before(other: str, found: list[str]) -> None:
    """The role is made by another template, with its identity and VNet; of a parallel one it may come too late."""
    whole = json.loads(tree()[EAST])
    (role,) = (row for row in whole["resources"] if NETWORK in row["name"])
    files = broken(
        (template(EAST, without("roleAssignments", NETWORK)), template(other, lambda rows: rows.append(role)))
    )
    report = check(files, "identity")
    assert [row.what[: len(what)] for row, what in zip(failures(report), found, strict=True)] == found


def test_no_value_of_the_token_is_printed() -> None:
    (case,) = (case for case in BREAKS if "CLI token" in case.name)
    report = check(broken(case.edits), "identity")
    assert "aph0_secret" not in str(failures(report))


@sampled
def test_no_template_brings_it_down() -> None:
    """With an identity for Git; what is no identity's business stays as it is."""
    files = tree("accelerators")
    whole = json.loads(files[ZOO])
    ours = ("ManagedIdentity", "Authorization", "KubernetesConfiguration")
    rows = [row for row in whole["resources"] if any(part in row["type"] for part in ours)]
    rest = [row for row in whole["resources"] if row not in rows]
    for changed in some(ruined(json.dumps(rows).encode()), 10):
        content = json.dumps(whole | {"resources": rest + json.loads(changed)}).encode()
        check({**files, ZOO: content}, "identity", fleet="accelerators")


@sampled
@pytest.mark.parametrize("path", [RELEASE, RESOURCE, VOLUME, VALUES])
def test_no_manifest_brings_it_down(path: str) -> None:
    files = tree()
    document = read(path, files[path]).data
    document.get("workloads", {}).pop("instanceTypes", None)
    for content in some(ruined(json.dumps(document).encode()), 10):
        check({**files, path: content}, "identity")
