"""Signing in to Azure: asked for once by all threads that want it, and what goes wrong with it is a Fault."""

from __future__ import annotations

import os
import re
from threading import Lock
from typing import TYPE_CHECKING, Any

from rayfleet.azure.faults import SIGN_IN_LATER, Fault
from rayfleet.redact import HIDDEN, replace_texts, secret_forms

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

# What azure-identity reads from the environment and nobody may see (1.27.0, EnvironmentVariables).
_SECRETS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD")
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*")  # a JSON object in base64, as tokens begin (RFC 7519)
_LONGEST = 300  # characters of a reason
# Entra's own code and sentence; what follows names the request (Entra docs, reference-error-codes).
_ENTRA = re.compile(r"AADSTS\d+.*?(?=\s*Trace ID:|[\r\n]|$)")
# What DefaultAzureCredential says of each credential that it tries, after its first line.
_TRIED = re.compile(r"^\t(\w+): (.+)$", re.MULTILINE)
_NOT_SET_UP = "authentication unavailable"
# The words of azure-identity for an az that takes more than its 10 seconds, those of urllib3 and of sockets for a
# network that is down, and Entra's codes for what passes.
_PASSES = re.compile(
    r"Failed to invoke the Azure CLI|Failed to (?:establish|resolve)|Max retries exceeded|name resolution|"
    r"Name or service not known|getaddrinfo|Connection (?:aborted|refused|reset)|timed out|"
    r"AADSTS(?:90006|90012|90024|90033)\b",
    re.IGNORECASE,
)
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"  # which urllib3 calls "Max retries exceeded" as well


class SignIn:
    """A credential that threads share: those who come while it is asked get that answer. Raises Fault."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._lock = Lock()
        self._answers = 0
        self._last: AccessToken | Fault | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token, as the SDK wants it. One for the claims of a challenge is nobody else's."""
        before = self._answers
        with self._lock:
            found = None if self._answers == before or options.get("claims") else self._last
            if found is None:
                found = self._request_token(*scopes, **options)
                if not options.get("claims"):
                    self._answers, self._last = self._answers + 1, found
        if isinstance(found, Fault):
            raise found
        return found

    def _request_token(self, *scopes: str, **options: Any) -> AccessToken | Fault:
        from azure.core.exceptions import AzureError

        try:
            return self._credential.get_token(*scopes, **options)
        except (AzureError, OSError, ValueError) as error:
            return _fault_of(error)


def default_credential() -> TokenCredential:
    """Whatever the environment, or az, signs in with. Raises Fault where the environment is wrong."""
    from azure.identity import DefaultAzureCredential

    try:
        return DefaultAzureCredential()
    except (ImportError, OSError, ValueError) as error:
        names = sorted(name for name in os.environ if name.startswith("AZURE_"))
        what = f"the environment ({', '.join(names)}) does not do to sign in with" if names else "azure-identity fails"
        raise Fault("NotSignedIn", f"{what}: {reason(str(error))}") from None


def _fault_of(error: Exception) -> Fault:
    why = reason(str(getattr(error, "message", "") or error))
    if _PASSES.search(why) and _UNTRUSTED not in why:
        return Fault(SIGN_IN_LATER, f"nobody could be signed in to Azure this time: {why}")
    return Fault("NotSignedIn", f"no sign-in to Azure works: {why}")


def reason(message: str) -> str:
    """The reason why a sign-in failed, from all that azure-identity says: on one line, without a token or a secret."""
    tried = [(name, line) for name, line in _TRIED.findall(message) if _NOT_SET_UP not in line]
    # Of those that are set up the environment's is meant, and then az: each machine has some of the others.
    meant = ("EnvironmentCredential", "WorkloadIdentityCredential", "AzureCliCredential")
    first = [line for name in meant for other, line in tried if other == name] or [line for _, line in tried]
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    found = _ENTRA.search(message)
    said = found[0] if found else next(iter([*first, *lines]), "nothing says why")
    said = replace_texts(said, secret_forms(os.environ.get(name) for name in _SECRETS))
    return _TOKEN.sub(HIDDEN, said)[:_LONGEST].rstrip(". ")
