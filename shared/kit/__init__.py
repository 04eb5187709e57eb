"""Tools without one domain word."""
