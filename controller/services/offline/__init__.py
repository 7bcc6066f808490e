"""What doors decide alone: the lists they are given, and what they tell of afterwards."""
