"""The youth league's service (共青团)."""
