"""What a person sees of a run: calm lines, a progress bar, a table, and where to look next."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams.demo.check import Finding
from streams.demo.cluster import ROLES, Cluster
from streams.demo.options import Victim
from streams.demo.send import Progress as Moved
from streams.demo.summary import Fulfilled, Summary

FINDINGS_MAX = 20

# Short enough for a terminal of 80 columns.
ROWS: tuple[tuple[str, str], ...] = (
    ("accepted", "answered 200: durable in Kafka"),
    ("rejected", "unsigned, forged, told what is wrong"),
    ("quarantined", "no order, or an item of it bad: set aside"),
    ("events", "facts, of deliveries too"),
    ("duplicates_suppressed", "facts that came again"),
    ("orders", "states of orders"),
    ("commands", "what targets were to do, or to give"),
    ("delivered", "done, or given"),
    ("repeats_at_target", "asked again, and not done again"),
    ("dead_lettered", "given up"),
    ("lost", "by what Kafka and the target have"),
    ("doubled", "by what Kafka and the target have"),
)


class Show:
    """Everything goes to `console`: stderr where stdout is for JSON."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def step(self, text: str) -> None:
        """One thing that is done."""
        self.console.print(f"[green]✓[/green] {escape(text)}", highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """One thing that happens on the way."""
        self.console.print(f"[yellow]![/yellow] {escape(text)}", highlight=False, soft_wrap=True)

    def trouble(self, text: str) -> None:
        """One thing that is wrong."""
        self.console.print(f"[red]✗[/red] {escape(text)}", highlight=False, soft_wrap=True)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A spinner, on a terminal."""
        with self.console.status(escape(text)):
            yield

    @contextmanager
    def counting(self, text: str) -> Iterator[Moved]:
        """A spinner with a number that goes down to nothing, on a terminal."""
        with self.console.status(escape(text)) as status:
            yield lambda left: status.update(f"{escape(text)}: {left:,} to go")

    @contextmanager
    def bar(self, text: str, total: int) -> Iterator[Moved]:
        """A progress bar, on a terminal; gives the function to move it."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(escape(text), total=total)
            yield lambda done: progress.update(task, completed=done)

    def findings(self, findings: Sequence[Finding]) -> None:
        """What was lost or doubled, the first of it."""
        for finding in findings[:FINDINGS_MAX]:
            self.trouble(f"{finding.verdict}: {finding.subject}: {finding.detail}")
        if len(findings) > FINDINGS_MAX:
            self.trouble(f"and {len(findings) - FINDINGS_MAX} more")

    def summary(self, summary: Summary) -> None:
        """The table."""
        table = Table(show_header=False, pad_edge=False, box=SIMPLE)
        table.add_column(style="bold")
        table.add_column(justify="right")
        table.add_column(style="dim")
        for name, meaning in ROWS:
            value = getattr(summary, name)
            colour = ("red" if value else "green") if name in ("lost", "doubled") else "default"
            table.add_row(name.replace("_", " "), f"[{colour}]{value:,}[/{colour}]", meaning)
        for name, milliseconds in (("p50", summary.latency_ms_p50), ("p99", summary.latency_ms_p99)):
            text = "–" if milliseconds is None else f"{milliseconds:,.0f} ms"
            table.add_row(f"accepted → delivered, {name}", text, "of new orders, kills included")
        for name, figure, meaning in _fulfilled(summary.fulfilled):
            table.add_row(f"CommerceOS: {name}", f"{figure:,}", meaning)
        self.console.print(_shares(summary))
        self.console.print(table)

    def next_steps(self, cluster: Cluster, *, running: bool, borrowed: bool) -> None:
        """Where to look now: URLs and commands, each of which works."""
        self.console.print("\n[bold]Where to look next[/bold]", highlight=False)
        rows = _running(cluster) if running else _ended(borrowed)
        width = max(len(what) for what, _ in rows)
        for what, where in rows:
            self.console.print(f"  {what:<{width}}  [cyan]{escape(where)}[/cyan]", highlight=False, soft_wrap=True)


def _shares(summary: Summary) -> Table:
    """A line for each source."""
    table = Table(pad_edge=False, box=SIMPLE, header_style="dim")
    table.add_column("source", style="bold")
    for name in ("accepted", "rejected", "quarantined", "fetched", "orders"):
        table.add_column(name, justify="right")
    for share in summary.shares:
        figures = (share.accepted, share.rejected, share.quarantined, share.fetched, share.orders)
        table.add_row(share.source, *(f"{figure:,}" if figure else "·" for figure in figures))
    return table


def _fulfilled(figures: Fulfilled | None) -> list[tuple[str, int, str]]:
    """What became of the store's orders there."""
    if figures is None:
        return []
    state = f"{figures.approved:,} approved, {figures.cancelled:,} cancelled"
    return [
        ("orders", figures.orders, state),
        ("payments", figures.payments, "each transaction once"),
        ("shipments", figures.shipments, f"{figures.released:,} released"),
        ("busiest second", figures.busiest_second, "requests; its limit is 100"),
    ]


def _running(cluster: Cluster) -> list[tuple[str, str]]:
    url, orderlog = cluster.setting.url, f"orderlog --config {cluster.config}"
    return [
        ("webhooks go in at", f"{url('ingest')}/webhooks/<source>: {', '.join(cluster.setting.sources)}"),
        ("is ingest well", f"curl {url('ingest')}/ready"),
        ("figures of each role", ", ".join(f"{url(role)}/metrics" for role in ROLES)),
        ("what the target did", f"curl {url('sandbox')}/_sandbox/effects"),
        ("what CommerceOS has", f"curl {url('sandbox')}/_sandbox/commerceos/orders"),
        ("what was fetched", f"curl {url('sandbox')}/_sandbox/quickbutik/requests"),
        ("what was polled", f"curl {url('sandbox')}/_sandbox/apicbase/requests"),
        ("let the target fail", f"curl -X PUT {url('sandbox')}/_sandbox/faults -d '{{\"error_rate\": 0.5}}'"),
        ("the topics", f"{orderlog} topics --check"),
        ("the configuration", f"{orderlog} config"),
        ("the logs", f"{cluster.logs}"),
    ]


def _ended(borrowed: bool) -> list[tuple[str, str]]:
    victims = [victim for victim in Victim if not (borrowed and victim is Victim.BROKER)]
    return [
        ("the same, left running", "orderlog demo --keep"),
        ("kill something else", f"orderlog demo --kill {' --kill '.join(victims)}"),
        ("what travels through Kafka", "orderlog schema --asyncapi"),
        ("run it with your own settings", "orderlog up"),
    ]
