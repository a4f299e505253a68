"""A stand-in for CommerceOS' orders API with its rules enforced: seed 002, and where that is silent the vendor's own
field reference.

    PUT/GET /v1/trade-orders…, PATCH …/actions      GET/POST /v1/payment-orders…, GET /v1/payment-methods
    GET/POST /v1/shipment-orders…, PATCH …/actions  PUT/GET /v1/mapped-types…, /v1/sync-webhooks…
    POST /oauth2/token                              …  /_sandbox/commerceos/… for whoever watches it (loopback only)

api        who may ask, how often, and the record of what was asked
call       a request; routes: the paths, and what each does
path       a path with its operators; query: what they mean; views: what can be asked of each thing
create     the document of an order; actions, payments, shipments: what becomes of one
store      everything there is, on shelves; stock: products, and who holds how many
tokens     the credentials; window: the rate; rules: what can be set; journal: every request for a change
push       its sync webhooks; admin: what is set and seen from outside
"""
