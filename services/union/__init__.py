"""The trade union's service (工会)."""
