"""A shipment as CommerceOS shows it: a resource, or what the seed's mapped type makes of one."""

from collections.abc import Sequence
from typing import Any

from streams.platforms.commerceos.options import KEY, first_id
from streams.platforms.commerceos.words import words
from streams.platforms.fields import Object, child, identifier


def shipment_facts(id: str, shipment: Object) -> dict[str, Any]:
    """One shipment of an order. No carrier yet is null there: null takes nothing away, so tracking only ever comes."""
    facts: dict[str, Any] = {"id": id}
    if said := words(shipment.get("status")):
        facts["status"] = ", ".join(said)
    for key in ("trackingUrl", "carriersTrackingUrl"):
        if isinstance(url := shipment.get(key), str) and url.strip():
            facts["tracking_url"] = url
    carrier = child(shipment, "carrier")
    if name := identifier(carrier.get("name")) or first_id(child(carrier, "identifiers")):
        facts["carrier"] = name
    return facts


def shipments_of(shipments: Sequence[Object]) -> list[dict[str, Any]]:
    """The shipments that a whole order shows; one without a key cannot be told from another."""
    found = ((identifier(child(one, "identifiers").get(KEY)), one) for one in shipments)
    return [shipment_facts(id, one) for id, one in found if id is not None]
