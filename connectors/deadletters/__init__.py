"""Commands that were given up, and what operators decide about them: `orderlog deadletters`, and `projections.http`.

model       what is known of one: a dead letter, a decision about it. Pure
selection   which of them are meant. Pure
log         Kafka's topics, read from one end to the other, bounded
reading     records → the few fields that a listing needs
listing     which dead letters there are, and what became of each
scope       which targets are looked at, and what is still to be decided
decisions   a decision is a record in the target's own command topic: in order, and taken up exactly once
show        NDJSON for pipes, tables for people
actions     what the command does; `cli` what it can be told
"""

from connectors.deadletters.cli import command

__all__ = ["command"]
