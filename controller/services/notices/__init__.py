"""Messages to the people concerned: which, in whose words, and until they have arrived."""
