"""The registration methods, and what they share: pairs of images, chains, masses; chooses no method."""
