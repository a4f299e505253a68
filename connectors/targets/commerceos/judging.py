"""What an answer of CommerceOS means (seed 002, error recovery matrix). Pure, never raises.

2xx       delivered: 200 and 201 alike; not where a PUT's answer is something else than a record
409       of create, update and approve: out of stock, for good. Since an answer may have been lost, it is asked first
          whether the order is there, or approved, and what its products are called. Of a payment: its id is another
          one's
400, 404  a person has to mend it, unless what was asked for turns out to be so already: the answer to the first
          request may have been lost. So after a refused action the order is looked at; also where a `try` was
          answered with 200 and the order as it was before
others    connectors.verdict
"""

from collections.abc import Mapping
from typing import Any

from connectors.exchange import Answer, Request
from connectors.targets.commerceos import documents, lapsed, requests, told
from connectors.targets.commerceos.names import Names
from connectors.targets.commerceos.requests import LOOKS, Purpose
from connectors.targets.commerceos.statuses import CANCELLED, UNAPPROVED, UNRELEASED
from connectors.verdict import Ruling, Verdict, classify
from streams.vocabulary import Command, CommandType

STOCKED = frozenset({CommandType.CREATE_ORDER, CommandType.UPDATE_ORDER, CommandType.APPROVE_ORDER})
# Refused for what the order is by now, not for what was sent.
WRONG_TIME = frozenset({400, 409, 422})
NOT_FOUND = 404
APPROVED = frozenset({"Committed", "Fulfilled"})
DELIVERED = Ruling(Verdict.DELIVERED)
# What a POST makes, nobody finds until it is made: one without an answer may still be under way there.
POST_SETTLES_S = 30.0
PRODUCTS_SHOWN_MAX = 20


def judge(command: Command, request: Request, answer: Answer | None, names: Names) -> Ruling | Request:
    """A request is followed by at most one look, that by at most one renewal of the reservation, and a list of
    shipments by a release of each: it always ends."""
    if answer is None:
        return _again(request)
    if told.is_page(answer) and classify(answer.status, conflict=Verdict.REJECTED) is not Verdict.RETRY:
        why = f"HTTP {answer.status}, but a page, not CommerceOS' API"
        return Ruling(Verdict.RETRY, why, blames_target=True)
    if request.purpose is Purpose.FIND:
        return _found(command, answer, names)
    if request.purpose is Purpose.LIST:
        return _listed(answer)
    if request.purpose is Purpose.STOCK:
        return _stocked(command, request, answer, names)
    if request.purpose is Purpose.LOOK:
        return _looked(command, request, answer, names)
    if request.purpose is Purpose.RENEW:
        return _renewed(command, answer, names)
    return _changed(command, request, answer, names)


def _changed(command: Command, request: Request, answer: Answer, names: Names) -> Ruling | Request:
    verdict = classify(answer.status, conflict=Verdict.REJECTED)
    if verdict is Verdict.DELIVERED:
        if request.purpose is Purpose.PUT and told.is_no_record(answer):
            return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but no record", blames_target=True)
        if _is_without_effect(command, answer):
            why = f"HTTP {answer.status}, without effect"
            is_again = request.purpose is Purpose.AGAIN
            return Ruling(Verdict.REJECTED, why) if is_again else requests.look(command, request, why, names)
        return _after_release(request.memo[1:])
    if verdict is not Verdict.REJECTED:
        return _again(request)
    if answer.status == 409 and command.type in STOCKED and not _is_late(command):
        return _out_of_stock(command, answer, names)
    why = _unfound(answer, request.purpose is Purpose.ACT)
    if answer.status in WRONG_TIME and _can_be_looked_at(command, request):
        return requests.look(command, request, why, names)
    return _rejected(command, why, is_about_earlier=False)


def _unfound(answer: Answer, is_of_order: bool) -> str:
    return told.problem(answer) + (": there is no such order" if is_of_order and answer.status == NOT_FOUND else "")


def _again(request: Request) -> Ruling:
    return Ruling(Verdict.RETRY, after_s=POST_SETTLES_S if request.purpose is Purpose.POST else 0.0)


