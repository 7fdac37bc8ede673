"""Which pod fits which node: the pods that a runtime asks for, and the nodes that pools give."""
