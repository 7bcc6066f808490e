"""A day of a building as curves: what its air, its people and its sound did.

`lived` has the numbers and needs no library; `drawing` draws them, with matplotlib, the extra `natoma[plot]`.
"""
