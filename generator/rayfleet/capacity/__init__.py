"""The node pools of a tree in figures: demand, quota, and where work falls back to."""
