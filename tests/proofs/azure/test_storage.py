"""Storage: from the cloud resource to the container, mount options, and the account."""

from __future__ import annotations

import json
from functools import cache

import pytest

from rayfleet.source import read_all
from tests.proofs.breaks import pod_claims, storage_account, storage_mounts
from tests.proofs.breaks.storage import (
    ACCOUNT_ID,
    AT,
    CLASS,
    DYNAMIC,
    EAST,
    LAYER,
    NAMESPACES,
    PV,
    PVC,
    RELEASE,
    RESOURCE,
    SECOND,
    SHARED,
    VALUES,
    WEST,
    option,
)
from tests.proofs.breaks.storage_account import private, walled
from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, edited, failures, tree
from tests.testing.extent import sampled, some
from tests.testing.garbage import garbled, paths

BREAKS = (
    *storage_mounts.PATH,
    *storage_mounts.CLAIM,
    *storage_account.ACCESS,
    *storage_account.OBJECTS,
    *storage_account.CORS,
    *storage_account.FIREWALL,
    *storage_account.READ_ONLY,
    *storage_account.LIFECYCLE,
    *storage_mounts.MOUNT,
    *pod_claims.BREAKS,
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "storage", fleet=case.fleet), files, "storage", case)


@pytest.mark.parametrize("edits", pod_claims.GOOD)
def test_claims_of_a_team_raise_no_alarm(edits: tuple[Edit, ...]) -> None:
    assert [row.what for row in failures(check(broken(edits), "storage"))] == []


def test_a_fix_names_the_nearest_container() -> None:
    """The first is another, which would be the wrong one."""
    document = json.loads(tree()[SHARED])
    own = next(row for row in document["resources"] if row["type"].endswith("/containers"))
    document["resources"].append({**own, "name": own["name"].replace("aks-anyscale-blob", "training-data")})
    wrong = Edit(PV, 'containerName: "aks-anyscale-blob"', "containerName: trainingdata")
    report = check(broken((wrong, edited(SHARED, document))), "storage")
    fixes = {row.claim: row.fix for row in failures(report) if row.subject == "aks-eastus"}
    assert fixes["storage/container-missing"] == "name training-data"


# --- what holds ---


def test_witnesses_lead_from_the_cloud_resource_to_arm() -> None:
    proved = {row.what: row for row in check(tree(), "storage").of("proved")}
    row = proved["its claim blob-fuse2 leads through the volume blob-fuse2 to aks-anyscale-blob of aksmultiregionsa, "
                 "which is its bucket too"]  # fmt: skip
    assert [place.file.removeprefix("rendered/") for place in row.places] in (
        [
            f"clusters/{cluster}/anyscale/cloud_resource.yaml",
            f"clusters/{cluster}/platform/persistentvolume.yaml",
            SHARED,
        ]
        for cluster in ("aks-eastus", "aks-westus2")
    )
    assert "2 clusters mount one container, aks-anyscale-blob of aksmultiregionsa" in proved
    assert "nobody reads it without signing in, and no key exists that could leak" in proved
    assert "the console shows what is in aksmultiregionsa: its CORS rules let it" in proved
    assert "the mount options of the volume blob-fuse2 go together" in proved
    takes = "the volume blob-fuse2: each mount takes 2048 MiB of memory, and a node of cpu has 65536 MiB"
    assert [place.file.removeprefix("rendered/") for place in proved[takes].places][1] in (EAST, WEST)


def test_a_file_cache_that_fits_is_proved() -> None:
    said = [row.what for row in check(tree(DYNAMIC), "storage", fleet=DYNAMIC).of("proved")]
    holds = "each mount caches 64 GiB of files, and a node of head has 172 GiB for it"
    assert f"the storage class blob-fuse2: {holds}" in said


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_no_false_alarm(fleet: str) -> None:
    report = check(tree(fleet), "storage", fleet=fleet)
    assert failures(report) == []
    expected = {"archives runs/ of ray"}
    warnings = [row.what for row in report.of("warned")]
    assert len(warnings) == (len(expected) if fleet == DYNAMIC else 0)
    assert all(any(part in what for part in expected) for what in warnings)


