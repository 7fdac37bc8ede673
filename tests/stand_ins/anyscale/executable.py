"""The ``anyscale`` command line for tests: what 0.26.112 prints, where, and with which exit code.

Written from transcripts of the real one against a server on 127.0.0.1 that answered as Anyscale does. Its quirks:
- ``cloud resource create`` and ``cloud resource delete`` print errors on stdout and exit with 0; where no server
  answers, all commands but ``cloud get`` say so in words on stderr and exit with 2;
- a token of no known form, an empty one too, is refused before anything is asked;
- ``cloud register`` is refused for a cloud that is there, and takes the cloud away again when its resource is refused;
  it can also fail once all is done;
- ``cloud get`` reports its errors as JSON on stderr, and hides which resource is the primary one;
- log lines, with colours even in a file, go to stderr, and so does a lone ``Output``;
- without credentials, a resource file is read first, and the refusal is no JSON.

Its world is a file that ANYSCALE_STAND_IN names: {"clouds": {name: [resource, ...]}, "calls": [[argument, ...]],
"faults": [{"command": "cloud register", "how": ..., "text": ...}], "signed_in": bool}, written by marshal: see
``world``. It is started very often, so it loads little: see ``command_line``; no site packages, and PyYAML from
ANYSCALE_STAND_IN_PACKAGES when it has to.
"""

from __future__ import annotations

import os
import sys

from tests.stand_ins.anyscale.command_line import ClickException, Commands, Option, as_json, confirm
from tests.stand_ins.anyscale.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEYS: dict[str, set[str]] = {
    "": {
        "cloud_resource_id", "cloud_deployment_id", "name", "provider", "compute_stack", "region", "networking_mode",
        "object_storage", "file_storage", "aws_config", "gcp_config", "azure_config", "kubernetes_config",
        "connector_config",
    },
    "object_storage": {"bucket_name", "region", "endpoint", "s3_addressing_style"},
    "file_storage": {
        "file_storage_id", "mount_targets", "mount_path", "persistent_volume_claim", "csi_ephemeral_volume_driver",
    },
    "azure_config": {"tenant_id"},
    "kubernetes_config": {
        "anyscale_operator_iam_identity", "zones", "redis_endpoint", "custom_image_registry",
    },
}  # fmt: skip
world = World()
cli = Commands()


def with_yaml() -> Any:
    """PyYAML, for the few runs that need it."""
    sys.path.append(os.environ["ANYSCALE_STAND_IN_PACKAGES"])
    import yaml

    return yaml


def api(status: str, verb: str, detail: str) -> str:
    number, _, reason = status.partition(" ")
    body = f'{{"error": {{"detail": {as_json(detail)}}}}}'
    return f"API Exception ({number}) from {verb} \nReason: {reason}\nHTTP response body: {body}\nTrace ID: None"


def log(text: str) -> None:
    print(f"\x1b[1m\x1b[36m(anyscale +0.9s)\x1b[0m {text}", file=sys.stderr)


def signed_in() -> None:
    world.sign_in()
    print("\x1b[1m\x1b[36mOutput\x1b[0m", file=sys.stderr)


def parsed(file: str, must_be_mapping: bool) -> dict[str, Any]:
    if not os.path.exists(file):
        raise ClickException(f"{file} does not exist.")
    with open(file, encoding="utf-8") as stream:
        spec = with_yaml().safe_load(stream)
    if not isinstance(spec, dict):
        kind = type(spec).__name__
        what = f"expected a mapping of cloud resource fields, got {kind}"
        other = f"CloudDeployment() argument after ** must be a mapping, not {kind}"
        raise ClickException(f"Failed to parse cloud resource: {what if must_be_mapping else other}")
    for section, known in KEYS.items():
        part = spec.get(section) if section else spec
        # `resource create` leaves nested mappings as they are.
        if isinstance(part, dict) and (must_be_mapping or not section) and (unknown := set(part) - known):
            name = section.title().replace("_", "") or "CloudDeployment"
            what = f"{name}.__init__() got an unexpected keyword argument '{min(unknown)}'"
            raise ClickException(f"Failed to parse cloud resource: {what}")
    return spec


def add(cloud: str, spec: dict[str, Any]) -> str:
    """Adds a resource as the server does, and gives its id. Raises ClickException with the client's words."""
    verb = "PUT /api/v2/clouds/{cloud_id}/add_resource"
    if (refusal := world.refusal()) is not None:
        raise ClickException(api("400 Bad Request", verb, refusal))
    rows = world.clouds()[cloud]
    if any(row["name"] == spec.get("name") for row in rows):
        detail = f"Cloud resource with name {spec.get('name')} already exists."
        raise ClickException(api("409 Conflict", verb, detail))
    name = str(spec.get("name") or f"k8s-azure-{spec.get('region')}")
    # As bindings.yaml of the reference fleet has them.
    identifier = f"cldrsrc_{name.removeprefix('aks-').replace('-', '')}0example".ljust(32, "0")
    if world.how != "nothing":
        row = {"cloud_resource_id": identifier, **spec, "name": name}
        world.change(lambda data: data["clouds"][cloud].append(row))
    return identifier


@cli.add("login")
def login() -> None:
    world.change(lambda data: data.update(signed_in=True))


