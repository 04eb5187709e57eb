"""How the suite is run: servers, bus rights, the one command."""
