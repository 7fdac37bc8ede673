"""The claims of the proof files: files."""

from __future__ import annotations

from rayfleet.proofs.claims.claim import Claim

CLAIMS = (
    Claim("files/base-unreadable",
          "A file of the base commit cannot be read, so that what became of all that it had was not judged.",
          "Name an older commit with --base in which it can be read, or look yourself at what changed."),
    Claim("files/not-built",
          "kustomize does not build a layer: Flux will not either, and nothing of the layer was judged as built.",
          "Mend what kustomize complains of, mostly a file of an overlay."),
    Claim("files/unreadable",
          "A rendered file cannot be read, so that what hangs on it was not judged.",
          "Render again, or undo the edit."),
)  # fmt: skip
