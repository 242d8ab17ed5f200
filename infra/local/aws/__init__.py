"""The emulated tenants' AWS: moto's state behind a door that authenticates and authorises.

What it promises, and every departure from AWS, is in `README.md` beside this file.
"""
