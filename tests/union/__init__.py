"""Rules only the trade union has."""
