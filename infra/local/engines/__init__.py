"""The real engines on this machine, without Docker: Gremlin Server, OpenSearch, an AWS hub."""
