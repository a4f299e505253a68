"""`orderlog sandbox`: stand-ins for the APIs around us, strict and, where asked, faulty. Real HTTP, no Kafka.

server     all of them behind one port; what each must offer
external   the external system of seed 000: `order` is what it takes, `ledger` what it remembers
commerceos CommerceOS' orders API with its rules, a package of its own
quickbutik Quickbutik's API: orders that a test puts in, and pings for what becomes of them
door       the way into each: faults, counts, the last requests
faults     which request fails how: decided by a seed, the key and the number of the attempt
cli        the command
"""
