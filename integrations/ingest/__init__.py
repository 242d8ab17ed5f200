"""Files in, findings and resources out: reading, telling apart, and handing to each tenant."""
