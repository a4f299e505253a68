"""The read side over HTTP, and operators' decisions: the role `projections`.

server       its parts put together, and its end; `cli` starts it
access       who calls: bearer tokens, and the names of operators
problems     every way to refuse a request, in one table
guard        around every handler: access, refusals as answers, metrics
broker       whether Kafka can be reached
workplace    blocking work in threads, bounded
deadletters  the routes about dead letters
"""
