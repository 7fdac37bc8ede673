"""Proof by exercise: a fifth chart, a second producer of late values and a new kind of the first are rows, and no more.

The module of the chart is this one; beside it stand what a chart has anyway: its templates, and its keys in the schemas
for editors.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rayfleet import schema, templating
from rayfleet.bind import answers, changes, edit
from rayfleet.bind.judge import judge
from rayfleet.bind.needs import expected_values
from rayfleet.compiler import Compiled, refuse_unbinding
from rayfleet.diagnostics import Invalid
from rayfleet.facts import charts, late_values
from rayfleet.facts.charts.chart import Chart, ChartPod
from rayfleet.facts.late_values import DEPLOYMENT, LateKind, Producer
from rayfleet.fleet_files import FleetFiles
from rayfleet.proofs import Evidence, Report, prove
from rayfleet.source import read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing import rendering
from tests.testing.smallest_fleet import smallest

VENDOR = Producer(
    "vendor", "vendor.{fleet}.{cluster}.license", "the vendor", "vendor show --all", "vendor issue {cluster}"
)
LICENSE = LateKind("licenseId", VENDOR, "license id", "lic_[a-z]{1,9}", "lic_ and what follows it")
ISSUER = LateKind("oidcIssuerUrl", DEPLOYMENT, "OIDC issuer URL", r"https://[\w./-]+", "an address of https")
QUEUES = Chart(
    name="queues",
    artifact="queues",
    part="ray",
    namespace="queue-system",
    when=lambda cluster: True,
    needs=(LICENSE.key,),
    pods=(ChartPod("the queues' controller", ("controller",)),),
)
TEMPLATES = {
    "repository": """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: queues
  namespace: {{ fleet.gitops.namespace }}
spec:
  interval: 24h
  url: https://example.com/charts
""",
    "helmrelease": """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: queues
  namespace: {{ fleet.gitops.namespace }}
spec:
  releaseName: queues
  targetNamespace: {{ chart.namespace }}
  chart:
    spec:
      chart: queues
      version: {{ chart.version }}
      interval: 24h
      sourceRef:
        kind: HelmRepository
        name: queues
  driftDetection:
    mode: enabled
{% include "cluster/operators/release.j2" %}
""",
    "values": """\
license: {{ cluster.bindings.values["licenseId"] }}
controller:
  nodeSelector:
    disk: tape
""",
    "overrides": "{{ chart.own | block(0) }}\n",
}
FOLDER = "clusters/one/operators/queues"


@pytest.fixture(autouse=True)
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One row in each of the two tables; the templates of the chart, and the keys of both in the schemas."""
    monkeypatch.setattr(charts, "TABLE", (*charts.TABLE, QUEUES))
    monkeypatch.setattr(late_values, "TABLE", (*late_values.TABLE, LICENSE))
    for name in ("schemas", "templates"):
        shutil.copytree(rendering.ROOT / name, tmp_path / name)
    for name, text in TEMPLATES.items():
        path = tmp_path / f"templates/cluster/operators/queues/{name}.yaml.j2"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    _add(tmp_path / "schemas/fleet.schema.json", ("$defs", "charts"), "queues", "ingress-nginx")
    of_cluster = ("properties", "clusters", "additionalProperties")
    _add(tmp_path / "schemas/bindings.schema.json", of_cluster, LICENSE.key, "cloudResourceId", LICENSE.pattern or "")
    monkeypatch.setattr(schema, "SCHEMAS", str(tmp_path / "schemas"))
    monkeypatch.setattr(templating, "TEMPLATES", str(tmp_path / "templates"))
    caches = (schema._matcher, schema.load, schema.defaults, templating._environment)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def _add(file: Path, where: tuple[str, ...], key: str, like: str, pattern: str = "") -> None:
    """A key like another in the properties of an object."""
    document = node = json.loads(file.read_text())
    for step in (*where, "properties"):
        node = node[step]
    node[key] = json.loads(json.dumps(node[like]))
    if pattern:
        node[key]["properties"]["value"]["pattern"] = f"^{pattern}$"
    file.write_text(json.dumps(document))


