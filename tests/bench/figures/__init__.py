"""One module per figure: `measure(stage)` gives its lines; `profile(stage)` runs our side once under cProfile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.figures import delivered, ingest, memory, pipeline, restore, trivial
from tests.bench.lines import Line
from tests.bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    measure: Callable[[Stage], Sequence[Line]]
    profile: Callable[[Stage], None] | None
    needs_peers: bool = False


FIGURES: Mapping[str, Figure] = {
    "ingest": Figure("durable webhooks/s of one ingest process", ingest.measure, ingest.profile),
    "trivial": Figure("the runtime with a trivial fold", trivial.measure, trivial.profile, needs_peers=True),
    "pipeline": Figure("raw → events → state", pipeline.measure, pipeline.profile, needs_peers=True),
    "delivered": Figure("accepted → delivered", delivered.measure, delivered.profile),
    "restore": Figure("restore of a state table", restore.measure, restore.profile),
    "memory": Figure("memory at 100,000 orders", memory.measure, None),
}
