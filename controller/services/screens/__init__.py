"""What people see: the live feed, its words, what displays are told, and how the service is."""
