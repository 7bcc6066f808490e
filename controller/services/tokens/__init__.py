"""Tokens of programs: how a secret is spelt, made and revoked, and how the service knows it again without asking."""
