"""CommerceOS' orders, read in batches: the fallback for its sync webhooks, and what reconciliation reads with."""
