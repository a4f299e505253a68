"""HTTP in: authenticate, key, write raw, answer. No business rule lives here."""
