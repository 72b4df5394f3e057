"""Compact features of a specimen: found, followed through a tilt series, and fitted; changes no image."""
