"""A headless browser for the suites that drive a page."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.vendor_types import NoVendorTypesError, VendorTypes, vendor_types
from tests.e2e.workspace_stage import context, shown

__all__ = ["browser", "context", "shown", "vendor"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as Debian's `chromium` package brings it; a suite skips where there is none.

    For one module only: while the driver runs, its thread can run no event loop of its own.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on PATH (Debian's package is chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> VendorTypes:
    """What others publish about Slack's shapes and about pages, where npm can fetch it."""
    try:
        return vendor_types(tmp_path_factory.mktemp("vendor"))
    except NoVendorTypesError as reason:
        pytest.skip(f"not held to what the vendor publishes: {reason}")
