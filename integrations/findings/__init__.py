"""Security findings as OCSF events."""
