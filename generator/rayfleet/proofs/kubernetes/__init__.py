"""Claims about objects of Kubernetes: pods and where they run, volumes, the Gateway."""
