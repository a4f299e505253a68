"""Dead letters over HTTP: the same selection, listing, decisions and audit as `orderlog deadletters`.

routes  paths and handlers
given   query strings and bodies → what is asked. Pure
pages   a bound and a cursor. Pure
office  the work itself, blocking
"""
