"""What takes minutes is run when it is asked for: `make deployed`, `make reliability`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "deployed" in str(config.option.markexpr):
        return
    for item in items:
        if item.get_closest_marker("deployed"):
            item.add_marker(pytest.mark.skip(reason="deploys the template: `make deployed`"))
