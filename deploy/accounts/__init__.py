"""Accounts no page can make: the first of a server, and an administrator's way back in."""
