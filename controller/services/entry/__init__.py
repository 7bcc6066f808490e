"""One read, answered: what was shown, whose it is, what it opens, what it uses, and where everybody is."""