@cli.add(
    "cloud get",
    Option(("--name", "-n"), "name"),
    Option(("--cloud-id", "--id"), "cloud_id"),
    Option(("--output-file",), "output_file"),
    Option(("--output", "-o"), "output"),
    Option(("--output-format",), "output_format", choices=("text", "json", "yaml"), default="text"),
)
def get(
    name: str | None, cloud_id: str | None, output_file: str | None, output: str | None, output_format: str
) -> None:
    world.sign_in()
    found = world.clouds()
    problem: dict[str, Any] | None = None
    if (refusal := world.refusal()) is not None:
        resolution = "Check your network and ANYSCALE_HOST."
        problem = {"code": "connection_error", "message": refusal, "resolution": resolution, "exit_code": 2}
    elif name not in found:
        resolution = "Verify the resource ID or name. Use the list command to find available resources."
        legacy = os.environ.get("ANYSCALE_LEGACY_EXIT_CODES") == "1"
        problem = {"code": "resource_not_found", "message": "Cloud not found.", "resolution": resolution}
        problem["exit_code"] = 0 if legacy else 1
    if problem:
        text = output_format == "text"
        print(f"Error: {problem['message']}" if text else as_json({"error": problem}), file=sys.stderr)
        sys.exit(problem["exit_code"])
    signed_in()
    data = {"name": name, "id": "cld_standin", "resources": found[str(name)]}
    print(as_json(data) if output_format == "json" else with_yaml().dump(data, sort_keys=False))


@cli.add(
    "cloud register",
    Option(("--name", "-n"), "name", required=True),
    Option(("--provider",), "provider", choices=("aws", "gcp", "azure", "generic")),
    Option(("--resource-file", "-f"), "resource_file"),
    Option(("--yes", "-y"), "yes", flag=True),
    Option(("--skip-verifications",), "skip_verifications", flag=True),
)
def register(name: str, provider: str | None, resource_file: str | None, yes: bool, skip_verifications: bool) -> None:
    if not resource_file:
        raise ClickException("the stand-in registers from a file only")
    spec = parsed(resource_file, must_be_mapping=True)
    written = str(spec.get("provider"))
    if provider and provider.lower() != written.lower():
        raise ClickException(
            f"--provider {provider} conflicts with provider {written} in {resource_file}. Omit --provider to use the "
            "value from the file."
        )
    signed_in()
    if name in world.clouds():
        detail = f"Cloud with name {name} already exists."
        raise ClickException(api("409 Conflict", "POST /api/v2/clouds/", detail))
    if world.how != "nothing":
        world.change(lambda data: data["clouds"].update({name: []}))
    if world.how == "half":
        os.kill(os.getpid(), 9)
    identifier = "cldrsrc_nothing"
    if world.how != "nothing":
        try:
            identifier = add(name, spec)
        except ClickException as error:
            world.change(lambda data: data["clouds"].pop(name))
            print(f"\x1b[1m\x1b[31m(anyscale +0.8s) \x1b[0m{error.message}", file=sys.stderr)
            raise ClickException(f"Cloud registration failed! {error.message}") from None
    world.after()
    log(f"Cloud registration complete!\n\n  Cloud ID:          cld_standin\n  Cloud resource ID: {identifier}\n")


@cli.add(
    "cloud resource create",
    Option(("--cloud",), "name"),
    Option(("--cloud-id",), "cloud_id"),
    Option(("--file", "-f"), "file", required=True),
    Option(("--skip-verification",), "skip_verification", flag=True),
    Option(("--yes", "-y"), "yes", flag=True),
)
def create(name: str, cloud_id: str | None, file: str, skip_verification: bool, yes: bool) -> None:
    try:
        signed_in()
        if name not in world.clouds():
            detail = f"Cloud with name {name} not found."
            raise ClickException(api("404 Not Found", "POST /api/v2/clouds/find_by_name", detail))
        spec = parsed(file, must_be_mapping=False)
        log("Skipping verification for Kubernetes/KubeRay cloud resource creation by default.")
        try:
            add(name, spec)
        except ClickException as error:
            raise ClickException(f"Failed to add cloud resource: {error.message}") from None
        world.after()
        log(f"Successfully created cloud resource {spec.get('name')} in cloud {name}!")
    except ClickException as error:
        print(error)


@cli.add(
    "cloud resource delete",
    Option(("--cloud",), "name", required=True),
    Option(("--resource",), "removed", required=True),
    Option(("--yes", "-y"), "yes", flag=True),
)
def delete(name: str, removed: str, yes: bool) -> None:
    try:
        signed_in()
        rows = world.clouds().get(name)
        if rows is None:
            detail = f"Cloud with name {name} not found."
            raise ClickException(api("404 Not Found", "POST /api/v2/clouds/find_by_name", detail))
        names = [row["name"] for row in rows]
        if removed not in names:
            raise ClickException(f"No cloud resource named {removed!r} found in cloud {name}.")
        if removed == names[0]:  # the one that was registered first
            raise ClickException(
                f"Cloud resource {removed} is the primary resource for cloud {name} and cannot be removed "
                "individually. Use `anyscale cloud delete` to delete the cloud."
            )
        if not yes:
            confirm()
        if (refusal := world.refusal()) is not None:
            verb = "DELETE /api/v2/clouds/{cloud_id}/remove_resource"
            raise ClickException(f"Failed to remove cloud resource: {api('409 Conflict', verb, refusal)}")
        if world.how != "nothing":
            left = [row for row in rows if row["name"] != removed]
            world.change(lambda data: data["clouds"].update({name: left}))
        world.after()
    except ClickException as error:
        print(error)


def main() -> None:
    """The console script."""
    world.begin()
    world.before()
    cli.run(sys.argv[1:])
