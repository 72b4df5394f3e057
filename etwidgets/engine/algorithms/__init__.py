"""The algorithms, one module each, on blocks of slices; none knows how a slice is projected."""