def _can_be_looked_at(command: Command, request: Request) -> bool:
    return request.purpose is Purpose.RELEASE or (request.purpose is Purpose.ACT and command.type in LOOKS)


def _after_release(keys: tuple[str, ...]) -> Ruling | Request:
    return requests.release(keys) if keys else DELIVERED


def _found(command: Command, answer: Answer, names: Names) -> Ruling | Request:
    """It is there: a request of before has made it. One of another amount was made by somebody else."""
    is_of_order = command.type is CommandType.CREATE_SHIPMENT and requests.is_of_order(command)
    if answer.status == NOT_FOUND and not is_of_order:
        return requests.make(command, names)
    verdict = classify(answer.status)
    if verdict is not Verdict.DELIVERED:
        return Ruling(verdict, _unfound(answer, is_of_order) if verdict is Verdict.REJECTED else None)
    if is_of_order:
        if (found := told.document(answer)) is None:
            return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but no JSON")
        return DELIVERED if _is_so(command, found) else requests.make(command, names)
    payment = command.data.get("payment")
    if isinstance(payment, Mapping) and told.differs(told.document(answer), str(payment.get("amount"))):
        return Ruling(Verdict.REJECTED, "there is a payment order with this identifier, of another amount")
    return DELIVERED


def _listed(answer: Answer) -> Ruling | Request:
    """The order's shipments, or the one shipment order of it."""
    verdict = classify(answer.status)
    if verdict is not Verdict.DELIVERED:
        return Ruling(verdict, told.problem(answer) if verdict is Verdict.REJECTED else None)
    if answer.is_cut:
        return Ruling(Verdict.REJECTED, "the list of shipments is longer than response_bytes_max")
    found = told.document(answer)
    shipments = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else None
    if shipments is None:
        return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but no list of shipments")
    if not shipments:
        return Ruling(Verdict.RETRY, "the order has no shipment to release")
    keys = [told.key(each) for each in shipments if UNRELEASED & told.statuses(each)]
    if not all(keys):
        return Ruling(Verdict.RETRY, "a shipment has no identifiers.key")
    return _after_release(tuple(key for key in keys if key))


def _looked(command: Command, request: Request, answer: Answer, names: Names) -> Ruling | Request:
    """After a refusal: is it as the command wanted it to be?"""
    why, *keys = request.memo
    verdict = classify(answer.status)
    if verdict is Verdict.RETRY:
        return Ruling(verdict)
    if verdict is Verdict.REJECTED:
        return _rejected(command, f"{why}; asked what became of it: {told.problem(answer)}", is_about_earlier=True)
    if (found := told.document(answer)) is None:
        return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but no JSON")
    if _is_so(command, found):
        return _after_release(tuple(keys[1:]))
    shown = ", ".join(sorted(told.statuses(found))) or "of no status"
    why += f"; the {'shipment' if keys else 'order'} is {shown}"
    if lapsed.is_lapsed(command, found) and not _is_late(command):
        renewal = lapsed.renewal(command, answer, names)
        if isinstance(renewal, Request):
            return renewal
        why += f"; {renewal}"
    return _rejected(command, why, is_about_earlier=True)


def _renewed(command: Command, answer: Answer, names: Names) -> Ruling | Request:
    """Without stock there is no approval; an address needs none, and what is to become of it a person says."""
    verdict = classify(answer.status, conflict=Verdict.REJECTED)
    if verdict is Verdict.DELIVERED:
        if told.is_no_record(answer):
            return Ruling(Verdict.RETRY, f"HTTP {answer.status}, but no record", blames_target=True)
        return requests.again(command, names)
    if verdict is not Verdict.REJECTED:
        return Ruling(verdict)
    if answer.status == 409 and command.type is CommandType.APPROVE_ORDER:
        return _short_now(command, answer)
    why = f"its reservation has lapsed, and it cannot be reserved anew: {told.problem(answer)}"
    return _rejected(command, why, is_about_earlier=False)