def bound(given: str, producer: str = "vendor.fleet.one.license") -> str:
    """A bindings.yaml with everything, the license included."""
    everything = json.loads(rendering.bindings(rendering.from_text(json.dumps(smallest()))))
    everything["clusters"]["one"][LICENSE.key] = {"value": given, "producer": producer}
    return json.dumps(everything)


def fleet(late: str | None = None) -> Compiled:
    data = smallest(charts={"queues": {"version": "1.2.3", "values": {"debug": True}}})
    return rendering.from_text(json.dumps(data), late=late)


def proved(late: str, of: str | None = None) -> Report:
    """What the proofs say of a fleet; ``of``: with the outputs of other bindings."""
    files = Files("rendered", dict(fleet(of or late).rendered()))
    return prove(Evidence(Tree(files, read("bindings.yaml", late.encode())), date(2026, 12, 1)))


def test_the_chart_waits_for_its_late_value() -> None:
    without = json.loads(bound("lic_a"))
    del without["clusters"]["one"][LICENSE.key]
    waiting = {row.path: row.needs for row in fleet(json.dumps(without)).pending()}
    assert waiting == {
        f"{FOLDER}/{name}.yaml": (LICENSE.key,) for name in ("repository", "helmrelease", "values", "overrides")
    }
    said = {row.what for row in proved(json.dumps(without)).of("pending")}
    assert "waits for licenseId of the vendor" in said


def test_the_chart_is_rendered_with_it() -> None:
    files = {path: content.decode() for path, content in fleet(bound("lic_a")).rendered()}
    assert 'license: "lic_a"\n' in files[f"{FOLDER}/values.yaml"]
    assert '"debug": true\n' in files[f"{FOLDER}/overrides.yaml"]
    release = files[f"{FOLDER}/helmrelease.yaml"]
    assert 'targetNamespace: "queue-system"\n' in release and 'version: "1.2.3"\n' in release
    assert '"queues-values"' in files["clusters/one/operators/kustomization.yaml"]
    assert '- "queues/helmrelease.yaml"\n' in files["clusters/one/operators/kustomization.yaml"]
    assert 'name: "queue-system"\n' in files["clusters/one/platform/namespaces.yaml"]


def test_the_late_value_is_asked_for_and_bound() -> None:
    (row,) = expected_values(fleet().fleet)
    assert row.producers[LICENSE.key] == "vendor.fleet.one.license"
    assert row.prints[LICENSE.key] == "vendor show --all"
    assert row.next_step([LICENSE.key]) == "run vendor issue one, then rayfleet bind"
    given = answers.of_file("x.json", b'{"vendor.fleet.one.license": "lic_a"}', "")
    judged = judge([row], given, "cloud", ["one"])
    assert judged.found == []
    current = read("bindings.yaml", bound("lic_b").encode())
    (change,) = changes.changes(judged.values, current)
    assert (change.kind, change.old, change.new, change.alarming) == (LICENSE.key, "lic_b", "lic_a", True)
    written = edit.edit("bindings.yaml", bound("lic_b").encode(), [change])
    assert json.loads(written)["clusters"]["one"][LICENSE.key] == {
        "value": "lic_a",
        "producer": "vendor.fleet.one.license",
    }
    (bad,) = judge([row], answers.of_file("x.json", b'{"vendor.fleet.one.license": "b"}', ""), "cloud", ["one"]).found
    assert "licenseId of one" in bad.what


def test_both_are_judged() -> None:
    good = bound("lic_a")
    said = [row.what for row in proved(good).of("failed")]
    assert len(said) == 1 and said[0].startswith("the queues' controller")
    asked = {row.what for row in proved(bound("b", "vendor.license"), of=good).of("failed")}
    assert asked - set(said) == {
        "licenseId is b, and not lic_ and what follows it",
        "the producer of licenseId is not vendor.<fleet>.<cluster>.license",
    }


