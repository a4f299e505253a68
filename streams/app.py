"""`faust -A streams.app worker`: the streams role, started by Faust's own command instead of `orderlog streams`."""

import os

from streams import log
from streams.settings import load
from streams.worker import app_of

settings = load(None, os.environ)
log.configure(settings.log.format, settings.log.level, "streams")
app = app_of(settings, "streams")
