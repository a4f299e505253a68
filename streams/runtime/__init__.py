"""Exactly-once Faust agents: what waits on a partition is one Kafka transaction (DESIGN section 1).

agent        what an agent is: a pure step over records and state, or a loop of its own
state        the committed state of one partition, and the overlay of one batch
compute      the pure part: records + state → outputs, changes, quarantined records
quarantine   what becomes of a record that cannot be processed
transaction  one transactional producer per input partition; the numbered order of a commit
changelog    restore of a state table
partition    the inbox and the loop of one input partition
assignment   fences, restores and ends partitions as the consumer group moves them
batches      Faust's consumer, made to carry a fetched list as one event
app          the Faust app of a role
"""
