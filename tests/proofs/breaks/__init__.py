"""Ways to break a tree, by subject."""
