"""Payments of an order, once for each transaction id (seed 002, Phase 2), and payment orders, which stand alone."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.create import currency
from connectors.sandbox.commerceos.model import Identifiers, Order, Payment, PaymentOrder, Status
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import Refused, Why, invalid
from connectors.sandbox.commerceos.store import Store

FIELDS = ("transactionId", "timestamp", "method", "currency", "amount")
POSTED = ("identifiers", "amount", "currency", "method", "payer", "payee")
OPEN = (Status.NEW, Status.UNRESERVED, Status.RESERVED, Status.COMMITTED, Status.FULFILLED)


def create_payment(store: Store, order: Order, found: Any) -> bool:
    """Whether it is a new one. Raises `Refused`."""
    payment = _payment(store, order, found)
    known = store.payments.get(payment.transaction_id)
    if known is not None:
        _check_same(known, payment)
        return False
    _check_allowed(store, order, payment)
    store.payments[payment.transaction_id] = payment
    order.payments.append(payment)
    return True


def post_payment_order(store: Store, found: Document) -> tuple[PaymentOrder, bool]:
    """The record, and whether it is the first with its identifiers: `POST` makes another one each time.

    Raises `Refused`.
    """
    read.only(found, POSTED)
    read.required(found, POSTED)
    amount = _amount(found["amount"], "amount")
    made = PaymentOrder(
        store.payment_orders.new_key(),
        read.named(found["identifiers"], "identifiers"),
        store.now(),
        amount,
        currency(found["currency"], "currency"),
        _method(store, found["method"], "method"),
        read.identifiers(found["payer"], "payer"),
        read.identifiers(found["payee"], "payee"),
    )
    return made, store.payment_orders.add(made, made.identifiers.items())


def _payment(store: Store, order: Order, found: Any) -> Payment:
    path = "createPayment"
    if not isinstance(found, dict):
        raise invalid("InvalidField", "is no object", path)
    read.only(found, FIELDS, path)
    read.required(found, FIELDS, path)
    timestamp: datetime = read.moment(found["timestamp"], f"{path}.timestamp")
    return Payment(
        read.text(found["transactionId"], f"{path}.transactionId"),
        timestamp,
        _method(store, found["method"], f"{path}.method"),
        currency(found["currency"], f"{path}.currency"),
        _amount(found["amount"], f"{path}.amount"),
        order.key,
    )


def _check_same(known: Payment, payment: Payment) -> None:
    """The same transaction id is the same record; one that says something else is a conflict."""
    if known.order_key != payment.order_key:
        raise Refused(Why.CONFLICT, "TransactionOfAnotherOrder", "another order has a payment with this transactionId")
    if (known.amount, known.currency, known.method) != (payment.amount, payment.currency, payment.method):
        message = f"the payment with this transactionId is of {read.money(known.amount)}"
        raise Refused(Why.CONFLICT, "TransactionDiffers", message, "createPayment.transactionId")


def _check_allowed(store: Store, order: Order, payment: Payment) -> None:
    rules = store.rules
    if not rules.takes_payments_after_cancel and not order.is_all(*OPEN):
        raise Refused(Why.ORDER, "OrderNotPayable", f"the order is {', '.join(order.statuses)}")
    if payment.currency != order.currency:
        raise invalid("CurrencyMismatch", "the order has another currency", "createPayment.currency")
    if not rules.takes_payments_of_several_sellers and len(order.sellers) > 1:
        raise invalid("SeveralSellers", "the order has several sellers: create a payment order")
    if not rules.takes_more_than_the_balance and order.total is not None and payment.amount > order.total - order.paid:
        raise invalid("InvalidAmount", "more than what is left to pay", "createPayment.amount")


def _method(store: Store, found: Any, path: str) -> Identifiers:
    ids = read.identifiers(found, path)
    if ids.get("methodId") not in store.methods:
        raise invalid("PaymentMethodNotFound", "methodId is none of GET /v1/payment-methods", path)
    return ids


def _amount(found: Any, path: str) -> Decimal:
    amount = read.decimal(found, path)
    if not amount:
        raise invalid("InvalidAmount", "is zero", path)
    return amount
