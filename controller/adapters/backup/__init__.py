"""A house in a box: one moment of its databases, packed with what says that it is whole, and unpacked again."""
