from __future__ import annotations

from collections.abc import Iterator

import pytest

from skrnn import _core


@pytest.fixture(scope="module", params=_core.available_isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the tests of a module on every instruction set of this host."""
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)
