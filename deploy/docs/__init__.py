"""Documents generated from the code: docs/EVENTS.md and the payload schemas."""
