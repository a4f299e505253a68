"""`orderlog sandbox`: a stand-in for the downstream APIs, strict and, where asked, faulty. Real HTTP, no Kafka.

order     what the API takes, strictly
ledger    idempotency keys, effects, orders
faults    which request fails how: decided by a seed, the key and the number of the attempt
server    HTTP
cli       the command
"""
