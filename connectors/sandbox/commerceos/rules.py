"""What can be set from outside while it runs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Rules(BaseModel):
    """The defaults are the guide's. `checks_stock_on_create`: else stock is asked for only by a reservation and by
    `tryApprove`. The last three are what the vendor's reference says and the guide does not, or the other way round."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_max: Annotated[int, Field(ge=1, le=100_000)] = 100
    window_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    checks_stock_on_create: bool = True
    takes_payments_after_cancel: bool = False
    takes_payments_of_several_sellers: bool = True
    takes_more_than_the_balance: bool = True
