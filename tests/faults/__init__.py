"""Losses and damages that must be noticed and repaired, over real PostgreSQL and NATS."""
