"""Proofs are proven: each break of a good rendered tree is seen, in its place, and good trees raise no alarm."""
