"""The document of `POST /api/orders`, as a strict API checks it (seed 000, `transformOrder`)."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Text = Annotated[str, Field(min_length=1, max_length=1000)]
# A JSON number: strict, so that an amount in quotes is refused.
Number = int | float


class Item(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    sku: str | None = None
    quantity: Number
    price: Number


class ExternalOrder(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")

    external_order_id: Text
    customer_email: str | None = None
    total_amount: Number
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    items: list[Item]
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    created_at: str | None = None


class InvalidOrder(Exception):
    """`fields`: what is wrong, field by field."""

    def __init__(self, fields: list[dict[str, str]]) -> None:
        super().__init__("invalid order")
        self.fields = fields


def order_id_of(body: bytes) -> str:
    """The `external_order_id` of a document that the API takes. Raises `InvalidOrder`."""
    try:
        return ExternalOrder.model_validate(orjson.loads(body)).external_order_id
    except orjson.JSONDecodeError:
        raise InvalidOrder([{"field": "", "problem": "the body is not JSON"}]) from None
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidOrder(
            [{"field": ".".join(map(str, each["loc"])), "problem": each["msg"]} for each in problems[:50]]
        ) from None
