"""Sub commands of `quntuan`, one file each: `add` declares the arguments, `run` does it."""
