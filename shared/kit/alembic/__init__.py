"""Alembic environment shared by all branches."""
