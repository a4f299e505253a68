"""What a request looks like: the headers by which senders are known. Pure."""

from collections.abc import Mapping, Sequence

from ingest.verify.finding import Finding

# Header → the scheme that reads it, or how it can be read.
SHAPES: Mapping[str, str] = {
    "x-duda-signature": 'scheme = "duda-hmac"',
    "x-apic-webhook-signature": 'scheme = "apicbase-hmac"',
    "webhook-signature": 'scheme = "standard-webhooks"',
    "svix-signature": "Standard Webhooks under older names, which are not read: have the sender use webhook-…",
    "x-hub-signature-256": 'scheme = "hmac", header = "X-Hub-Signature-256", prefix = "sha256="',
    "x-hub-signature": 'scheme = "hmac", header = "X-Hub-Signature", algorithm = "sha1", prefix = "sha1="',
    "x-shopify-hmac-sha256": 'scheme = "hmac", header = "X-Shopify-Hmac-Sha256", encoding = "base64"',
    "x-wc-webhook-signature": 'scheme = "hmac", header = "X-WC-Webhook-Signature", encoding = "base64"',
    "stripe-signature": "a timestamp and a signature in one header, which no scheme reads",
    "x-orderlog-token": 'scheme = "token"',
}


def shape(scheme: str, expected: Sequence[str], headers: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Headers of schemes other than the one that is configured."""
    found = [
        Finding(f"the request has the header {name}: {how}", "is this the right source, and has it the right scheme?")
        for name, how in SHAPES.items()
        if name in headers and name not in expected and f'"{scheme}"' not in how
    ]
    credentials = headers.get("authorization", ("",))[0].partition(" ")[0].lower()
    if "authorization" not in expected and credentials in ("bearer", "basic"):
        how = '"bearer" or "oauth2"' if credentials == "bearer" else '"basic"'
        found.append(Finding(f"the request has Authorization: {credentials.title()} …: scheme = {how}"))
    return found
