"""Values known only after deployment: what Azure and Anyscale answer, judged, and brought home into bindings.yaml."""
