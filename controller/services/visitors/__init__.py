"""Who comes without a membership: visitors of public events, and of partner spaces."""
