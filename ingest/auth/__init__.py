"""Who may send webhooks: one small module per family of schemes, each a pure function of what a request presents."""

from ingest.auth.build import verifier_of
from ingest.auth.presented import AuthError, Presented, Verifier

__all__ = ["AuthError", "Presented", "Verifier", "verifier_of"]
