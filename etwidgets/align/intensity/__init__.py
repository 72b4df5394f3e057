"""What beam and detector do to intensities: background, gain, hot pixels, factors; aligns nothing."""
