"""Random SIGKILL of every process of the suite under a mixed load, and the verdict afterwards."""
