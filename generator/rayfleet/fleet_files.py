"""The files of a fleet on disk: where each stands, and what goes into rendering it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from rayfleet.diagnostics import Diagnostic, Invalid

#: The layers of a cluster, in the order in which Flux brings them up; an overlay has a folder for each it changes.
LAYERS = ("platform", "operators", "workloads")

#: The cloud resource of a cluster, below its folder.
CLOUD_RESOURCE = "anyscale/cloud_resource.yaml"

#: The fleet of whoever names none.
DEFAULT_FLEET = "fleet.yaml"
MAX_BYTES = 32 * 1024 * 1024  # 10,000 clusters take 7 MB


def compute_config_file(accelerator: str) -> str:
    """The path of an accelerator's compute config in ``rendered/``."""
    return f"anyscale/{accelerator}/compute_config.yaml"


def cloud_resource_file(cluster: str) -> str:
    """The cloud resource of a cluster, below rendered/."""
    return f"clusters/{cluster}/{CLOUD_RESOURCE}"


class FleetFiles(NamedTuple):
    """Everything stands beside fleet.yaml; only the output may stand elsewhere."""

    fleet: str
    output: str

    @property
    def folder(self) -> str:
        """The folder of fleet.yaml."""
        return os.path.dirname(self.fleet) or "."

    @property
    def bindings(self) -> str:
        return os.path.join(os.path.dirname(self.fleet), "bindings.yaml")

    @property
    def quota(self) -> str:
        return os.path.join(os.path.dirname(self.fleet), "quota.yaml")

    @property
    def accepted(self) -> str:
        return os.path.join(os.path.dirname(self.fleet), "accepted.yaml")

    @property
    def in_git(self) -> tuple[str, ...]:
        """All that a fleet keeps in Git."""
        files = (self.fleet, self.bindings, self.quota, self.accepted)
        return (*files, os.path.join(self.folder, "overlays"), self.output)


class Inputs(NamedTuple):
    """The files as they were read, byte for byte. ``overlay_folders`` are the Components that exist:
    ``<overlay>/<layer>``; ``overlay_links`` are the links in overlays that lead out of the repository: path and target.
    """

    fleet: bytes
    bindings: bytes | None
    overlay_folders: frozenset[str]
    overlay_links: tuple[tuple[str, str], ...] = ()

    def fingerprint_entries(self) -> list[tuple[str, bytes]]:
        """All of it, for a fingerprint; that bindings.yaml is missing counts as well."""
        missing = self.bindings is None
        return [
            ("fleet", self.fleet),
            ("bindings", b"" if self.bindings is None else self.bindings),
            ("bindings missing", str(missing).encode()),
            ("overlays", "\n".join(sorted(self.overlay_folders)).encode()),
            ("overlay links", repr(self.overlay_links).encode()),
        ]


def find_fleet() -> str:
    """The fleet of whoever names none: that of this folder, or of the next above it in the same Git repository."""
    folder = ""
    while not any(os.path.lexists(folder + name) for name in (DEFAULT_FLEET, "rendered")):
        if os.path.lexists(f"{folder}.git") or os.path.realpath(folder or ".") == os.path.realpath(f"{folder}.."):
            return DEFAULT_FLEET
        folder += "../"
    return folder + DEFAULT_FLEET


def locate(fleet: str, output: str | None) -> FleetFiles:
    """The files of a fleet; without an output it is ``rendered`` beside the fleet."""
    return FleetFiles(fleet, output or os.path.join(os.path.dirname(fleet), "rendered"))


def read(places: FleetFiles) -> Inputs:
    """Reads everything once. Raises Invalid when a file is there and cannot be read."""
    exists = os.path.lexists(places.bindings)
    return Inputs(
        fleet=read_bytes(places.fleet, "name an existing, readable file with -f"),
        bindings=read_bytes(places.bindings, "make it a readable file, or remove it") if exists else None,
        overlay_folders=_overlay_folders(f"{places.folder}/overlays"),
        overlay_links=tuple(_links_out(f"{places.folder}/overlays", _repository(places.folder))),
    )


def read_bytes(file: str, fix: str, *, piped: bool = False) -> bytes:
    """The file's content, at most one byte over MAX_BYTES. ``piped``: it may be a pipe, which is waited for. Raises
    Invalid when it cannot be read.
    """
    try:
        with open(file, "rb") if piped else open_regular(file) as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise Invalid([Diagnostic(file, 0, 0, "", reason, fix)]) from None


def open_regular(file: str) -> BinaryIO:
    """The file, open to be read. Raises OSError, also for a pipe, which nobody might ever write to."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), file)
    raise OSError(errno.EINVAL, "is no regular file", file)


def _overlay_folders(folder: str) -> frozenset[str]:
    found = set()
    for overlay in _folders(folder):
        for layer in LAYERS:
            if os.path.isfile(f"{folder}/{overlay}/{layer}/kustomization.yaml"):
                found.add(f"{overlay}/{layer}")
    return frozenset(found)


def _links_out(overlays: str, repository: str) -> Iterator[tuple[str, str]]:
    """The links whose target a clone of the repository does not have there: path below ``overlays``, and target."""
    paths = [overlays]
    for parent, folders, files in os.walk(overlays):
        paths += sorted(f"{parent}/{name}" for name in (*folders, *files))
    for path in filter(os.path.islink, paths):
        target = os.readlink(path)
        if os.path.isabs(target) or not f"{os.path.realpath(path)}/".startswith(f"{repository}/"):
            yield os.path.relpath(path, overlays), target


def _repository(folder: str) -> str:
    """The folder of the Git repository that a folder is in; the folder itself where it is in none."""
    own = above = os.path.realpath(folder)
    while not os.path.lexists(f"{above}/.git"):
        if above == os.path.dirname(above):
            return own
        above = os.path.dirname(above)
    return above


def _folders(folder: str) -> list[str]:
    try:
        # Names that a fleet can write; others may not even be text.
        return [entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name.isascii()]
    except OSError:
        return []
