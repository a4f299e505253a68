# One image for every role: `docker run orderlog ingest`. Secrets and settings come at run time, never into a layer.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /app
WORKDIR /src
COPY requirements-runtime.lock ./
RUN /app/bin/pip install --no-deps --require-hashes --requirement requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY streams streams
COPY projections projections
COPY connectors connectors
RUN /app/bin/pip install --no-deps .

FROM python:3.11-slim AS run
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data orderlog \
    && install --directory --owner=orderlog --group=orderlog /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ORDERLOG__LOG__FORMAT=json \
    ORDERLOG__STREAMS__DATA_DIR=/data \
    ORDERLOG_HEALTH_URL=http://127.0.0.1:8080/health
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081 8082 8083
STOPSIGNAL SIGTERM
# Each role listens on its own port: name its URL by ORDERLOG_HEALTH_URL.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(os.environ['ORDERLOG_HEALTH_URL'], timeout=2)"]
ENTRYPOINT ["orderlog"]
CMD ["--help"]
