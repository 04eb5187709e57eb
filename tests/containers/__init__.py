"""The images and manifests on a real Docker: `make containers`. No other test needs Docker."""
