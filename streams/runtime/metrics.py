"""What the runtime counts, per input partition."""

from prometheus_client import Counter, Gauge, Histogram

PARTITION = ("topic", "partition")

RECORDS_IN = Counter("orderlog_records_in_total", "Records read and committed as processed.", PARTITION)
RECORDS_OUT = Counter("orderlog_records_out_total", "Records written, changelog included.", PARTITION)
QUARANTINED = Counter("orderlog_records_quarantined_total", "Records that could not be processed.", PARTITION)
TRANSACTIONS = Counter("orderlog_transactions_total", "Kafka transactions committed.", PARTITION)
BATCH_RECORDS = Histogram(
    "orderlog_batch_records",
    "Records read per transaction.",
    PARTITION,
    buckets=[1, 3, 10, 30, 100, 300, 1000, 3000, 10_000],
)
COMMIT_SECONDS = Histogram(
    "orderlog_commit_seconds",
    "From begin to committed.",
    PARTITION,
    buckets=[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20],
)
LAG = Gauge(
    "orderlog_lag_records",
    "Offsets between the committed one and the end of the partition: 1 at rest where a transaction's marker is last.",
    PARTITION,
)
STATE_RECORDS = Gauge("orderlog_state_records", "Records in the state table.", PARTITION)
RESTORED = Gauge("orderlog_restored_records", "Records read by the restore in hand, or by the last one.", PARTITION)
RESTORE_REMAINING = Gauge("orderlog_restore_remaining_offsets", "Offsets the restore still has to read.", PARTITION)
STALE_RECORDS = Counter(
    "orderlog_stale_records_total", "Records fetched again below the position, and dropped.", PARTITION
)


def forget(topic: str, partition: str) -> None:
    """Takes back what was said of a partition that is another worker's now: what it says counts, and sums count once.

    Counters stay, they are of work that was done here.
    """
    for gauge in (LAG, STATE_RECORDS, RESTORED, RESTORE_REMAINING):
        gauge.remove(topic, partition)
