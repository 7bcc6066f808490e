"""The policy itself: explained, rehearsed, published, and what a decision was made from."""
