"""The suite from one command, and the bus it runs on."""
