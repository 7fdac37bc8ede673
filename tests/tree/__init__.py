"""What is rendered is read back as it was meant."""