@pytest.mark.parametrize("fleet", rendering.FLEETS)
def test_what_is_not_bound_is_pending(fleet: str) -> None:
    files = dict(rendering.compiled(fleet, bound=False).rendered())
    report = check(files, "storage", fleet=fleet)
    assert failures(report) == []
    assert all("waits for principalId" in row.what for row in report.of("pending"))
    first, *others = rendering.compiled(fleet, bound=False).fleet.clusters
    (row,) = report.of("pending")
    assert row.subject.endswith(f" and {len(others)} more" if others else first.name)


def test_a_claim_waits_for_its_client_id() -> None:
    files = broken((Edit("bindings.yaml", tree()["bindings.yaml"].decode(), None),))
    gone = [path for path in files if path.startswith("clusters/") and "/platform/" in path]
    report = check({path: content for path, content in files.items() if path not in gone}, "storage")
    (row,) = report.of("pending")
    assert (row.subject, row.what) == ("aks-eastus and 1 more", "the claim blob-fuse2 waits for clientId")
    assert failures(report) == []


def test_the_namespace_of_an_operator_that_is_pending_is_not_asked_for() -> None:
    """Azure's values are bound, Anyscale's are not yet."""
    files = broken((Edit(f"{AT}/operators/kustomization.yaml", '  - "anyscale-operator/helmrelease.yaml"\n', ""),))
    assert failures(check(files, "storage")) == []


RULE_ON = '"enabled": true,\n              "type"'
ARCHIVE, DELETE = (Edit(SHARED, '"tierToCool"', f'"{step}"') for step in ("tierToArchive", "delete"))
HNS = 'protocol: fuse2\n      isHnsEnabled: "true"'


NFS = (
    Edit(CLASS, "protocol: fuse2", "protocol: nfs"),
    Edit(SHARED, '"isHnsEnabled": true', '"isHnsEnabled": true, "isNfsV3Enabled": true'),
)


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("parameters in any case", (Edit(PV, "storageAccount:", "STORAGEACCOUNT:"),)),
        ("a smaller claim", (Edit(PVC, 'storage: "10Ti"', "storage: 10000000000000"),)),
        ("a region as people write it", (Edit(SHARED, '"location": "eastus"', '"location": "East US"'),)),
        ("the default of a volume made by hand", (Edit(PV, "  persistentVolumeReclaimPolicy: Retain\n", ""),)),
        ("newer TLS", (Edit(SHARED, "TLS1_2", "TLS1_3"),)),
        ("a rule that is off", (Edit(SHARED, RULE_ON, RULE_ON.replace("true", "false")), ARCHIVE)),
        ("a rule for a folder of what is mounted", (Edit(SHARED, 'blob/"\n', 'blob/old/"\n'), DELETE)),
        ("no prefetch", (option("--block-cache-prefetch=32", "--block-cache-prefetch=0"),)),
        ("an option in two words", (option("--log-level=LOG_WARNING", "--log-level LOG_WARNING"),)),
        ("several FUSE options", (option("-o allow_other", "-o allow_other,attr_timeout=20"),)),
        ("the driver's own isHnsEnabled", (option("--use-adls=true", ""), Edit(PV, "protocol: fuse2", HNS))),
        ("another console of Anyscale's", (Edit(VALUES, "//console.anyscale", "//console.azure.anyscale"),)),
        ("both clusters let in", (walled(("aks-eastus-vnet", "aks-nodes"), ("aks-westus2-vnet", "aks-nodes")),)),
        ("a private endpoint", (private(ACCOUNT_ID),)),
        ("an account that speaks NFS", NFS),
        ("a firewall that is open", (walled(defaultAction="Allow"),)),
        ("the operator's own console", (Edit(VALUES, '  controlPlaneURL: "https://console.anyscale.com"\n', ""),)),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(name: str, edits: tuple[Edit, ...]) -> None:
    report = check(broken(edits), "storage")
    assert failures(report) == report.of("warned") == [], name


