"""Fold order events into one state per order, and decide what that state demands of each target."""
