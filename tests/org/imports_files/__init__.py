"""Hostile and awkward files, made at test time: no binaries in the repository."""
