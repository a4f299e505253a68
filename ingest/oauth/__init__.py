"""The token endpoint for senders that authenticate by OAuth2 client credentials (RFC 6749 section 4.4)."""
