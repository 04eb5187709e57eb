"""The desk: front door of the module."""

from shared.org.home.module import home

__all__ = ["home"]
