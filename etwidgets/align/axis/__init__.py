"""Where the tilt axis is in the images, by several methods; applies nothing."""
