"""Conformance of organisations: written once, run for every one found in services/."""
