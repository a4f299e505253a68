"""Everything that travels through Kafka, as frozen pydantic models: JSON Schemas come from these. Pure: no I/O here."""

from streams.vocabulary.command import Command, CommandType, Outcome, OutcomeResult
from streams.vocabulary.deadletter import DeadLetter, HttpExchange
from streams.vocabulary.event import EventType, OrderEvent, Origin
from streams.vocabulary.facts import Address, Line, OrderFacts, Payment, Person, Shipment
from streams.vocabulary.order import Order, TargetState
from streams.vocabulary.status import OrderStatus, PaymentStatus
from streams.vocabulary.stock import Movement, Product, Stock

__all__ = [
    "Address",
    "Command",
    "CommandType",
    "DeadLetter",
    "EventType",
    "HttpExchange",
    "Line",
    "Movement",
    "Order",
    "OrderEvent",
    "OrderFacts",
    "OrderStatus",
    "Origin",
    "Outcome",
    "OutcomeResult",
    "Payment",
    "PaymentStatus",
    "Person",
    "Product",
    "Shipment",
    "Stock",
    "TargetState",
]
