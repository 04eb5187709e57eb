"""The women's federation's service (妇联)."""