# --- a new kind of a deployment, in a fleet that was bound before there was one ---


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bindings.yaml of before, and the chart now waits for the new kind."""
    before = bound("lic_a")
    monkeypatch.setattr(charts, "TABLE", (*charts.TABLE[:-1], QUEUES._replace(needs=(LICENSE.key, ISSUER.key))))
    monkeypatch.setattr(late_values, "TABLE", (*late_values.TABLE, ISSUER))
    of_cluster = ("properties", "clusters", "additionalProperties")
    _add(tmp_path / "schemas/bindings.schema.json", of_cluster, ISSUER.key, "cloudResourceId", ISSUER.pattern or "")
    return before


def test_a_new_kind_waits_and_all_else_is_rendered(newer: str) -> None:
    compiled = fleet(newer)
    assert {row.needs for row in compiled.pending()} == {(ISSUER.key,)}
    assert {"clusters/one/operators/anyscale-operator/values.yaml"} < set(compiled.paths())
    report = proved(newer)
    assert [row.what for row in report.of("failed")] == []
    assert "waits for oidcIssuerUrl of fleet-eastus" in {row.what for row in report.of("pending")}


def test_a_new_kind_is_bound_after_the_deployment_that_has_it(newer: str) -> None:
    (row,) = expected_values(fleet(newer).fleet)
    there = {kind: late["value"] for kind, late in json.loads(newer)["clusters"]["one"].items()}
    output = {kind: there[kind] for kind in ("clientId", "principalId")} | {"nodePools": ["cpu", "more", "sys"]}
    current = read("bindings.yaml", newer.encode())

    def asked(**more: str) -> list[changes.BindingChange]:
        given = answers.of_deployment("fleet-eastus", {"one": {"type": "Object", "value": output | more}})
        judged = judge([row], given, "cloud", ["one"])
        assert judged.found == []
        return changes.changes(judged.values, current)

    assert [change.kind for change in asked()] == ["nodePools"]
    assert changes.missing_kinds([row], (), current) == {"one": [ISSUER.key]}
    assert row.next_step([ISSUER.key]) == "run rayfleet deploy --region eastus, then rayfleet bind"
    found = asked(oidcIssuerUrl="https://issuer.example.com/a/")
    assert [change.kind for change in found] == ["nodePools", ISSUER.key]
    written = edit.edit("bindings.yaml", newer.encode(), found).decode()
    assert fleet(written).pending() == []


def test_what_is_bound_together_is_never_missing_beside_a_new_kind(newer: str) -> None:
    late = json.loads(newer)
    values = late["clusters"]["one"]
    values[ISSUER.key] = {"value": "https://issuer.example.com/", "producer": "fleet-eastus.outputs.one.oidcIssuerUrl"}
    for kind in ("clientId", "principalId", "nodePools"):
        del values[kind]
    with pytest.raises(Invalid) as refused:
        fleet(json.dumps(late))
    (found,) = refused.value.diagnostics
    assert found.what.startswith("clientId, nodePools, principalId is missing, though the deployment")


def test_what_is_rendered_and_needs_a_new_kind_stays(newer: str, tmp_path: Path) -> None:
    """Flux would delete it: it is bound first, or given up by name."""
    there = tmp_path / f"rendered/{FOLDER}/values.yaml"
    there.parent.mkdir(parents=True)
    there.touch()
    places = FleetFiles("fleet.yaml", str(tmp_path / "rendered"))
    with pytest.raises(Invalid) as refused:
        refuse_unbinding(fleet(newer), places, allowed=())
    (found,) = refused.value.diagnostics
    assert found.what == "oidcIssuerUrl is not bound, so Flux would delete what is rendered and runs"
    assert found.fix.startswith("run rayfleet bind, or ")
    refuse_unbinding(fleet(newer), places, allowed=("one",))
