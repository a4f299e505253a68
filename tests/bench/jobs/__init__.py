"""Programs that are measured, or that measure, each in a process of its own."""
