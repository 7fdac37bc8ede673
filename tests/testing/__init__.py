"""What tests are made of: fleets, trees, processes and pages, ready to use. Nothing here is a test."""
