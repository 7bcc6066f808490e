"""The command line: one file for each command, words for people, and exit codes scripts can rely on.

0 fine, 1 failed, 2 wrong usage or input. With `--json` a command prints what a script would read.
"""
