from __future__ import annotations

import os

from hypothesis import settings

# A fixed set of examples in CI (which sets the variable CI); elsewhere each run draws new ones.
# Building an example runs the slow twin, so time limits would only add noise.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100, database=None)
settings.register_profile("dev", deadline=None, max_examples=100)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
