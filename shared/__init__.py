"""Code shared by the services: contracts, kit and org, each importing only downwards."""
