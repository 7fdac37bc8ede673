"""The claims of the proof files: files."""

from __future__ import annotations

from rayfleet.proofs.claims.claim import Claim

CLAIMS = (
    Claim("files/base-unreadable",
          "A file of the base commit cannot be read, so that what became of all that it had was not judged.",
          "Name an older commit with --base in which it can be read, or look yourself at what changed."),
    Claim("files/no-clusters",
          "rendered/ has no cluster, so that nothing was judged.",
          "Render again, or name the folder that rayfleet rendered to."),
    Claim("files/not-built",
          "kustomize does not build a layer: Flux will not either, and nothing of the layer was judged as built.",
          "Mend what kustomize complains of, mostly a file of an overlay."),
    Claim("files/overlays-unjudged",
          "A layer has overlays or patches and was not built: what they change was not judged.",
          "Install kustomize, which builds layers, and do not ask for --layers files.",
          severity="unjudged"),
    Claim("files/remote-base",
          "A layer takes something from elsewhere: it was not built, so that no host is asked that an overlay names.",
          "Copy it into an overlay. Or run rayfleet check --remote-bases, where you trust who wrote the overlay.",
          severity="unjudged"),
    Claim("files/stale",
          "A rendered file is not what fleet.yaml gives: what was judged is not what the fleet says.",
          "Render, and commit it; what you edited by hand belongs into fleet.yaml or an overlay.",
          severity="warned"),
    Claim("files/stale-unjudged",
          "fleet.yaml gives nothing, so that nobody knows whether rendered/ is what it says.",
          "Mend what rayfleet validate finds.",
          severity="unjudged"),
    Claim("files/unreadable",
          "A rendered file cannot be read, so that what hangs on it was not judged.",
          "Render again, or undo the edit."),
)  # fmt: skip
