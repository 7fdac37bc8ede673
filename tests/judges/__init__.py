"""The judges on trial, and what they say of what is rendered."""
