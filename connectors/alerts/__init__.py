"""Tells people when something is wrong, over all workers once.

window     what ended lately, per target            levels    what waits, is dead, or is refused by a breaker
rules      both → readings                          alert     a reading → what is firing, and what is to be told
messages   in words                                 hook      one message out
follower   the records, as anybody may read them    watcher   all of it, at the owner of one partition
"""