# --- what is a team's own ---

OWN_VOLUME = SECOND.replace("aksmultiregionsa", "teamdata").replace("aks-multi-region\n", "team\n")
OWN_CLASS = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: blob-nfs}
provisioner: blob.csi.azure.com
parameters: {protocol: nfs, skuName: Premium_LRS}
"""


@pytest.mark.parametrize(
    ("text", "name"), [(OWN_VOLUME, "the volume second"), (OWN_CLASS, "the storage class blob-nfs")]
)
def test_what_is_mounted_from_elsewhere_is_noted_once(text: str, name: str) -> None:
    edits = [
        edit
        for cluster in ("aks-eastus", "aks-westus2")
        for folder in (f"clusters/{cluster}/platform",)
        for edit in (
            Edit(f"{folder}/own.yaml", "", text.replace("mountWithWorkloadIdentityToken", "clientID")),
            Edit(f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - own.yaml\n"),
        )
    ]
    report = check(broken(tuple(edits)), "storage", "bindings", "identity")
    assert failures(report) == report.of("warned") == []
    (row,) = [row for row in report.of("noted") if "not one of the fleet's" in row.what]
    assert (row.subject, row.what) == (
        "aks-eastus and 1 more",
        f"the account of {name} is not one of the fleet's: it was not checked",
    )


def test_a_class_that_nothing_mounts_by_has_no_cache_to_note() -> None:
    cached = "  - --file-cache-timeout=120\n  - --cache-size-mb=1024\n"
    old = tree()[CLASS].decode()
    (line,) = [row for row in old.splitlines(keepends=True) if '"--block-cache"' in row]
    options = [row for row in old.splitlines(keepends=True) if "--block-cache" in row and row != line]
    edits = (Edit(CLASS, "".join([line, *options]), cached),)
    assert not any("one folder" in row.what for row in check(broken(edits), "storage").of("noted"))


# --- what cannot be read ---


def test_no_template_is_one_reason() -> None:
    """The proofs of files and of ARM say which."""
    shared = tree()[SHARED].decode()
    for edit in (Edit(SHARED, shared, None), Edit(SHARED, shared, "{")):
        assert failures(check(broken((edit,)), "storage", "identity", "bindings")) == [
            row for row in failures(check(broken((edit,)), "storage")) if row.proof == "files"
        ]


# --- anything at all ---

GARBAGE = (None, [], "", -1, True, [None, 7, {"a": []}], {"name": 3})


@cache
def small() -> dict[str, bytes]:
    """One cluster, and of its template what the proof reads."""
    files = {path: content for path, content in tree().items() if "westus2" not in path}
    document = json.loads(files[EAST])
    kinds = ("managedClusters", "agentPools", "fluxConfigurations")
    rows = {row["type"]: row for row in document["resources"] if row["type"].rpartition("/")[2] in kinds}
    found = {**files, EAST: json.dumps({"resources": list(rows.values())}).encode()}
    assert len(check(found, "storage").of("proved")) == 9, "all of the proof must be at work"
    return found


@sampled
@pytest.mark.parametrize(
    "path", [PV, PVC, CLASS, RESOURCE, RELEASE, LAYER, NAMESPACES, f"{AT}/platform/kustomization.yaml"]
)
def test_garbage_in_a_manifest_is_survived(path: str) -> None:
    first, *_ = read_all(path, tree()[path])
    whole = [(place, garbage) for place in paths(first.data) for garbage in GARBAGE]
    for place, garbage in some(whole, 20):
        check({**small(), path: garbled(first.data, place, garbage)}, "storage")


@sampled
@pytest.mark.parametrize("path", [SHARED, EAST])
def test_garbage_in_arm_is_survived(path: str) -> None:
    """One piece for each place, another for the next."""
    data = json.loads(small()[path])
    for number, place in enumerate(some(paths(data["resources"], ("resources",)), 20)):
        check({**small(), path: garbled(data, place, GARBAGE[number % len(GARBAGE)])}, "storage")
