"""What staff ask for by command, beside a running house or without one."""
