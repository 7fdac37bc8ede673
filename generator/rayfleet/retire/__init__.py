"""Takes down what is no longer rendered: an ordered plan, and its execution step by step. Storage is never deleted."""
