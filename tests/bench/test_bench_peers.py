"""The peers run our functions in an environment of their own: it must have what these import."""

import subprocess
import sys
from importlib.metadata import packages_distributions

from tests.bench.peers import OURS

# Quix Streams brings them itself; the last is us.
THEIRS = {"annotated-types", "confluent-kafka", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection"}
HERE = {*OURS, *THEIRS, "orderlog"}
# As if the libraries that are named in the arguments were not installed.
CODE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import tests.bench.functions
"""


def test_the_peers_environment_has_what_our_functions_import() -> None:
    """A library that a decoder has come to need would leave the comparison without its figure."""
    missing = [
        module
        for module, owners in packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & HERE
    ]
    done = subprocess.run([sys.executable, "-c", CODE, *missing], capture_output=True, text=True, check=False)
    assert "jmespath" not in missing
    assert done.returncode == 0, done.stderr
