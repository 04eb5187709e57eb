"""The suite in containers: images, the state folder that `quntuan setup` makes, the jobs that run once."""
