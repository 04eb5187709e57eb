"""Rules only the youth league has."""
