"""The people of the house: imported, exported, and checked before they are written down."""
