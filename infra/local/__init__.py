"""The demo's three tenants, produced in the sources' own formats."""
