"""What programs ask of Natoma: the live snapshot and health, and `/api/v1`, one file for each kind of thing.

`routes` says which address does what for which scope; from that one table come the router and the OpenAPI document.
"""