def _is_so(command: Command, found: Any) -> bool:
    statuses = told.statuses(found)
    match command.type:
        case CommandType.CREATE_ORDER:
            return bool(statuses - {CANCELLED})
        case CommandType.APPROVE_ORDER:
            return bool(statuses & APPROVED) and not statuses & UNAPPROVED
        case CommandType.CANCEL_ORDER:
            return statuses == {CANCELLED}
        case CommandType.CREATE_SHIPMENT:
            return bool(told.listed(found, "shipments")) and statuses != {CANCELLED}
        case CommandType.RELEASE_SHIPMENT:
            return bool(statuses) and not statuses & UNRELEASED and CANCELLED not in statuses
        case CommandType.CHANGE_DELIVERY_ADDRESS:
            return _has_address(found, "deliveryAddresses", command)
        case CommandType.CHANGE_INVOICE_ADDRESS:
            return _has_address(found, "invoiceAddresses", command)
    return False


def _has_address(found: Any, name: str, command: Command) -> bool:
    wanted = documents.address(command)
    return any(documents.is_same_address(each, wanted) for each in told.listed(found, name))


def _is_late(command: Command) -> bool:
    return command.data.get("after_approval") is True


def _rejected(command: Command, why: str, *, is_about_earlier: bool) -> Ruling:
    if _is_late(command):
        why += "; the order was approved before it changed: a person must change it in CommerceOS"
    payment = command.data.get("payment")
    if isinstance(payment, Mapping) and payment.get("after_cancel") is True:
        why += "; the order was cancelled before: a person must record the payment in CommerceOS"
    return Ruling(Verdict.REJECTED, why, is_about_earlier=is_about_earlier)


def _is_without_effect(command: Command, answer: Answer) -> bool:
    """A `try` may fail: the order that is shown says so."""
    statuses = told.statuses(told.document(answer))
    if command.type is CommandType.APPROVE_ORDER:
        return bool(statuses & UNAPPROVED) and not statuses & APPROVED
    return command.type is CommandType.CANCEL_ORDER and bool(statuses) and CANCELLED not in statuses


def _out_of_stock(command: Command, answer: Answer, names: Names) -> Ruling | Request:
    """What can only be done once may have been done, and its answer lost: that is asked first."""
    if command.type is CommandType.UPDATE_ORDER:
        return _short_now(command, answer)
    return requests.stock(command, told.problem(answer), told.text(answer), names)


def _short_now(command: Command, answer: Answer) -> Ruling:
    return Ruling(
        Verdict.REFUSED, _short_of(told.problem(answer), told.mentioned(told.text(answer), _ordered(command)))
    )


def _stocked(command: Command, request: Request, answer: Answer, names: Names) -> Ruling:
    """Refused for want of stock, whether its products are told or not; unless it was done before: refused, a good order
    would be cancelled."""
    verdict, found = classify(answer.status), told.document(answer)
    if verdict is Verdict.RETRY or (verdict is Verdict.DELIVERED and found is None and not answer.is_cut):
        return Ruling(Verdict.RETRY)
    if verdict is Verdict.DELIVERED and _is_so(command, found):
        return DELIVERED
    problem, text = request.memo
    if answer.status != 404 and not (verdict is Verdict.DELIVERED and told.statuses(found)):
        shown = "an answer beyond response_bytes_max" if answer.is_cut else told.problem(answer)
        return _rejected(command, f"{problem}; asked whether it was done before: {shown}", is_about_earlier=True)
    products = [told.at(each, "product") for each in told.listed(found, "items")]
    skus = _ordered(command) or told.identified(products, names.namespace("sku"))
    return Ruling(Verdict.REFUSED, _short_of(problem, told.mentioned(text, skus)), is_about_earlier=True)


def _ordered(command: Command) -> list[str]:
    """The products of an order that the command holds."""
    items = told.listed(command.data.get("order"), "items")
    return [sku for each in items if isinstance(each, Mapping) and isinstance(sku := each.get("sku"), str) and sku]


def _short_of(problem: str, skus: list[str]) -> str:
    return f"{problem}: out of stock{': ' + ', '.join(skus[:PRODUCTS_SHOWN_MAX]) if skus else ''}"
