"""`make bench`: the figures of DESIGN section 9, side by side with the peers, in one run. Not collected by pytest.

marks        what each figure must reach
lines        the arithmetic: medians, ratios, verdicts
report       the table on the terminal and the JSON file
stage        what a figure is given: the broker, a folder, how large to be
processes    child processes, and what they cost
appended     rates by the broker's clock
topics       topics of one run, filled and emptied
webhooks     generated webhooks, as requests and as raw records
peers        the peers' own environment, installed on demand
profiled     runs a program under cProfile: for a figure that misses its mark
jobs/        programs that are measured, each run in a process of its own
figures/     one module per figure
"""
