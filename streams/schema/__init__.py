"""Documents for machines, made from the vocabulary and the topic table: nothing in them is written twice."""

from streams.schema.asyncapi import asyncapi_document
from streams.schema.models import json_schemas

__all__ = ["asyncapi_document", "json_schemas"]
