"""Sources that are asked for their orders: one poller per source, its position in Kafka."""
