"""A day of a whole building with two hundred people in it, and somebody outside of the product who knows what happened.

`people` are who they are, `field` is the doors, sensors and the booth's light, `plan` what everybody means to do,
`life` lives through it, `ledger` is what was done and seen, `oracle` holds the log of the house to it.
"""
