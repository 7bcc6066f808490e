"""What may not be kept any longer goes: once a day, and in slices that hold nobody up."""
