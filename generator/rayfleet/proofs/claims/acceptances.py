"""The claims about accepted.yaml."""

from __future__ import annotations

from rayfleet.proofs.claims.claim import Claim

CLAIMS = (
    Claim("accepted/past",
          "An acceptance is past its day: what it was about counts again.",
          "Mend what it is about, or accept it until a later day.",
          severity="warned"),
    Claim("accepted/twice",
          "An acceptance fits only findings that another row accepts: its reason is shown nowhere.",
          "Keep one of the two, or name another subject in one of them.",
          severity="warned"),
    Claim("accepted/unused",
          "An acceptance fits no finding: what it was about is mended, waits for bindings, or is about somebody else.",
          "Correct its subject, or take it out if what it was about is mended.",
          severity="warned"),
)  # fmt: skip
