"""What the hub and the organisations both have, built once of the kit and the contracts."""
