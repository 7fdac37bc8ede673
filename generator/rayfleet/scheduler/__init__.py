"""The scheduler: the pods that a runtime asks for, the nodes that pools give, and which pod fits which node."""
