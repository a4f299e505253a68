"""Commands out: one module per target; delivery, retry, rate, breaker, auth."""
