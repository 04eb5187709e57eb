"""The hub: links, lookups, pages."""
