"""A page to walk about in the simulated building: its own port, this machine alone, nothing of the controller's.

`floors` and `places` say what is drawn where, `life` how it is now, `acts` what a visitor does, `app` speaks HTTP.
"""
